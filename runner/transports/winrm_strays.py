"""Shells that a host opened for us, and whose names we were never told: before WinRM 3.0 the host
chooses the name, and the answer to Create may be lost.

The host lists its shells: Server 2008 R2 does so for a user's own ones, with who opened each, from
where, how long ago, and how long it has been idle ([MS-WSMV] 3.1.4.8.2, notes <104> and <114>).
What belongs to the same account and address as the shell that we hold, is a command shell like it,
and has not been used since it was opened, is such a one; nothing runs in it that could be ended.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ProtocolFailed
from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_failure import LinkFailure
from runner.transports.winrm_named import NamedLink

_CMD: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
_DURATION: Final = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.IGNORECASE
)
_UNITS: Final = (86400, 3600, 60, 1)
_NEW_SECONDS: Final = 2
"""A shell that is younger may be just about to be used by whoever opened it."""
_ROUNDING: Final = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One shell as the host lists it. ``age`` and ``idle`` are whole seconds."""

    id: str
    resource: str
    owner: str
    client: str
    age: int
    idle: int

    @property
    def is_unused(self) -> bool:
        """Whether nothing was asked of it since it was opened."""
        return self.idle >= self.age - _ROUNDING


def list_shells(link: NamedLink, deadline: Deadline) -> list[Listed]:
    """The shells that this user may see. Raises LinkFailure."""
    answer = link.shells(deadline)
    try:
        return read(answer)
    except (ET.ParseError, ValueError) as error:
        unreadable = ProtocolFailed(f"the list of shells cannot be read: {error}")
        raise LinkFailure(unreadable) from error


def read(answer: bytes) -> list[Listed]:
    """What an answer to Enumerate lists. Raises ParseError, ValueError."""
    found = []
    for element in ET.fromstring(answer).iter():
        if element.tag.endswith("}Shell"):
            says = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in element}
            found.append(
                Listed(
                    says.get("ShellId", ""),
                    says.get("ResourceUri", ""),
                    says.get("Owner", ""),
                    says.get("ClientIP", ""),
                    _seconds(says.get("ShellRunTime", "")),
                    _seconds(says.get("ShellInactivity", "")),
                )
            )
    return found


def strays(shells: Sequence[Listed], ours: str, known: Collection[str]) -> list[str]:
    """The ids of those that were opened for us unseen; ``ours`` is the one that we work in,
    ``known`` are all that we know of. None when ours is not in the list."""
    own = next((shell for shell in shells if shell.id.upper() == ours.upper()), None)
    if own is None or not own.owner or not own.client:
        return []
    ids = {each.upper() for each in known}
    return [
        shell.id
        for shell in shells
        if shell.id.upper() not in ids
        and shell.resource == own.resource == _CMD
        and (shell.owner, shell.client) == (own.owner, own.client)
        and shell.is_unused
        and shell.age >= _NEW_SECONDS
    ]


def _seconds(duration: str) -> int:
    """An xs:duration without years and months. Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is no duration")
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))
