"""Shells that a host opened for us, and whose names we were never told: before WinRM 3.0 the host
chooses the name, and the answer to Create may be lost.

The host lists its shells: Server 2008 R2 does so with who opened each, from where, how long ago,
how long it has been idle, and with which environment variables ([MS-WSMV] 3.1.4.8.2 and 3.1.4.2.1,
notes <104> and <114>; learn.microsoft.com, "Remote Shell Infrastructure Improvements"). Each of our
shells has a variable with a name of its own in it, so what was opened for us is known for sure.

Should a host keep the variables to itself, which it shows by listing our own shell without, then
what belongs to the same account and address, is a command shell, and has not been used since it was
opened, is taken for such a one; nothing runs in it that could be ended.
"""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.envelopes import MARK
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.named import NamedLink, is_answer
from runner.transports.winrm.shell import HostShell, ShellBook

_CMD: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
_DURATION: Final = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.IGNORECASE
)
_UNITS: Final = (86400, 3600, 60, 1)
_NEW_SECONDS: Final = 2
"""A shell without variables that is younger may be just about to be used by whoever opened it."""
_ROUNDING: Final = 1
_SPARE_SECONDS: Final = 2
"""For what is to be done after that."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One shell as the host lists it. ``age`` and ``idle`` are whole seconds, or -1 where it does
    not say; ``mark`` is the name that we gave it, or empty."""

    id: str
    resource: str
    owner: str
    client: str
    age: int
    idle: int
    mark: str = ""

    @property
    def is_unused(self) -> bool:
        """Whether nothing was asked of it since it was opened."""
        return self.idle >= self.age - _ROUNDING


def delete_marked(link: NamedLink, names: Collection[str], deadline: Deadline) -> set[str]:
    """Delete the shells of these names that the host lists under others; returns whose were there.

    Raises LinkFailure; a host that does not list its shells is none.
    """
    shells = _listed(link, deadline)
    return _delete_marked(link, shells, names, deadline)


def delete_strays(
    link: NamedLink, own: HostShell, book: ShellBook, more: Collection[str], deadline: Deadline
) -> None:
    """The same for all that ``book`` is in doubt of, and for ``more``, with the help of a shell of
    our own; what is found is struck. Raises LinkFailure."""
    shells = _listed(link, deadline)
    for name in _delete_marked(link, shells, {*book.doubts, *more}, deadline):
        book.strike(name)
    if any(shell.mark and shell.id.upper() == own.id.upper() for shell in shells):
        return
    if len(strays(shells, own.id, book.ids)) < len(strays(shells, own.id, book.ids, age=0)):
        time.sleep(max(0.0, min(_NEW_SECONDS, deadline.remaining - _SPARE_SECONDS)))
        shells = _listed(link, deadline)
    for stray in strays(shells, own.id, book.ids):
        link.delete(stray, deadline)


def read(answer: bytes) -> list[Listed]:
    """What an answer to Enumerate lists. Raises ParseError."""
    found = []
    for element in ET.fromstring(answer).iter():
        if element.tag.endswith("}Shell"):
            says = {_name(e): (e.text or "").strip() for e in element}
            found.append(
                Listed(
                    says.get("ShellId", ""),
                    says.get("ResourceUri", ""),
                    says.get("Owner", ""),
                    says.get("ClientIP", ""),
                    _seconds(says.get("ShellRunTime", "")),
                    _seconds(says.get("ShellInactivity", "")),
                    _mark(element),
                )
            )
    return found


def strays(
    shells: Sequence[Listed], ours: str, known: Collection[str], age: int | None = None
) -> list[str]:
    """The ids of those that seem to have been opened for us unseen, on a host that lists no
    variables; ``ours`` is the one that we work in, ``known`` are all that we know of, ``age`` is
    how old they have to be. None when ours is not in the list."""
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
        and shell.age >= (_NEW_SECONDS if age is None else age)
    ]


def _listed(link: NamedLink, deadline: Deadline) -> list[Listed]:
    """The shells that this user may see; none where the host does not say. Raises LinkFailure."""
    try:
        return read(link.shells(deadline))
    except ET.ParseError:
        return []
    except LinkFailure as failure:
        if is_answer(failure):
            return []
        raise


def _delete_marked(
    link: NamedLink, shells: Sequence[Listed], names: Collection[str], deadline: Deadline
) -> set[str]:
    found = [shell for shell in shells if shell.mark in names]
    for shell in found:
        link.delete(shell.id, deadline)
    return {shell.mark for shell in found}


def _mark(shell: ET.Element) -> str:
    """The value of our variable, or nothing."""
    for each in shell.iter():
        if _name(each) == "Variable" and each.get("Name") == MARK:
            return (each.text or "").strip()
    return ""


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _seconds(duration: str) -> int:
    """An xs:duration without years and months; -1 for what is none."""
    found = _DURATION.fullmatch(duration)
    if not duration or found is None:
        return -1
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))
