"""What a refused logon means. Loads nothing large: other hosts wait for this verdict."""

from __future__ import annotations

from typing import Final

from runner.errors import AuthenticationFailed, ConnectionLost, TransportError, Unreachable
from runner.transports.winrm.failure import Attempt, LinkFailure
from runner.transports.winrm.faults import Remedy
from runner.transports.winrm.guards import KerberosFailed, LogonRefused
from runner.transports.winrm.kerberos_meaning import meaning


def explain_logon(error: LogonRefused, attempt: Attempt) -> LinkFailure:
    """What a refused logon means: never sent again, unless it had worked before."""
    if isinstance(error, KerberosFailed):
        return _kerberos(error, attempt)
    offers = error.offers or "nothing"
    if attempt.trusted:
        return LinkFailure(
            AuthenticationFailed(
                attempt.says(f"HTTP 401 after a logon that had worked; offered: {offers}"),
                hint="the password was changed, the account was locked or the ticket ran out",
                may_have_started=attempt.started_earlier,
            ),
            remedy=Remedy.LOGON,
        )
    if not _is_offered(error.offers.lower(), attempt):
        return LinkFailure(
            AuthenticationFailed(
                attempt.says(f"the host refuses the logon (HTTP 401); it offers: {offers}"),
                hint=f"the host does not offer {attempt.auth}: set ansible_winrm_transport to "
                "what it has, or enable it there (winrm get winrm/config/service/auth)",
                may_have_started=attempt.started_earlier,
            )
        )
    reason = f" ({error.reason})" if error.reason else ""
    return LinkFailure(
        AuthenticationFailed(
            attempt.says(f"the host refuses the logon (HTTP 401){reason}; it offers: {offers}"),
            hint=_logon_advice(attempt),
            may_have_started=attempt.started_earlier,
        )
    )


_WANTED: Final = {
    "ntlm": ("negotiate", "ntlm"),
    "kerberos": ("negotiate", "kerberos"),
    "negotiate": ("negotiate",),
}


def _is_offered(offers: str, attempt: Attempt) -> bool:
    """Whether that kind of logon was refused, not that there are such logons."""
    wanted = _WANTED.get(attempt.auth, (attempt.auth,))
    is_named = any(scheme in offers for scheme in wanted)
    return not offers or attempt.auth == "certificate" or is_named


def _logon_advice(attempt: Attempt) -> str:
    again = "; it is not tried again, that could lock the account"
    if attempt.auth == "certificate":
        return NO_USER_FOR_CERTIFICATE
    if attempt.auth == "kerberos":
        advice = (
            "the host does not take a ticket that the KDC has issued: its clock, an SPN that "
            "belongs to another account (setspn -Q), or a user who may not log on there"
        )
    else:
        advice = "check ansible_user (DOMAIN\\user or user@domain) and ansible_password"
    if attempt.endpoint.startswith("https") and attempt.auth in _WANTED:
        advice += "; behind a proxy that ends TLS, channel binding fails: go to the host directly"
    return advice + again


NO_USER_FOR_CERTIFICATE: Final = (
    "the host has no user for this certificate: look at winrm enumerate "
    "winrm/config/service/certmapping there (issuer, user principal name), and that its "
    "Service\\Auth\\Certificate is true and the issuer is in its root store"
)


def _kerberos(error: KerberosFailed, attempt: Attempt) -> LinkFailure:
    means = meaning(error)
    number = f", {error.code}" if error.code else ""
    said = f" ({error.reason}{number})" if error.reason else ""
    started = attempt.started_earlier
    return LinkFailure(
        gone(means.kind, attempt)(
            attempt.says(f"{means.cause}{said}"), hint=means.advice, may_have_started=started
        )
    )


def gone(kind: type[TransportError], attempt: Attempt) -> type[TransportError]:
    """A host that cannot be reached any more is lost under its command, not unreachable."""
    return ConnectionLost if kind is Unreachable and attempt.started_earlier else kind
