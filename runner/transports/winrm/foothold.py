"""What one connection has on its host: a logon and a shell, made anew when they break, and given
back at the end, whatever happens.

One thread uses it; only ``end_now`` may come from another.
"""

from __future__ import annotations

import contextlib
from typing import Final

from runner.errors import ConnectionLost, QuotaExceeded, TransportError
from runner.interfaces.access import Keeper
from runner.transports.winrm.again import TRIES, is_refusal, may_be_repeated, pause_before
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.codepage import Run, active_encoding, oem_page
from runner.transports.winrm.config import read_quotas
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.named import NamedLink, is_answer
from runner.transports.winrm.options import WinrmOptions
from runner.transports.winrm.shell import FIRST_CODEPAGE, HostShell, ShellBook, open_shell
from runner.transports.winrm.strays import delete_marked, delete_strays

CLEANUP_SECONDS: Final = 5.0
"""For one thing that is given back while work goes on."""
_LEAVING_SECONDS: Final = 10.0
"""For all of it at the end: nobody comes back in this run for what stays."""
_CLEANUP_TRIES: Final = 3
_SPARE: Final = 3
"""Operations that are left to others of this user: an administrator who looks at the host."""


class Foothold:
    """See the module. What opens, or makes anew, raises LinkFailure."""

    def __init__(self, options: WinrmOptions, keeper: Keeper) -> None:
        self._options = options
        self._keeper = keeper
        self.link = NamedLink(options, keeper.reached())
        self._shell: HostShell | None = None
        self._book = ShellBook(keeper.opened, keeper.closed)
        self._retired_exchanges = 0
        self._quota: int | None = None
        self._asked = False
        self._ended = False
        self._deserted = False
        self._own_codepage: int | None = None
        self._prints = ""

    @property
    def exchanges(self) -> int:
        """HTTP requests so far."""
        return self._retired_exchanges + self.link.exchanges

    def encoding_or(self, otherwise: str) -> str:
        """How programs print in the shell, if there is one."""
        return self._prints or (otherwise if self._shell is None else self._shell.encoding)

    @property
    def wants_shell(self) -> bool:
        """Whether the next command needs a new shell."""
        return self._shell is None or self._shell.commands_left <= 0

    def shell(self) -> HostShell:
        """The open shell."""
        if self._shell is None:
            raise LinkFailure(ConnectionLost(f"no shell on {self._options.endpoint}"))
        return self._shell

    def open(self, deadline: Deadline) -> None:
        """Log on, give back what earlier runs left here, and open a shell.

        What broke off on the way is tried again, where that is safe: never a refused logon.
        """
        for attempt in range(TRIES):
            try:
                if attempt:
                    self.renew_link(deadline)
                else:
                    self.link.logon(deadline)
                unknown = self._clear(deadline)
                self.renew_shell(deadline)
                if unknown:
                    self._clear_unseen(unknown, deadline)
                return
            except LinkFailure as failure:
                self.link.close()
                if attempt == TRIES - 1 or deadline.passed or not may_be_repeated(failure):
                    if self._book.ids and not is_refusal(failure):
                        self._clean_up(None, "")
                    self._leave()
                    raise
                pause_before(attempt, deadline)

    def renew_link(self, deadline: Deadline) -> None:
        """A new connection and logon, when it is our turn; the shell lives on."""
        self.link.close()
        self._retired_exchanges += self.link.exchanges
        self.link = NamedLink(self._options)
        try:
            self._keeper.admit(deadline.remaining)
        except TransportError as error:
            self.link.close()
            raise LinkFailure(error) from error
        self.link.logon(deadline)

    def renew_shell(self, deadline: Deadline) -> None:
        """A new shell; the old one, and any that may have been opened unseen, are deleted."""
        self._shell = None
        if self.link.broken:
            self.renew_link(deadline)
        with contextlib.suppress(LinkFailure):
            self._delete_all(_limited(deadline))
            self._delete_unseen(_limited(deadline))
        if self.link.broken:
            self.renew_link(deadline)
        shell = open_shell(self.link, self._options, deadline, self._book, self._own_codepage)
        if self._quota is not None:
            shell.commands_left = min(shell.commands_left, self._quota)
        self._shell = shell
        if self._ended:  # meanwhile: who ended it may have come before this shell was there
            self.link.delete(shell.id, Deadline(CLEANUP_SECONDS))
            self._book.strike(shell.id)
            raise LinkFailure(ConnectionLost(f"the run on {self._options.endpoint} was stopped"))

    def settle_codepage(self, run: Run, deadline: Deadline) -> None:
        """Before the first command: a host that cannot do 65001 gets a shell in its own code page.

        ``run`` runs a line of cmd in the shell.
        """
        if not self.shell().is_makeshift:
            return
        own = oem_page(run)
        self.shell().is_makeshift = False
        self._own_codepage = own or FIRST_CODEPAGE
        if self._own_codepage != FIRST_CODEPAGE:
            self.renew_shell(deadline)

    def learn_encoding(self, run: Run) -> None:
        """The first bytes came that are not ASCII: see whether the host prints as it was asked."""
        if self._prints or self._options.codepage is not None:
            return
        with contextlib.suppress(LinkFailure):
            self._prints = active_encoding(run) or ""
            return
        if self._shell is not None:
            self._shell.commands_left = 0  # the next command finds a shell in a known state

    def ask_quota(self, deadline: Deadline) -> None:
        """Before it could matter, once: what the host says that one shell may run.

        Not every host tells, nor everybody: then it is what its generation has.
        """
        if self._asked:
            return
        self._asked = True
        try:
            quotas = read_quotas(self.link, Deadline(min(CLEANUP_SECONDS, deadline.remaining)))
        except LinkFailure:
            if self.link.broken:
                self.renew_link(deadline)
            return
        found = quotas.get("MaxConcurrentOperationsPerUser")
        if found:
            self._quota = max(1, found - max(_SPARE, found // 15))
            shell = self.shell()
            shell.commands_left = min(shell.commands_left, self._quota - shell.commands_run)

    def learn(self, failure: LinkFailure) -> None:
        """The host refused a command for its quota: later shells are replaced before that."""
        ran = self.shell().commands_run - 1
        if isinstance(failure.error, QuotaExceeded) and ran > 0:
            self._quota = min(ran, self._quota or ran)

    def forget_shell(self) -> None:
        """Nobody is there to delete it; it stays on record."""
        self._shell = None
        self._deserted = True

    def give_back(self, command: str) -> bool:
        """End the command, delete the shell, close. Whether the host confirmed it."""
        shell, self._shell = self._shell, None
        try:
            if self._deserted or (shell is None and not self._book.ids):
                return False
            return not self._book.ids or self._clean_up(shell, command)
        finally:
            self._leave()

    def end_now(self, seconds: float) -> bool:
        """Delete the shell over a logon of its own, from any thread: what runs there ends."""
        self._ended = True
        deadline = Deadline(seconds)
        link = NamedLink(self._options)
        try:
            if self._book.ids:
                link.logon(deadline)
            for shell in self._book.ids:
                self._delete(link, shell, deadline)
            for shell in delete_marked(link, self._book.doubts, deadline):
                self._book.strike(shell)
        except LinkFailure:
            return False
        finally:
            link.close()
        return True

    def _leave(self) -> None:
        self.link.close()
        self._keeper.abandoned(self._book.ids)

    def _clear(self, deadline: Deadline) -> set[str]:
        """Delete the shells that earlier runs left: they may be all that this user may have.

        Which of them the host does not know: it may have them under names of its own.
        """
        gone: set[str] = set()
        unknown: set[str] = set()
        with contextlib.suppress(LinkFailure):
            for shell in self._keeper.left_over():
                try:
                    (gone if self.link.delete(shell, _limited(deadline)) else unknown).add(shell)
                except LinkFailure as failure:
                    if not is_answer(failure):
                        raise
            if unknown:
                gone |= delete_marked(self.link, unknown, _limited(deadline))
        self._keeper.gone([*gone])
        return unknown - gone

    def _clear_unseen(self, unknown: set[str], deadline: Deadline) -> None:
        """The same for what the host did not know, with a shell of our own to compare."""
        with contextlib.suppress(LinkFailure):
            if not self.shell().takes_names:
                delete_strays(self.link, self.shell(), self._book, unknown, _limited(deadline))
            self._keeper.gone([*unknown])
        if self.link.broken:
            self.renew_link(deadline)

    def _delete_unseen(self, deadline: Deadline) -> None:
        """Delete what the host opened for us without telling, where it says so if asked."""
        if self._book.doubts:
            for name in delete_marked(self.link, self._book.doubts, deadline):
                self._book.strike(name)

    def _clean_up(self, shell: HostShell | None, command: str) -> bool:
        """Give back what the host may hold for us, of which ``shell`` may be a part."""
        deadline = Deadline(_LEAVING_SECONDS)
        for _ in range(_CLEANUP_TRIES):
            try:
                if self.link.broken:
                    self.renew_link(deadline)
                if command and shell is not None:
                    self.link.signal(shell.id, command, deadline)
                if shell is None or shell.takes_names or not self._book.doubts:
                    self._delete_unseen(deadline)
                else:
                    delete_strays(self.link, shell, self._book, (), deadline)
                self._delete_all(deadline)
                return True
            except LinkFailure as failure:
                if not self.link.broken or deadline.passed or is_refusal(failure):
                    break
        return False

    def _delete_all(self, deadline: Deadline) -> None:
        for shell in self._book.ids:
            self._delete(self.link, shell, deadline)

    def _delete(self, link: NamedLink, shell: str, deadline: Deadline) -> None:
        if link.delete(shell, deadline) or self._book.is_sure(shell):
            self._book.strike(shell)


def _limited(deadline: Deadline) -> Deadline:
    """Time for giving something back, within that of what is done."""
    return Deadline(min(CLEANUP_SECONDS, max(0.0, deadline.remaining)))
