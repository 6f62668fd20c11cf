"""A wire for NTLM, Basic and certificates that spends little on each message.

It does what ``winrm.wire`` does with requests, and keeps the same promises: nothing unsealed
leaves where it must be sealed, nothing waits without a limit, a wire that failed once never sends
again, and a sealed message travels only on the connection that was logged on.

The first token goes with the first request, unasked: asking which logons there are costs a request,
and on Windows a connection. A host that wants to be asked all the same is asked, and shown it then.
"""

from __future__ import annotations

import base64
import socket
import ssl
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import quote

from runner.interfaces.shortage import runs_low
from runner.transports.winrm import clock
from runner.transports.winrm.certificate import MUTUAL, tls_context, unverified_context
from runner.transports.winrm.clock import CONNECT_SECONDS, Deadline
from runner.transports.winrm.guards import (
    SEALED_TYPES,
    AnswerRefused,
    ClearTextRefused,
    DeadlinePassed,
    LogonRefused,
    WireBroken,
)
from runner.transports.winrm.options import WinrmOptions
from runner.transports.winrm.pipe import Answer, Pipe

if TYPE_CHECKING:
    from runner.transports.winrm.frame import Frames

_SOAP: Final = b"application/soap+xml;charset=UTF-8"
_IN_PATHS: Final = "/%?&=:;,+~@!$'()*"
"""What stays as it is in a path that an inventory has; blanks and line ends do not."""
_SEALED_TYPES: Final = tuple(kind.encode("ascii") for kind in SEALED_TYPES)


def suits(options: WinrmOptions) -> bool:
    """Whether this wire can do it: not through a proxy, not with tickets or CredSSP."""
    if options.proxy is not None:
        return False
    if options.auth == "negotiate":
        return options.identity is None
    return options.auth in ("ntlm", "basic", "certificate")


