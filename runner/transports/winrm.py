"""WinRM: Windows' own remote management, by pywinrm's Protocol (never its Session).

The parts: ``winrm_options`` (inventory variables), ``winrm_wire`` (HTTP with guards),
``winrm_link`` (verbs on one logon), ``winrm_shell`` (the shell and its quota),
``winrm_connection`` (commands, what is safe to repeat), ``winrm_errors``, ``winrm_http`` and
``winrm_faults`` (what every failure means).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from runner.errors import AuthenticationFailed
from runner.interfaces.transport import Transport as Base
from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_connection import WinrmConnection
from runner.transports.winrm_failure import LinkFailure
from runner.transports.winrm_faults import Remedy
from runner.transports.winrm_link import Link
from runner.transports.winrm_options import WinrmOptions, read_options
from runner.transports.winrm_shell import open_shell

_RETRY_PAUSE: Final = 0.5


class Transport(Base):
    """Reaches hosts over WS-Management, http with sealed messages or https."""

    name: ClassVar[str] = "winrm"
    default_shell: ClassVar[str] = "cmd"

    def options(self, host: str, variables: Mapping[str, Any]) -> WinrmOptions:
        """Read and check this host's variables; see ``winrm_options``."""
        return read_options(host, variables)

    def connect(self, options: WinrmOptions, *, timeout: float) -> WinrmConnection:
        """Log on and open the shell in which every command of this connection runs.

        What failed on the way is tried once more where that is safe: never a refused logon.
        """
        deadline = Deadline(timeout)
        exchanges = 0
        for last in (False, True):
            link = Link(options)
            try:
                link.logon(deadline)
                shell = open_shell(link, options, deadline)
            except LinkFailure as failure:
                link.close()
                exchanges += link.exchanges
                if last or deadline.passed or not _may_be_repeated(failure):
                    raise failure.error from failure
                time.sleep(min(_RETRY_PAUSE, max(0.0, deadline.remaining)))
            except BaseException:
                link.close()
                raise
            else:
                return WinrmConnection(options, link, shell, exchanges)
        raise AssertionError("the second try returns or raises")

    def endpoint(self, options: WinrmOptions) -> str:
        """Scheme, address and port."""
        return options.endpoint


def _may_be_repeated(failure: LinkFailure) -> bool:
    refused = isinstance(failure.error, AuthenticationFailed)
    return failure.remedy is Remedy.LOGON and not refused
