"""Where Kerberos tickets come from: the caller's cache, a keytab, or a password.

A password is shown to the KDC once in a process, however many hosts need the ticket: a wrong one
would otherwise be counted against the account as many times as there are hosts. The ticket lives
in this process's memory only; nothing is written to the caller's cache.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import spnego

from runner.model.secret import Secret
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.refusals import KerberosFailed

try:
    import krb5
    from gssapi.raw import ExpiredCredentialsError, GSSError
except ImportError:
    HAVE_KERBEROS = False
else:
    HAVE_KERBEROS = True

T = TypeVar("T")

KDC_UNREACHABLE: Final = -1765328228
"""KRB5_KDC_UNREACH (krb5.h); ours too when a KDC does not answer in time."""
TICKET_EXPIRED: Final = -1765328352
"""KRB5KRB_AP_ERR_TKT_EXPIRED."""
NOT_INTACT: Final = -1765328353
"""KRB5KRB_AP_ERR_BAD_INTEGRITY: sealed with another key; of a KDC's answer, a wrong password."""
NOT_OURS: Final = -1765328343
"""KRB5KRB_AP_ERR_MODIFIED: a ticket that was sealed for another account."""
_FINAL: Final = frozenset({-1765328360, -1765328378, NOT_INTACT})
"""KRB5KDC_ERR_PREAUTH_FAILED, ..._C_PRINCIPAL_UNKNOWN: the same answer would come again."""
_FRESH_SECONDS: Final = 300
"""A ticket that ends sooner is not used for one more logon."""


@dataclass(frozen=True)
class Identity:
    """Who logs on: by password, by keytab, or, with neither, by a ticket that is there already.

    ``principal`` may be empty with a keytab (its first entry) and with a ticket (the cache's).
    """

    principal: str
    password: Secret | None = None
    keytab: str | None = None
    forwardable: bool = False


@dataclass(frozen=True)
class _Ticket:
    cache: krb5.CCache
    ends: float

    @property
    def name(self) -> str:
        kind = (self.cache.cache_type or b"MEMORY").decode()
        return f"{kind}:{(self.cache.name or b'').decode()}"


class Tickets:
    """The ticket-granting tickets of this process. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Identity, Future[_Ticket]] = {}
        # A cache in memory ends with its last handle, and somebody may be about to use it.
        self._replaced: list[Future[_Ticket]] = []

    def credential(self, who: Identity, deadline: Deadline) -> spnego.Credential:
        """What pyspnego takes to log this identity on. Raises KerberosFailed."""
        if who.password is None and who.keytab is None:
            return spnego.CredentialCache(username=who.principal or None)
        return spnego.KerberosCCache(self._ticket(who, deadline).name)

    def _ticket(self, who: Identity, deadline: Deadline) -> _Ticket:
        with self._lock:
            pending = self._known.get(who)
            if pending is not None and _is_stale(pending):
                self._replaced.append(pending)
                pending = None
            if pending is None:
                pending = self._known[who] = in_background(lambda: _ask(who))
        try:
            return in_time(pending, deadline)
        except KerberosFailed as failure:
            if failure.code not in _FINAL:
                with self._lock:
                    if self._known.get(who) is pending and pending.done():
                        del self._known[who]
            raise


TICKETS: Final = Tickets()
"""Those of this process."""


def in_background(work: Callable[[], T]) -> Future[T]:
    """Do it on a thread of its own: libkrb5 cannot be interrupted while it waits for a KDC."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        # Handed on to whoever waits for the result.
        except BaseException as error:  # noqa: BLE001
            result.set_exception(error)

    threading.Thread(target=run, name="kerberos", daemon=True).start()
    return result


def in_time(pending: Future[T], deadline: Deadline) -> T:
    """The result, or KerberosFailed when it is not there by our own deadline."""
    try:
        return pending.result(max(0.0, deadline.remaining))
    except NotInTime:
        raise KerberosFailed("no KDC answered in time", KDC_UNREACHABLE) from None
    except KerberosFailed as failed:  # each of those who wait gets an exception of its own
        raise KerberosFailed(failed.reason, failed.code) from None


def _is_stale(pending: Future[_Ticket]) -> bool:
    if not pending.done() or pending.exception() is not None:
        return False
    return pending.result().ends - time.time() < _FRESH_SECONDS


def _ask(who: Identity) -> _Ticket:
    """One request for a ticket: one attempt with the password."""
    try:
        return _asked(who)
    except krb5.Krb5Error as error:
        raise failure(error) from None


def _asked(who: Identity) -> _Ticket:
    context = krb5.init_context()
    options = krb5.get_init_creds_opt_alloc(context)
    krb5.get_init_creds_opt_set_canonicalize(options, True)
    if who.forwardable:
        krb5.get_init_creds_opt_set_forwardable(options, True)
    if who.keytab is not None:
        if not Path(who.keytab).is_file():
            raise KerberosFailed(f"there is no keytab {who.keytab}")
        keytab = krb5.kt_resolve(context, f"FILE:{who.keytab}".encode())
        first = None if who.principal else next(iter(keytab))
        principal = _principal(context, who.principal) if first is None else first.principal
        if principal is None:
            raise KerberosFailed(f"the keytab {who.keytab} is empty")
        ticket = krb5.get_init_creds_keytab(context, principal, options, keytab=keytab)
    else:
        password = who.password.reveal().encode() if who.password is not None else b""
        principal = _principal(context, who.principal)
        ticket = krb5.get_init_creds_password(context, principal, options, password=password)
    cache = krb5.cc_new_unique(context, b"MEMORY")
    krb5.cc_initialize(context, cache, ticket.client)
    krb5.cc_store_cred(context, cache, ticket)
    return _Ticket(cache, float(ticket.times.endtime))


def _principal(context: krb5.Context, name: str) -> krb5.Principal:
    return krb5.parse_name_flags(context, name.encode())


def failure(error: BaseException) -> KerberosFailed:
    """What libkrb5 or GSSAPI said, as ours; the number is that of krb5.h."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, krb5.Krb5Error):
            said = str(cause).removesuffix(str(cause.err_code)).strip()
            return KerberosFailed(said, cause.err_code)
        if isinstance(cause, GSSError):
            return _from_gss(cause)
        cause = getattr(cause, "base_error", None) or cause.__cause__
    return KerberosFailed(str(error) or type(error).__name__)


def _from_gss(error: GSSError) -> KerberosFailed:
    if isinstance(error, ExpiredCredentialsError):  # its number says nothing
        return KerberosFailed("", TICKET_EXPIRED)
    code = error.min_code - 2**32 if error.min_code >= 2**31 else error.min_code
    said = error.get_all_statuses(error.min_code, False) if code else []
    return KerberosFailed("; ".join(said) or str(error), code)
