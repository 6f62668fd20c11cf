"""WinRM: Windows' own remote management, by pywinrm's Protocol (never its Session).

The parts: ``options`` (inventory variables), ``lean`` and ``wire`` (HTTP with
guards: our own, and pywinrm's on requests for Kerberos, CredSSP and proxies), ``envelopes``
and ``answers`` (messages), ``link`` (verbs on one logon), ``named`` (ids that we
choose), ``shell`` (the shell and its quota), ``foothold`` (both, made anew and given
back), ``again`` (as often as is safe), ``strays`` (shells that nobody told us of),
``command`` (one command, and what of it is safe to repeat), ``connection``,
``examine`` (``runner doctor``), ``errors``, ``http`` and ``faults`` (what
every failure means). pywinrm and requests are loaded where they are needed, not before.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from runner.errors import AuthenticationFailed, Unreachable
from runner.interfaces.access import Credential, GuardedTransport, Keeper
from runner.interfaces.examine import Examinable, Finding
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.connection import WinrmConnection
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.foothold import Foothold
from runner.transports.winrm.guards import LogonRefused
from runner.transports.winrm.options import WinrmOptions, read_options

_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "ntlm": ("negotiate", "ntlm"),
    "kerberos": ("negotiate", "kerberos"),
}
"""What a host offers (WWW-Authenticate) where a logon of this kind is possible."""
_KDC_REFUSALS: Final = frozenset({-1765328360, -1765328353})
"""KRB5KDC_ERR_PREAUTH_FAILED, KRB5KRB_AP_ERR_BAD_INTEGRITY (krb5.h): the password is wrong."""


class Transport(GuardedTransport, Examinable):
    """Reaches hosts over WS-Management, http with sealed messages or https."""

    name: ClassVar[str] = "winrm"
    default_shell: ClassVar[str] = "cmd"

    def options(self, host: str, variables: Mapping[str, Any]) -> WinrmOptions:
        """Read and check this host's variables; see ``winrm.options``."""
        return read_options(host, variables)

    def open(self, options: WinrmOptions, *, timeout: float, keeper: Keeper) -> WinrmConnection:
        """Log on and open the shell in which every command of this connection runs.

        What failed on the way is tried again where that is safe: never a refused logon.
        """
        foothold = Foothold(options, keeper)
        try:
            foothold.open(Deadline(timeout))
        except LinkFailure as failure:
            raise failure.error from failure
        except BaseException:
            foothold.give_back("")
            raise
        return WinrmConnection(options, foothold)

    def credential(self, options: WinrmOptions) -> Credential | None:
        """User and password; none with a ticket or a certificate."""
        if options.password is None or options.auth == "certificate":
            return None
        return Credential(f"winrm {options.auth}", options.user.casefold(), options.password)

    def is_refusal(self, options: WinrmOptions, error: AuthenticationFailed) -> bool:
        """Whether the host offers this kind of logon, and refused the password all the same."""
        failure = error.__cause__
        refused = failure.__cause__ if isinstance(failure, LinkFailure) else None
        if not isinstance(refused, LogonRefused):
            return False
        offers = str(getattr(refused, "offers", "")).lower()
        words = _SCHEMES.get(options.auth, (options.auth,))
        return any(w in offers for w in words) or getattr(refused, "code", 0) in _KDC_REFUSALS

    def reach(self, options: WinrmOptions, *, timeout: float) -> socket.socket | None:
        """Connect to the port. Behind a proxy that says nothing: passed."""
        if options.proxy is not None:
            return None
        if options.auth == "ntlm":
            # Loaded before the first logon, for whose verdict all other hosts wait.
            from runner.transports.winrm import ntlm  # noqa: F401
        try:
            return socket.create_connection((options.address, options.port), timeout)
        except (OSError, UnicodeError) as error:
            raise _not_there(options, error) from error

    def examine(self, options: WinrmOptions, *, timeout: float) -> Iterator[Finding]:
        """Look at each step of the way; see Examinable."""
        from runner.transports.winrm.examine import examine  # only doctor needs all that

        return examine(options, timeout)

    def endpoint(self, options: WinrmOptions) -> str:
        """Scheme, address and port."""
        return options.endpoint


def _not_there(options: WinrmOptions, error: OSError | UnicodeError) -> Unreachable:
    where = f"connecting to {options.endpoint}"
    if isinstance(error, socket.gaierror | UnicodeError):
        return Unreachable(
            f"{where}: its name is not known", hint="check ansible_host and the DNS suffix"
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{where}: no answer to the TCP connection",
            hint="the host is off, or a firewall or route is in the way",
        )
    return Unreachable(
        f"{where}: {(isinstance(error, OSError) and error.strerror) or error}",
        hint=f"nothing listens on port {options.port}: on the host run winrm quickconfig, check "
        "ansible_port (5985 http, 5986 https) and the firewall; it may also be booting",
    )