class LeanWire:
    """See Wire for the attributes."""

    def __init__(self, options: WinrmOptions, reached: socket.socket | None = None) -> None:
        self.must_seal = options.must_seal
        self.requests_sent = 0
        self.connect_limit = CONNECT_SECONDS
        self.read_limit = CONNECT_SECONDS
        self.deadline = Deadline(CONNECT_SECONDS)
        self.broken = False
        self.fresh = True
        self._options = options
        self._is_ntlm = options.auth in ("ntlm", "negotiate")
        self._pipe: Pipe | None = None
        self._reached = reached
        self._kind = _SOAP
        self._frames: Frames | None = None
        self._certificate = b""
        self._answered = False
        where = options.endpoint.partition("//")[2]
        self._head = (
            f"POST /{quote(options.path.lstrip('/'), _IN_PATHS)} HTTP/1.1\r\nHost: {where}\r\n"
            "User-Agent: Python WinRM client\r\nConnection: Keep-Alive\r\n"
        ).encode()
        self._authorization = _authorization(options)

    def build_session(self) -> None:
        """Log on, where that is to be done before the first message."""
        if self.broken:
            raise WireBroken
        if self._pipe is None and self.must_seal:
            try:
                self._open()
            except BaseException:
                self.break_off()
                raise

    def break_off(self) -> None:
        """Close the connection for good."""
        self.broken = True
        self._frames = None
        if self._pipe is not None:
            self._pipe.close()
        unused, self._reached = self._reached, None
        if unused is not None:
            unused.close()

    def send_message(self, message: bytes) -> bytes:
        """One exchange. A SOAP fault leaves the wire usable, any other failure does not."""
        self.build_session()
        try:
            answer = self._sealed(message) if self.must_seal else self._plain(message)
        except BaseException as error:
            if not getattr(error, "response_text", ""):
                self.break_off()
            raise
        self.fresh = False
        return answer

    def _sealed(self, message: bytes) -> bytes:
        pipe, frames = self._pipe, self._frames
        if pipe is None or frames is None:
            raise ClearTextRefused
        if not pipe.usable:
            from runner.transports.winrm.refusals import ConnectionDropped

            raise ConnectionDropped
        answer = self._post(self._kind, frames.framed(message))
        is_sealed = answer.type.startswith(_SEALED_TYPES)
        if answer.status == 200:
            if not is_sealed:
                raise AnswerRefused("it is not sealed, though the request was")
            return frames.opened(answer.body)
        raise _refusal(answer, frames.opened(answer.body) if is_sealed else b"")

    def _plain(self, message: bytes) -> bytes:
        if self._pipe is None or not self._pipe.usable:
            self._open()
        answer = self._post(_SOAP, message)
        if answer.status != 200:
            raise _refusal(answer, answer.body)
        return answer.body

    def _open(self) -> None:
        """Connect, and log on where that takes requests of its own."""
        self._frames = None
        self._connect()
        if not self._is_ntlm:
            return
        from runner.transports.winrm.ntlm import NtlmLogon, challenge_in

        options = self._options
        password = options.password.reveal() if options.password is not None else ""
        bound = self._certificate if options.send_cbt else b""
        logon = NtlmLogon(options.user, password, options.address, bound)
        token, scheme = logon.first(), "Negotiate"
        answer = self._say_nothing(f"{scheme} {token}")
        challenge = challenge_in(answer.offers)
        if answer.status == 401 and challenge is None:
            # A host that knows NTLM by its other name, or wants to be asked before it looks at a
            # token, as IIS does (Microsoft KB 2749007): the way that requests-ntlm always takes.
            _scheme_of(answer)
            answer = self._ask()
            if answer.status == 401:
                scheme = _scheme_of(answer)
                answer = self._say_nothing(f"{scheme} {token}")
                challenge = challenge_in(answer.offers)
        if answer.status != 401:
            self._let_in_unasked(answer)
            return
        if challenge is None:
            raise PermissionError("no NTLM challenge")
        if self._pipe is None or not self._pipe.usable:
            raise AnswerRefused("it closes the connection under the logon")
        answer = self._say_nothing(f"{scheme} {logon.answer(challenge)}")
        if answer.status != 200:
            raise _refusal(answer, b"" if self.must_seal else answer.body)
        if self.must_seal:
            from runner.transports.winrm.frame import CONTENT_TYPE, Frames

            self._frames, self._kind = Frames(logon.sealing()), CONTENT_TYPE

    def _let_in_unasked(self, answer: Answer) -> None:
        """The host wants no logon, or has another trouble."""
        if answer.status != 200:
            raise _refusal(answer, b"" if self.must_seal else answer.body)
        if self.must_seal:
            raise AnswerRefused("it asks for no logon, so there is nothing to seal messages with")

    def _ask(self) -> Answer:
        """Which logons there are. No token of ours has been answered yet: any connection will do,
        and Windows closes this one behind its answer."""
        self._be_connected()
        answer = self._post(_SOAP, b"", b"")
        self._be_connected()
        return answer

    def _be_connected(self) -> None:
        if self._pipe is None or not self._pipe.usable:
            self._connect()

    def _say_nothing(self, authorization: str) -> Answer:
        return self._post(_SOAP, b"", f"Authorization: {authorization}\r\n".encode())

    def _post(self, kind: bytes, body: bytes, authorization: bytes | None = None) -> Answer:
        """The last door: what must be sealed and is not stays here."""
        if self.must_seal and body and not kind.startswith(_SEALED_TYPES):
            raise ClearTextRefused
        pipe, remaining = self._pipe, self.deadline.remaining
        if pipe is None:
            raise WireBroken
        if remaining <= 0:
            raise DeadlinePassed
        self.requests_sent += 1
        request = b"%b%bContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
            self._head,
            self._authorization if authorization is None else authorization,
            kind,
            len(body),
            body,
        )
        limit = min(self.read_limit, remaining + clock.GRACE_SECONDS)
        try:
            answer = pipe.exchange(request, limit)
        except OSError as error:
            self._broke(error)
        self._answered = True
        return answer

    def _connect(self) -> None:
        """A new connection; its TLS certificate is remembered."""
        remaining = self.deadline.remaining
        if remaining <= 0:
            raise DeadlinePassed
        options = self._options
        if self._pipe is None:
            self._pipe = Pipe(options.address, options.port, _context(options))
        try:
            reached, self._reached = self._reached, None
            self._pipe.connect(min(self.connect_limit, remaining), reached)
        except (OSError, UnicodeError) as error:
            from runner.transports.winrm.trouble import on_connect

            raise on_connect(error, options.address) from error
        if runs_low(self._pipe.number):
            # What explains failures is loaded when there is one; when none are left, it cannot be.
            from runner.transports.winrm import errors, faulted, trouble  # noqa: F401
        try:
            self._certificate = self._pipe.secure(min(self.connect_limit, self.deadline.remaining))
        except OSError as error:
            self._broke(error)

    def _broke(self, error: OSError) -> NoReturn:
        from runner.transports.winrm.trouble import meant_tls, on_exchange

        options = self._options
        if self.fresh and not self._answered and options.scheme == "http":
            found = meant_tls(error, options.address, options.port)
            if found is not None:
                raise found from error
        raise on_exchange(error) from error


def _authorization(options: WinrmOptions) -> bytes:
    """What goes with each message."""
    if options.auth == "certificate":
        return f"Authorization: {MUTUAL}\r\n".encode()
    if options.auth != "basic":
        return b""
    password = options.password.reveal() if options.password is not None else ""
    both = f"{options.user}:{password}"
    try:
        told = both.encode("latin-1")  # as requests does it
    except UnicodeEncodeError:
        told = both.encode("utf-8")
    return b"Authorization: Basic " + base64.b64encode(told) + b"\r\n"


def _context(options: WinrmOptions) -> ssl.SSLContext | None:
    if options.scheme != "https":
        return None
    own = None
    if options.auth == "certificate" and options.cert_pem and options.cert_key_pem:
        own = options.cert_pem, options.cert_key_pem
    if options.certificate == "ignore":
        return unverified_context(own)
    return tls_context(options.ca_trust_path, own)


def _scheme_of(answer: Answer) -> str:
    """Raises LogonRefused where NTLM is not to be had."""
    offers = answer.offers.lower()
    if "ntlm" in offers:
        return "NTLM"
    if "negotiate" in offers:
        return "Negotiate"
    raise _refusal(answer, b"")


def _refusal(answer: Answer, text: bytes) -> Exception:
    """What winrm_refusals has for any other status than 200."""
    if answer.status == 401:
        return LogonRefused(answer.offers)
    from runner.transports.winrm.refusals import HttpRefused

    excerpt = answer.body[:200].decode("ascii", "replace")
    shown = text.decode("utf-8", "replace")
    return HttpRefused(answer.status, shown, shown[:200] if shown else excerpt)
