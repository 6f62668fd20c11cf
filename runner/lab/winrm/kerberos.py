"""Logging on with Kerberos: MIT's acceptor, by python-gssapi, with the keytab of the host.

Raw tokens and tokens inside SPNEGO. Source of the rules: RFC 4559 (the header), RFC 4121 (tokens
and channel bindings), [MS-WSMV] 2.2.9.1 (sealed messages). python-gssapi is imported only where a
front is given a keytab.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.lab.winrm.seal import Part

_KERBEROS: Final = (
    bytes.fromhex("06092a864886f712010202"),
    bytes.fromhex("06092a864882f712010202"),  # as Windows offers it first
)
_NTLM: Final = bytes.fromhex("060a2b06010401823702020a")
_CHANNEL_BOUND: Final = 2048
"""GSS_C_CHANNEL_BOUND_FLAG: the client sent a binding, and it was the right one."""
_DELEGATED: Final = 1
"""GSS_C_DELEG_FLAG."""


class TicketRefused(Exception):
    """A ticket that is not acceptable; ``token`` tells the client why, where there is one."""

    def __init__(self, why: str, token: bytes = b"") -> None:
        super().__init__(why)
        self.token = token


@dataclass(frozen=True)
class Realm:
    """The host's keytab, and where it remembers the tickets that it has seen."""

    keytab: Path
    replays: Path


def is_kerberos(token: bytes) -> bool:
    """Whether this first token is Kerberos', raw or as the first choice inside SPNEGO."""
    found = [at for oid in _KERBEROS if 0 <= (at := token.find(oid)) < 200]
    ntlm = token.find(_NTLM)
    return bool(found) and (ntlm < 0 or min(found) < ntlm)


class KerberosContext:
    """One acceptor. ``binding`` is checked when it was sent, and demanded when ``strict``."""

    def __init__(
        self, realm: Realm, binding: bytes, *, strict: bool, allowed: Callable[[str], bool]
    ) -> None:
        import gssapi

        self._gssapi = gssapi
        self._binding = binding
        self._strict = strict
        self._allowed = allowed
        self._context: Any = None
        self.complete = False
        self.delegated = False
        # Bytes: of text python-gssapi 1.12 makes copies that may be gone when they are read.
        store: dict[bytes | str, bytes | str] = {
            b"keytab": f"FILE:{realm.keytab}".encode(),
            b"rcache": f"file2:{realm.replays}".encode(),
        }
        self._credentials = gssapi.raw.acquire_cred_from(store, usage="accept").creds

    def step(self, token: bytes, channel_bindings: Any = None) -> bytes | None:
        """Take the client's next token; returns ours. Raises TicketRefused."""
        del channel_bindings  # given when this was made
        raw = self._gssapi.raw
        bindings = raw.ChannelBindings(application_data=self._binding) if self._binding else None
        try:
            answer = raw.accept_sec_context(
                token,
                acceptor_creds=self._credentials,
                context=self._context,
                channel_bindings=bindings,
            )
        except raw.GSSError as error:
            raise TicketRefused(str(error), getattr(error, "token", None) or b"") from error
        self._context = answer.context
        if not answer.more_steps:
            self._accept(str(raw.display_name(answer.initiator_name).name, "utf-8"), answer.flags)
        token_out: bytes | None = answer.token
        return token_out

    def _accept(self, principal: str, flags: Any) -> None:
        if self._strict and self._binding and not int(flags) & _CHANNEL_BOUND:
            raise TicketRefused("no channel binding was sent")
        if not self._allowed(principal.rstrip("\0")):
            raise TicketRefused(f"{principal} has no right to log on here")
        self.complete = True
        self.delegated = bool(int(flags) & _DELEGATED)

    def wrap(self, plain: bytes) -> Part:
        """Seal one message."""
        raw = self._gssapi.raw
        kinds = raw.IOVBufferType
        iov = raw.IOV(kinds.header, plain, kinds.padding, std_layout=False)
        raw.wrap_iov(self._context, iov, confidential=True)
        header, data, padding = (buffer.value or b"" for buffer in iov)
        return Part(header, len(plain) + len(padding), data + padding)

    def unwrap(self, part: Part) -> bytes:
        """Open one message; any exception means that it cannot be opened."""
        found = self._gssapi.raw.unwrap(self._context, part.header + part.data)
        if not found.encrypted:
            raise ValueError("it was signed only")
        plain: bytes = found.message
        return plain
