"""The shell on the host in which the commands of one connection run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runner.errors import DeadlineExceeded, ProtocolFailed
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.link import CreatedShell
from runner.transports.winrm.named import NamedLink, is_answer, new_name, not_understood
from runner.transports.winrm.options import WinrmOptions, encoding_of

UTF8: Final = 65001
FIRST_CODEPAGE: Final = 437
"""What WinRM 1.1 is given: it may return no output at all for code page 65001."""
OLD_QUOTA: Final = 12
NEW_QUOTA: Final = 1400
"""Commands in one shell, below the hosts' limits of 15 and 1500 operations: a shell of cmd gives
none back while it lives ([MS-WSMV] 3.1.4.12, product behaviour note)."""


@dataclass(slots=True)
class HostShell:
    """The shell on the host: its id, how its programs print, how many commands it may still run.

    ``takes_names``: the host calls shells and commands as it is asked to. ``is_makeshift``: it was
    opened in a code page that every host has, to ask for the host's own.
    """

    id: str
    encoding: str
    commands_left: int
    takes_names: bool
    commands_run: int = 0
    is_makeshift: bool = False


class ShellBook:
    """Which shells the host may hold for us. ``opened`` and ``closed`` are told of each."""

    def __init__(self, opened: Callable[[str], None], closed: Callable[[str], None]) -> None:
        self._opened = opened
        self._closed = closed
        self._sure: dict[str, bool] = {}

    def enter(self, shell: str, *, sure: bool = True) -> None:
        """The host holds it; not ``sure``: it is just asked to."""
        self._sure[shell] = sure
        self._opened(shell)

    def confirm(self, shell: str) -> None:
        """The host said that it holds it."""
        self._sure[shell] = True

    def strike(self, shell: str) -> None:
        """It is surely not there."""
        if self._sure.pop(shell, None) is not None:
            self._closed(shell)

    def is_sure(self, shell: str) -> bool:
        """Whether it was there for sure. Of another one a Create may still be on its way to the
        host: that it is not there now is no reason to strike it."""
        return self._sure.get(shell, False)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The names of those that the host may have opened without telling."""
        return tuple(name for name, sure in self._sure.items() if not sure)

    @property
    def ids(self) -> tuple[str, ...]:
        """All that may be there."""
        return tuple(self._sure)


def open_shell(
    link: NamedLink,
    options: WinrmOptions,
    deadline: Deadline,
    book: ShellBook,
    own: int | None = None,
) -> HostShell:
    """A shell that prints UTF-8; where that is refused, or does not work (WinRM 1.1), one to ask
    for the host's ``own`` code page, or, once that is known, one that prints in it."""
    codepage = options.codepage or own or UTF8
    is_makeshift = False
    try:
        created, takes_names = _create(link, codepage, deadline, book)
    except LinkFailure as failure:
        if codepage != UTF8 or options.codepage is not None or not not_understood(failure):
            raise
        codepage, is_makeshift = FIRST_CODEPAGE, True
        created, takes_names = _create(link, codepage, deadline, book)
    if created.first_generation and codepage == UTF8 and options.codepage is None:
        link.delete(created.id, deadline)
        book.strike(created.id)
        codepage, is_makeshift = FIRST_CODEPAGE, True
        created = _create_marked(link, codepage, deadline, book)
    quota = OLD_QUOTA if created.old_quota else NEW_QUOTA
    return HostShell(
        created.id, encoding_of(codepage), quota, takes_names, is_makeshift=is_makeshift
    )


def _create(
    link: NamedLink, codepage: int, deadline: Deadline, book: ShellBook
) -> tuple[CreatedShell, bool]:
    """A new shell, and whether it is called as we asked."""
    name = new_name()
    book.enter(name, sure=False)
    try:
        created = link.create_named(codepage, name, deadline)
    except LinkFailure as failure:
        if not _may_exist(failure):
            book.strike(name)
        if not not_understood(failure):
            raise
        return _create_marked(link, codepage, deadline, book), False
    if created.id.upper() == name:
        book.confirm(name)
        return created, True
    book.enter(created.id)
    book.strike(name)
    return created, False


def _create_marked(
    link: NamedLink, codepage: int, deadline: Deadline, book: ShellBook
) -> CreatedShell:
    """A new shell on a host that takes no names."""
    mark = new_name()
    book.enter(mark, sure=False)
    try:
        created = link.create_marked(codepage, mark, deadline)
    except LinkFailure as failure:
        if not _may_exist(failure):
            book.strike(mark)
        raise
    book.enter(created.id)
    book.strike(mark)
    return created


def _may_exist(failure: LinkFailure) -> bool:
    """Whether a Create that failed may have opened the shell all the same."""
    if is_answer(failure):
        return False
    return failure.answer_lost or isinstance(failure.error, DeadlineExceeded | ProtocolFailed)
