"""A service of a Unix host as ``service`` and ``systemd`` see it, and what a task wants of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

_GLOBS: Final = re.compile(r"[*?\[]")

STARTED: Final = "started"
STOPPED: Final = "stopped"

WantedState = Literal["reloaded", "restarted", "started", "stopped"]
Scope = Literal["system", "user", "global"]


@dataclass(frozen=True, slots=True)
class UnitState:
    """A service.

    ``state`` is ``started``, ``stopped`` or ``stopping``; empty where nobody was asked.
    ``enabled`` is systemd's own word (``enabled``, ``disabled``, ``static``...), empty while a mask
    hides it; other managers say ``enabled`` or ``disabled``. ``masked`` is empty, ``masked`` or
    ``masked-runtime``.

    ``restarted``, ``reloaded`` and ``daemon`` (systemd itself) are never read from a host: a plan
    that does one of these says that it will be known. ``manager`` is who answered, ``links`` the
    links in its runlevel folders, ``status`` what systemctl shows.
    """

    UNSEEN: ClassVar[Mapping[str, str]] = {"enabled": "masked"}

    present: bool = False
    state: str = ""
    enabled: str = ""
    masked: str = ""
    restarted: str | None = None
    reloaded: str | None = None
    daemon: str | None = None
    manager: str = field(default="", compare=False)
    links: tuple[str, ...] = field(default=(), compare=False)
    crashed: bool = field(default=False, compare=False)
    status: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def shown(self, name: str) -> str:
        """One property of ``status``; empty when it is not there."""
        return dict(self.status).get(name, "")


ACTIONS: Final = ("restarted", "reloaded", "daemon")
"""Fields that only a plan has."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a task wants of a service, whoever manages it."""

    name: str
    state: WantedState | None = None
    enabled: bool | None = None
    masked: bool | None = None
    force: bool = False
    daemon_reload: bool = False
    daemon_reexec: bool = False
    scope: Scope = "system"
    no_block: bool = False
    sleep: int | None = None
    pattern: str | None = None
    runlevel: str = "default"
    arguments: str = ""


def checked_name(name: str) -> str:
    """The name itself. Raises ValueError for what is no name of one service."""
    if _GLOBS.search(name):
        raise ValueError(f"'{name}' is a pattern; name one service")
    if name.startswith("-") or not name.strip() or any(c.isspace() for c in name):
        raise ValueError(f"'{name}' is no name of a service")
    return name
