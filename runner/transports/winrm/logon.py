"""How a connection is logged on: which handler does it, and that it does it before a message.

Basic, certificates, NTLM and CredSSP are pywinrm's, requests-ntlm's and requests-credssp's;
Kerberos is ours (``winrm.kerberos``), because pywinrm's needs ``kinit`` and a cache in a file.
"""

from __future__ import annotations

from typing import Any, Final

import requests
from winrm.transport import Transport

from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.kerberos import KerberosLogon, KerberosPlan, endpoint_binding
from runner.transports.winrm.kerberos_meaning import meaning
from runner.transports.winrm.refusals import AnswerRefused, KerberosFailed, LogonRefused
from runner.transports.winrm.seal import SealedMessages

try:
    from requests_credssp.exceptions import AuthenticationException, NTStatusException
except ImportError:
    HANDSHAKE_FAILURES: tuple[type[Exception], ...] = ()
else:
    HANDSHAKE_FAILURES = (AuthenticationException, NTStatusException)
"""What requests-credssp raises at a logon that did not work, for whatever reason."""

_STATUSES: Final = {
    0x8009030C: "the user or the password is wrong",
    0xC000006D: "the user or the password is wrong",
    0xC000006A: "the password is wrong",
    0xC0000064: "there is no such user",
    0xC000006E: "the account is restricted",
    0xC000006F: "the account may not log on at this hour",
    0xC0000070: "the account may not log on from here",
    0xC0000071: "the password has expired",
    0xC0000072: "the account is disabled",
    0xC0000193: "the account has expired",
    0xC0000224: "the password must be changed first",
    0xC0000234: "the account is locked",
}
"""[MS-ERREF] 2.3.1 and winerror.h."""
_KDC_SECONDS: Final = 10.0
_ASKED_FOR: Final = ("kerberos", "negotiate")


class LogonTransport(Transport):
    """pywinrm's transport with our logons.

    ``kerberos`` is tried for the logons kerberos (alone), negotiate (else NTLM) and credssp (for
    its inner logon). ``peer`` is the certificate (DER) of the last TLS connection.
    """

    deadline: Deadline

    def __init__(self, *, must_seal: bool, kerberos: KerberosPlan | None, **settings: Any) -> None:
        self._wanted = settings["auth_method"]
        if self._wanted == "negotiate":
            # Of all logons pywinrm lets only this one come without a password.
            settings["auth_method"] = "kerberos"
        super().__init__(**settings)
        self._kerberos = kerberos
        self.must_seal = must_seal
        self.peer = b""

    @property
    def certificate(self) -> tuple[str, str] | None:
        """The client's certificate and key, where it logs on with them."""
        if self.auth_method != "certificate" or not (self.cert_pem and self.cert_key_pem):
            return None
        return self.cert_pem, self.cert_key_pem

    def open_session(self) -> requests.Session:
        """A session that is logged on, or that carries its logon with each request."""
        if self._wanted in _ASKED_FOR:
            if (plan := self._kerberos) is not None:
                try:
                    return self._kerberos_session(plan, self._patience())
                except KerberosFailed as failed:
                    alone = self._wanted == "kerberos" or self.password is None
                    if alone or meaning(failed).wrong_identity:
                        raise
            self.auth_method = "ntlm"
        elif self._wanted == "credssp" and self.credssp_auth_mechanism == "auto":
            self.credssp_auth_mechanism = self._inner_logon()
        session = super().build_session()
        if self._wanted == "credssp" and not self.must_seal:
            self._say_nothing(session)  # else the first message would travel with every token
        return session

    def _inner_logon(self) -> Any:
        """What CredSSP's inner logon is to be: left to itself it tries a wrong password twice."""
        if self._kerberos is None:
            return "ntlm"
        try:
            KerberosLogon(self._kerberos).first(self._patience())
        except KerberosFailed as failed:
            if meaning(failed).wrong_identity:
                raise
            return "ntlm"
        return "kerberos"

    def _patience(self) -> Deadline:
        """How long a KDC may take: where NTLM comes after it, not all the time there is."""
        if self._wanted == "kerberos":
            return self.deadline
        return Deadline(min(_KDC_SECONDS, self.deadline.remaining / 2))

    def _kerberos_session(self, plan: KerberosPlan, patience: Deadline) -> requests.Session:
        """A session that is logged on with a ticket, under the name that the host has for it."""
        try:
            return self._ticket_session(KerberosLogon(plan), patience, "Negotiate")
        except LogonRefused as refused:
            offers = refused.offers.lower()
            if "negotiate" in offers or "kerberos" not in offers:
                raise
        # Its Service\Auth has Kerberos without Negotiate: the ticket was not looked at.
        return self._ticket_session(KerberosLogon(plan), patience, "Kerberos")

    def _ticket_session(
        self, logon: KerberosLogon, patience: Deadline, scheme: str
    ) -> requests.Session:
        """An empty request carries the token."""
        binding = b""
        session = self._plain_session()
        try:
            if self.endpoint.startswith("https") and self.send_cbt:
                binding = self._binding(session)
            session.headers["Authorization"] = logon.first(patience, binding, scheme)
            answer = self._say_nothing(session)
            logon.finish(answer.headers.get("WWW-Authenticate", ""))
        except LogonRefused as refused:
            session.close()
            if isinstance(refused, KerberosFailed):
                raise
            raise logon.reason(refused.answer) or refused from None
        except BaseException:
            session.close()
            raise
        del session.headers["Authorization"]
        if self.must_seal:
            self.encryption = SealedMessages(session, "kerberos", logon, scheme)
        self.session = session
        return session

    def _binding(self, session: requests.Session) -> bytes:
        """Ask without a logon, to see the certificate that the logon is to be bound to."""
        try:
            self._say_nothing(session)
        except LogonRefused as refused:
            if not any(word in refused.offers.lower() for word in ("negotiate", "kerberos")):
                raise
        return endpoint_binding(self.peer)

    def _plain_session(self) -> requests.Session:
        session = requests.Session()
        session.verify = self.server_cert_validation == "validate"
        if session.verify and self.ca_trust_path is not None:
            session.verify = self.ca_trust_path
        if self.proxy is not None:
            session.proxies = {"http": self.proxy, "https": self.proxy}
        session.headers.update(self.default_headers)
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Log on with an empty request, and seal from then on."""
        self._say_nothing(session)
        handler: Any = session.auth
        keys = handler.session_security if self.auth_method == "ntlm" else handler.contexts
        if not keys:
            raise AnswerRefused("it asks for no logon, so there is nothing to seal messages with")
        self.encryption = SealedMessages(session, self.auth_method)

    def _say_nothing(self, session: requests.Session) -> requests.Response:
        request = requests.Request("POST", self.endpoint, data=None)
        return self._send_message_request(session, session.prepare_request(request))


def reason_of(error: Exception) -> str:
    """What a host said about a CredSSP logon, in words."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return f"{_STATUSES.get(status, 'error')}, 0x{status:08X}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
