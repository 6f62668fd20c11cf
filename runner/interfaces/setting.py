"""Setting: in what surroundings a command runs, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Setting:
    """Around a command: variables of its environment, and as whom it runs.

    A Secret in ``environment`` is never shown. It is not in the host's list of processes either,
    except with ``cmd``, whose variables have no other way in than the command line.

    ``become`` names how to become ``user`` (``sudo``, ``su``, ``runas``; empty: not at all).
    ``flags`` take the place of the method's usual options, ``exe`` that of its program. Without
    ``user`` it is ``root``.
    """

    environment: Mapping[str, str | Secret] = field(default_factory=dict)
    become: str = ""
    user: str = ""
    password: Secret | None = None
    flags: str = ""
    exe: str = ""

    def __bool__(self) -> bool:
        return bool(self.environment or self.become)
