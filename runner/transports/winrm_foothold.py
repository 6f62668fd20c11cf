"""What one connection has on its host: a logon and a shell, made anew when they break, and given
back at the end, whatever happens.

One thread uses it; only ``end_now`` may come from another.
"""

from __future__ import annotations

import contextlib
import time
from typing import Final

from runner.errors import AuthenticationFailed, ConnectionLost, QuotaExceeded, TransportError
from runner.interfaces.access import Keeper
from runner.interfaces.backoff import full_jitter
from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_codepage import Run, active_encoding, oem_page
from runner.transports.winrm_config import read_quotas
from runner.transports.winrm_failure import LinkFailure
from runner.transports.winrm_faults import Remedy
from runner.transports.winrm_named import NamedLink, is_answer
from runner.transports.winrm_options import WinrmOptions
from runner.transports.winrm_shell import (
    FIRST_CODEPAGE,
    HostShell,
    ShellBook,
    open_shell,
)
from runner.transports.winrm_strays import list_shells, strays

CLEANUP_SECONDS: Final = 5.0
_CLEANUP_TRIES: Final = 2
_SPARE: Final = 3
"""Operations that are left to others of this user: an administrator who looks at the host."""
TRIES: Final = 3
"""How often a logon is tried that broke off and is safe to repeat."""
RETRY_PAUSE: float = 0.5
RETRY_MOST: Final = 4.0


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
                left = self._clear(deadline)
                self.renew_shell(deadline)
                if left:
                    self._delete_strays(self.shell(), deadline)
                return
            except LinkFailure as failure:
                self.link.close()
                if attempt == TRIES - 1 or deadline.passed or not may_be_repeated(failure):
                    self._try_to_leave()
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
            self._delete_all(Deadline(min(CLEANUP_SECONDS, max(0.0, deadline.remaining))))
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
            if shell is None or self._deserted:
                return False
            return not self._book.ids or self._clean_up(shell, command)
        finally:
            self.link.close()

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
        except LinkFailure:
            return False
        finally:
            link.close()
        return True

    def _clear(self, deadline: Deadline) -> bool:
        """Delete the shells that earlier runs left: they may be all that this user may have.

        Whether the host did not know one of them: it may have it under a name of its own.
        """
        gone: list[str] = []
        unknown = False
        for shell in self._keeper.left_over():
            if self.link.broken or deadline.passed:
                break
            try:
                limit = Deadline(min(CLEANUP_SECONDS, deadline.remaining))
                unknown = not self.link.delete(shell, limit) or unknown
                gone.append(shell)
            except LinkFailure as failure:
                if not is_answer(failure):
                    break
        self._keeper.gone(gone)
        return unknown

    def _delete_strays(self, shell: HostShell, deadline: Deadline) -> None:
        """Delete what the host opened for us without our learning of it."""
        if shell.takes_names:
            return
        with contextlib.suppress(LinkFailure):
            limit = Deadline(min(CLEANUP_SECONDS, deadline.remaining))
            listed = list_shells(self.link, limit)
            for stray in strays(listed, shell.id, self._book.ids):
                self.link.delete(stray, limit)

    def _try_to_leave(self) -> None:
        """After a start that failed: a shell may have been opened unseen."""
        if self._book.ids:
            with contextlib.suppress(LinkFailure):
                deadline = Deadline(CLEANUP_SECONDS)
                self.renew_link(deadline)
                self._delete_all(deadline)
            self.link.close()

    def _clean_up(self, shell: HostShell, command: str) -> bool:
        deadline = Deadline(CLEANUP_SECONDS)
        for _ in range(_CLEANUP_TRIES):
            with contextlib.suppress(LinkFailure):
                if self.link.broken:
                    self.renew_link(deadline)
                if command:
                    self.link.signal(shell.id, command, deadline)
                if self._book.has_doubts:
                    self._delete_strays(shell, deadline)
                if self.link.broken:
                    self.renew_link(deadline)
                self._delete_all(deadline)
                return True
            if not self.link.broken or deadline.passed:
                break
        return False

    def _delete_all(self, deadline: Deadline) -> None:
        for shell in self._book.ids:
            self._delete(self.link, shell, deadline)

    def _delete(self, link: NamedLink, shell: str, deadline: Deadline) -> None:
        if link.delete(shell, deadline) or self._book.is_sure(shell):
            self._book.strike(shell)


def may_be_repeated(failure: LinkFailure) -> bool:
    """Whether a logon that failed so may be tried again at once."""
    refused = isinstance(failure.error, AuthenticationFailed)
    return failure.remedy is Remedy.LOGON and not refused


def pause_before(attempt: int, deadline: Deadline) -> None:
    """Wait before the next try: many connections may have broken at the same moment."""
    pause = full_jitter(attempt, RETRY_PAUSE, RETRY_MOST)
    time.sleep(max(0.0, min(pause, deadline.remaining)))
