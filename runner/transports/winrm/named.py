"""A link that says itself how a new shell or command is called.

Since WinRM 3.0 a client may choose both ids ([MS-WSMV] 2.2.4.7 and 2.2.4.36; PowerShell remoting
always does). Then a shell whose Create went unanswered can still be deleted, and a command whose
start is in doubt can be asked for. A host that calls it otherwise does not know this, which does
no harm: its own id counts, and ``winrm.strays`` finds a shell by its mark.
"""

from __future__ import annotations

from typing import Final

from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.envelopes import new_id
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.link import CreatedShell, Link, codes_of

__all__ = ["NamedLink", "codes_of", "is_answer", "new_name", "not_understood"]

_NOT_UNDERSTOOD: Final = frozenset({87, 2147942487, 2150858817, 2150858767})
"""Invalid parameter, schema error, bad header: an old host may say so of an attribute that it does
not know. What is answered so was not carried out."""


def new_name() -> str:
    """An id as Windows writes them."""
    return new_id().upper()


class NamedLink(Link):
    """See the module. A name that is empty leaves the choice to the host."""

    def create_named(self, codepage: int, name: str, deadline: Deadline) -> CreatedShell:
        """Open a shell of that name, or at least with that mark."""
        return self.create(codepage, deadline, name, name)

    def create_marked(self, codepage: int, mark: str, deadline: Deadline) -> CreatedShell:
        """Open a shell that the host calls as it likes."""
        return self.create(codepage, deadline, mark=mark)

    def command_named(self, shell: str, line: str, name: str, deadline: Deadline) -> str:
        """Start a command line under that name; returns its id."""
        return self.command(shell, line, deadline, name)


def not_understood(failure: LinkFailure) -> bool:
    """Whether the host refused the form of the request."""
    return bool(codes_of(failure) & _NOT_UNDERSTOOD)


def is_answer(failure: LinkFailure) -> bool:
    """Whether the host itself said no, so that nothing was carried out."""
    return hasattr(failure.__cause__, "wsman_fault_code")  # a WSManFaultError of pywinrm's
