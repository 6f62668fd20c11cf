"""What HTTP statuses, TLS and the TCP connection say when a message fails."""

from __future__ import annotations

from typing import Final

import requests
from requests import exceptions as http
from urllib3.exceptions import NameResolutionError, NewConnectionError

from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    PolicyRefused,
    ProtocolFailed,
    TransportError,
    Unreachable,
)
from runner.transports.winrm.failure import BEFORE_COMMAND, Attempt, LinkFailure, Verb
from runner.transports.winrm.faults import Remedy
from runner.transports.winrm.refusals import ConnectionDropped, HttpRefused, WrongScheme
from runner.transports.winrm.refused import NO_USER_FOR_CERTIFICATE, gone
from runner.transports.winrm.tls import explain_tls

_UNREAD: Final = frozenset({400, 401, 403, 404, 405, 407, 411, 413})
"""HTTP refusals that come before the message is looked at."""


def explain_status(error: HttpRefused, attempt: Attempt) -> LinkFailure:
    status = error.code
    unread = status in _UNREAD
    started = attempt.started_earlier if unread else attempt.started
    if isinstance(error, ConnectionDropped) and not attempt.trusted:
        return _lost(attempt, "the connection was closed after the logon")
    if status == 403 and attempt.auth == "certificate":
        return LinkFailure(
            AuthenticationFailed(
                attempt.says("the host refuses the certificate (HTTP 403)"),
                hint=NO_USER_FOR_CERTIFICATE,
                may_have_started=started,
            )
        )
    if status == 400 and attempt.trusted:
        # The connection was dropped and made anew under us, with the old key: never looked at.
        lost = ConnectionLost(
            attempt.says("the connection was dropped while idle"),
            hint="run it again",
            may_have_started=started,
        )
        return LinkFailure(lost, remedy=Remedy.LOGON)
    kind, cause, advice = _STATUS.get(status, _OTHER_STATUS)
    if status == 500 and not error.excerpt:
        kind, cause, advice = PolicyRefused, *_NO_CLEAR_TEXT
    said = f": {error.excerpt!r}" if error.excerpt else ""
    transient = status == 503 and attempt.verb in BEFORE_COMMAND
    return LinkFailure(
        gone(kind, attempt)(
            attempt.says(f"HTTP {status}, {cause}{said}"), hint=advice, may_have_started=started
        ),
        remedy=Remedy.LOGON if transient else Remedy.NONE,
    )


_NO_CLEAR_TEXT: Final = (
    "the host refuses unencrypted messages",
    "use ansible_winrm_transport ntlm with message encryption, or https",
)
_NOT_WINRM: Final = (
    ProtocolFailed,
    "something that is not WinRM answers there",
    "check ansible_port and ansible_winrm_path; a proxy, IIS or Exchange may answer instead",
)
_OTHER_STATUS: Final = _NOT_WINRM
_STATUS: Final[dict[int, tuple[type[TransportError], str, str]]] = {
    400: (ProtocolFailed, "the host cannot read the message", "check the scheme and the port"),
    413: (
        ProtocolFailed,
        "the message is larger than the host takes",
        "send less at once, or raise MaxEnvelopeSizekb on the host",
    ),
    500: (ProtocolFailed, "an answer that is not WS-Management", _NOT_WINRM[2]),
    503: (
        Unreachable,
        "the WinRM service is starting, stopping or overloaded",
        "try again in a moment; on the host: sc query winrm",
    ),
}


def explain_connection(error: requests.RequestException, attempt: Attempt) -> LinkFailure | None:
    """None for what is neither TLS nor the connection."""
    match error:
        case WrongScheme():
            return LinkFailure(
                ProtocolFailed(
                    attempt.says("the port speaks TLS, and plain http was sent to it"),
                    hint="5985 is http, 5986 is https: set the scheme to https, or the port",
                    may_have_started=attempt.started_earlier,
                )
            )
        case http.ProxyError():
            return _not_reached(
                attempt,
                f"the proxy does not let us through ({_root(error)})",
                "check the proxy variable of this host, that the proxy allows CONNECT to this "
                "port, and that it keeps one connection for each of ours",
            )
        case http.SSLError() if not attempt.trusted:
            return explain_tls(_root(error), attempt)
        case http.ConnectTimeout():
            return _not_reached(
                attempt,
                "no answer to the TCP connection",
                "the host is off, or a firewall or route is in the way",
            )
        case http.ReadTimeout():
            return _lost(attempt, "no answer in time")
        case http.ConnectionError() if (reason := _reason(error, NameResolutionError)) is not None:
            return _not_reached(
                attempt,
                "its name is not known",
                "check ansible_host and the DNS suffix",
            )
        case http.ConnectionError() if (reason := _reason(error, NewConnectionError)) is not None:
            return _refused(reason, attempt)
        case http.ConnectionError() | http.ChunkedEncodingError() | http.ContentDecodingError():
            return _lost(attempt, f"the connection was cut ({_root(error)})")
    return None


def _refused(reason: BaseException, attempt: Attempt) -> LinkFailure:
    said = _root(reason)
    port = attempt.endpoint.rsplit(":", 1)[-1]
    return _not_reached(
        attempt,
        said,
        f"nothing listens on port {port}: on the host run winrm quickconfig, check ansible_port "
        "(5985 http, 5986 https) and the firewall; it may also be booting",
    )


def _not_reached(attempt: Attempt, what: str, advice: str) -> LinkFailure:
    kind = gone(Unreachable, attempt)
    return LinkFailure(
        kind(attempt.says(what), hint=advice, may_have_started=attempt.started_earlier)
    )


def _lost(attempt: Attempt, what: str) -> LinkFailure:
    if attempt.verb in BEFORE_COMMAND:
        error: TransportError = Unreachable(
            attempt.says(what),
            hint="the host is overloaded, its WinRM service is restarting, or the port is not "
            "WinRM's (5985 http, 5986 https)",
        )
        return LinkFailure(error, remedy=Remedy.LOGON, answer_lost=True)
    error = ConnectionLost(
        attempt.says(what),
        hint="the command may have run: what it did shows on the host",
        may_have_started=True,
    )
    again = Remedy.LOGON if attempt.verb is Verb.RECEIVE else Remedy.NONE
    return LinkFailure(error, remedy=again, answer_lost=True)


def _reason(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The exception of this kind that stands behind another one."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        item = queue.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        if isinstance(item, kind):
            return item
        seen.add(id(item))
        queue += [getattr(item, "reason", None), item.__cause__, *item.args]
    return None


def _root(error: BaseException) -> str:
    """The innermost exception's own words."""
    innermost = error
    while (deeper := _deeper(innermost)) is not None:
        innermost = deeper
    said = innermost.strerror if isinstance(innermost, OSError) else ""
    return said or str(innermost) or type(innermost).__name__


def _deeper(error: BaseException) -> BaseException | None:
    for item in (getattr(error, "reason", None), error.__cause__, *error.args):
        if isinstance(item, BaseException) and item is not error:
            return item
    return None
