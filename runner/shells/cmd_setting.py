"""Variables of the environment for cmd.

``set "NAME=value"`` runs ahead of the line. cmd replaces ``%NAME%`` when it reads a line, before
anything in it has run: so a user's line that holds a percent sign is read by a second cmd, to
which the first hands it unchanged.

There is no other way in for a variable than the command line, which administrators of the host
can see in its list of processes: a secret too. What people are shown has a mask in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from runner.errors import ModuleError
from runner.model.secret import MASK, Secret
from runner.shells.cmd_quoting import check, cmd_escape

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.()\-]*")
_OURS: Final = frozenset({"errorlevel", "cmdcmdline", "cmdextversion"})
"""Names of cmd's own: a variable of that name hides what we read."""


def name_of(name: str) -> str:
    """The name itself, if a variable of Windows can have it. Raises ModuleError otherwise."""
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise ModuleError(
            f"not a name for an environment variable: {name!r}",
            hint="letters, digits and _ . ( ) -, and none of cmd's own names",
        )
    return name


def assignments(environment: Mapping[str, str | Secret], *, masked: bool = False) -> str:
    """The chain of ``set`` commands, with ``&`` at its end. An empty value removes the variable.

    Raises ModuleError for a name or value that cannot be said.
    """
    parts: list[str] = []
    for name, value in environment.items():
        secret = isinstance(value, Secret)
        text = value.reveal() if isinstance(value, Secret) else str(value)
        try:
            check(text, best_fit=False)
        except ModuleError as error:
            if not secret:
                raise
            raise ModuleError(
                f"the value of {name} holds a character that cannot be on a command line",
                hint=error.hint,
            ) from None
        shown = MASK if secret and masked else text
        parts.append("set " + cmd_escape(f'"{name_of(name)}={shown}"') + "&")
    return "".join(parts)


def second_cmd(line: str) -> str:
    """The line for a cmd of its own, so that the first one does not read it."""
    return "cmd /d /v:off /s /c " + cmd_escape(f'"{line}"')
