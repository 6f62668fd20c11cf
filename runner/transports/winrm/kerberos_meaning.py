"""What Kerberos' error numbers mean for whoever runs a playbook (krb5.h, RFC 4120 7.5.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.errors import AuthenticationFailed, TransportError, Unreachable
from runner.transports.winrm.guards import NOT_FORWARDABLE, KerberosFailed

_BASE: Final = -1765328384
"""ERROR_TABLE_BASE_krb5; protocol errors are this plus the number of RFC 4120."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A cause and what to do about it. ``wrong_identity``: the KDC has judged who we say we are."""

    cause: str
    advice: str
    kind: type[TransportError] = AuthenticationFailed
    wrong_identity: bool = False


_MEANINGS: Final[dict[tuple[int, ...], Meaning]] = {
    (_BASE + 24, _BASE + 31): Meaning(
        "the KDC refuses the password",
        "check ansible_user and ansible_password (or the keytab); it is not tried again, that "
        "could lock the account",
        wrong_identity=True,
    ),
    (_BASE + 6,): Meaning(
        "the KDC does not know this user",
        "check ansible_user: user@REALM, and the realm is usually written in capitals",
        wrong_identity=True,
    ),
    (_BASE + 18, _BASE + 1): Meaning(
        "the account is locked, disabled or expired",
        "have it unlocked or enabled in the directory",
        wrong_identity=True,
    ),
    (_BASE + 23,): Meaning(
        "the password has expired", "change the password of this account", wrong_identity=True
    ),
    (_BASE + 7,): Meaning(
        "the KDC does not know the host's service",
        "no account has this SPN: check the name with setspn -Q, use the host's full name in "
        "ansible_host, or set ansible_winrm_kerberos_hostname_override and ansible_winrm_service",
    ),
    (NOT_FORWARDABLE, _BASE + 13): Meaning(
        "the ticket cannot be forwarded to the host",
        "get one with kinit -f, for an account that may be delegated, or drop "
        "ansible_winrm_kerberos_delegation",
    ),
    (_BASE + 32,): Meaning("the ticket has expired", "get a new one: kinit user@REALM"),
    (_BASE + 33, _BASE + 37, _BASE + 147): Meaning(
        "the clocks of this machine, the KDC and the host differ too much",
        "set the clocks right (NTP); Kerberos allows five minutes",
    ),
    (_BASE + 41, _BASE + 35, _BASE + 44, _BASE + 45): Meaning(
        "the host cannot read the ticket",
        "the SPN belongs to another account, or to two, or the host's own password has changed: "
        "setspn -Q, setspn -X",
    ),
    (_BASE + 14,): Meaning(
        "the KDC and this machine have no kind of encryption in common",
        "an old domain or account has RC4 only: renew its password, or set allow_rc4 in krb5.conf",
    ),
    (_BASE + 156,): Meaning(
        "no KDC can be reached",
        "check the network to the domain controller, port 88, and the realm in krb5.conf",
        kind=Unreachable,
    ),
    (_BASE + 154,): Meaning(
        "nothing tells where the realm's KDC is",
        "check the realm in ansible_user (usually in capitals), and krb5.conf or DNS for it",
    ),
    (_BASE + 195, _BASE + 141, _BASE + 67): Meaning(
        "there is no ticket",
        "get one with kinit user@REALM (or kinit -k -t KEYTAB), or give ansible_password",
    ),
}

_BY_CODE: Final = {code: found for codes, found in _MEANINGS.items() for code in codes}
_NO_TICKET: Final = _BY_CODE[_BASE + 195]
_OTHER: Final = Meaning(
    "Kerberos failed",
    "run kinit user@REALM and kvno HTTP/host on this machine, with KRB5_TRACE=/dev/stderr",
)


def meaning(failure: KerberosFailed) -> Meaning:
    """What this failure means; never None."""
    if (found := _BY_CODE.get(failure.code)) is not None:
        return found
    said = failure.reason.lower()
    if "no kerberos credentials" in said or "no credentials" in said or "keytab" in said:
        return _NO_TICKET
    return _OTHER
