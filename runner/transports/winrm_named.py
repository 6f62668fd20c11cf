"""A link that says itself how a new shell or command is called.

Since WinRM 3.0 a client may choose both ids ([MS-WSMV] 2.2.4.7 and 2.2.4.36; PowerShell remoting
always does). Then a shell whose Create went unanswered can still be deleted, and a command whose
start is in doubt can be asked for. A host that calls it otherwise does not know this, which does
no harm: its own id counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import xmltodict
from winrm.exceptions import WSManFaultError

from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_failure import LinkFailure, Verb
from runner.transports.winrm_faults import NO_SUCH_SHELL
from runner.transports.winrm_link import CreatedShell, Link
from runner.transports.winrm_options import WinrmOptions

_ATTRIBUTES: Final = {"<rsp:Shell>": "ShellId", "<rsp:CommandLine>": "CommandId"}
_GET: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
_CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
_NOT_UNDERSTOOD: Final = frozenset({87, 2147942487, 2150858817, 2150858767})
"""Invalid parameter, schema error, bad header: an old host may say so of an attribute that it does
not know. What is answered so was not carried out."""


def new_name() -> str:
    """An id as Windows writes them."""
    return str(uuid.uuid4()).upper()


class NamedLink(Link):
    """See the module. A name that is empty leaves the choice to the host."""

    def __init__(self, options: WinrmOptions) -> None:
        super().__init__(options)
        self._name = ""
        self._send = self._protocol.send_message
        self._protocol.send_message = self._send_named  # type: ignore[method-assign]

    def create_named(self, codepage: int, name: str, deadline: Deadline) -> CreatedShell:
        """Open a shell of that name."""
        with self._naming(name):
            return self.create(codepage, deadline)

    def command_named(self, shell: str, line: str, name: str, deadline: Deadline) -> str:
        """Start a command line under that name; returns its id."""
        with self._naming(name):
            return self.command(shell, line, deadline)

    def delete_known(self, shell: str, deadline: Deadline) -> bool:
        """Close a shell; False when the host does not know it."""
        try:
            self._do(
                Verb.DELETE,
                deadline,
                lambda: self._protocol.close_shell(shell, close_session=False),
            )
        except LinkFailure as failure:
            if NO_SUCH_SHELL in codes_of(failure):
                return False
            raise
        return True

    def configuration(self, deadline: Deadline) -> bytes:
        """The answer to Get of ``winrm/config``; a host below 2012 says access denied to it."""
        return self._do(Verb.CONFIG, deadline, self._get_configuration)

    def _get_configuration(self) -> bytes:
        envelope: Any = self._protocol.build_wsman_header(action=_GET, resource_uri=_CONFIG)
        envelope["env:Body"] = {}
        return self._protocol.send_message(xmltodict.unparse({"env:Envelope": envelope}))

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        self._name = name
        try:
            yield
        finally:
            self._name = ""

    def _send_named(self, message: str) -> bytes:
        if self._name:
            for tag, attribute in _ATTRIBUTES.items():
                message = message.replace(tag, f'{tag[:-1]} {attribute}="{self._name}">', 1)
        return self._send(message)


def codes_of(failure: LinkFailure) -> frozenset[int]:
    """The codes of the fault with which the host answered; none when it did not."""
    cause = failure.__cause__
    if not isinstance(cause, WSManFaultError):
        return frozenset()
    both = (cause.wsman_fault_code, cause.wmierror_code)
    return frozenset(code for code in both if code is not None)


def not_understood(failure: LinkFailure) -> bool:
    """Whether the host refused the form of the request."""
    return bool(codes_of(failure) & _NOT_UNDERSTOOD)


def is_answer(failure: LinkFailure) -> bool:
    """Whether the host itself said no, so that nothing was carried out."""
    return isinstance(failure.__cause__, WSManFaultError)
