"""What answers on a WinRM port before anybody logs on: the service, its logons, its clock."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from runner.interfaces.examine import Finding, Stopwatch, Verdict
from runner.transports.winrm.options import WinrmOptions

_TITLES: Final = {
    "service": "Is it WinRM that answers?",
    "schemes": "Which logons does it offer?",
    "clock": "Do the clocks agree?",
}
_IDENTIFY: Final = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf'
    b'.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body>'
    b"</s:Envelope>"
)
_STACK: Final = re.compile(rb"ProductVersion>([^<]{1,100})<")
_WANTED: Final = {
    "ntlm": ("negotiate", "ntlm"),
    "kerberos": ("negotiate", "kerberos"),
    "certificate": (),
}
_SKEW_NOTE: Final = 60.0
_SKEW_KERBEROS: Final = 300.0
"""Kerberos refuses tickets beyond five minutes (RFC 4120; MaxClockSkew of Windows)."""
_STRANGERS: Final = {
    404: "the path does not exist: ansible_winrm_path, or IIS answers on that port",
    403: "it forbids that: a proxy, or a filter (IPv4Filter) of the WinRM service",
    405: "something that is not WinRM answers there",
    407: "a proxy asks for a logon: reach the host directly",
    411: "Exchange or IIS answers on that port",
    502: "a proxy reaches nobody behind it",
    503: "the WinRM service is starting, stopping or overloaded: on the host, sc query winrm",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    offers: tuple[str, ...]
    server: str
    date: str
    body: bytes


def examine_service(options: WinrmOptions, timeout: float) -> Iterator[Finding]:
    """Ask without a logon: what is refused says most of it."""
    watch = Stopwatch()
    try:
        with watch.running():
            refused = _post(options, timeout, b"", {})
    except (OSError, http.client.HTTPException) as error:
        said = f"no answer to a first request: {str(error) or type(error).__name__}"
        advice = (
            "something takes connections on that port and says nothing: another service, a "
            "firewall that cuts, or a host that hangs. 5985 is http, 5986 https"
        )
        failed = Finding(
            "service", _TITLES["service"], Verdict.FAILED, said, advice, category="unreachable"
        )
        yield watch.stamp(failed)
        return
    yield watch.stamp(_service(options, timeout, refused))
    yield _schemes(options, refused)
    yield _clock(options, refused)


def _post(options: WinrmOptions, timeout: float, body: bytes, headers: dict[str, str]) -> _Answer:
    connection: http.client.HTTPConnection
    if options.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False  # the certificate has been judged before
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            options.address, options.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(options.address, options.port, timeout=timeout)
    try:
        sent = {"Content-Type": "application/soap+xml;charset=UTF-8", **headers}
        connection.request("POST", f"/{options.path.lstrip('/')}", body, sent)
        response = connection.getresponse()
        offers = tuple(
            value for name, value in response.getheaders() if name.lower() == "www-authenticate"
        )
        return _Answer(
            response.status, offers, response.getheader("Server", ""),
            response.getheader("Date", ""), response.read(65536),
        )  # fmt: skip
    finally:
        connection.close()


def _service(options: WinrmOptions, timeout: float, refused: _Answer) -> Finding:
    title = _TITLES["service"]
    data = {"status": refused.status, "server": refused.server}
    said = f"HTTP {refused.status}, {refused.server or 'no Server header'}"
    if refused.status != 401:
        advice = _STRANGERS.get(
            refused.status,
            "WinRM answers 401 to a request without a logon; this is something else: check "
            "ansible_port, ansible_winrm_scheme and ansible_winrm_path",
        )
        failed = Verdict.FAILED
        category = "unreachable" if refused.status == 503 else "protocol"
        return Finding("service", title, failed, said, advice, category=category, data=data)
    product = _identify(options, timeout)
    if product:
        data["product"] = product
        said += f", {product}"
    return Finding("service", title, Verdict.OK, said, data=data)


def _identify(options: WinrmOptions, timeout: float) -> str:
    """What Identify tells without a logon ([MS-WSMV] 3.1.4.1.23): the version of its stack."""
    try:
        answer = _post(options, timeout, _IDENTIFY, {"WSMANIDENTIFY": "unauthenticated"})
    except (OSError, http.client.HTTPException):
        return ""
    found = _STACK.search(answer.body) if answer.status == 200 else None
    return found[1].decode("ascii", "replace") if found else ""


def _schemes(options: WinrmOptions, refused: _Answer) -> Finding:
    offered = [offer.split(" ", 1)[0] for offer in refused.offers]
    said = f"{', '.join(offered) or 'none'}; wanted: {options.auth}"
    title, data = _TITLES["schemes"], {"offered": offered, "wanted": options.auth}
    wanted = _WANTED.get(options.auth, (options.auth,))
    if wanted and not any(offer.lower() in wanted for offer in offered):
        advice = (
            f"the host does not offer {options.auth}: set ansible_winrm_transport to what it has, "
            f"or enable it there (winrm get winrm/config/service/auth)"
        )
        failed = Verdict.FAILED
        return Finding("schemes", title, failed, said, advice, category="authentication", data=data)
    if "basic" in (offer.lower() for offer in offered) and options.scheme == "http":
        advice = (
            "Basic over http: whoever uses it sends the password in clear; switch it off there "
            'with winrm set winrm/config/service/auth @{Basic="false"}'
        )
        return Finding("schemes", title, Verdict.NOTE, said, advice, data=data)
    return Finding("schemes", title, Verdict.OK, said, data=data)


def _clock(options: WinrmOptions, refused: _Answer) -> Finding:
    title = _TITLES["clock"]
    try:
        theirs = parsedate_to_datetime(refused.date).timestamp()
    except ValueError:
        return Finding("clock", title, Verdict.SKIPPED, "the host does not tell its time")
    skew = theirs - time.time()
    data = {"skew_seconds": round(skew, 1)}
    where = "ahead of" if skew > 0 else "behind"
    if abs(skew) < _SKEW_NOTE:
        return Finding("clock", title, Verdict.OK, "to a minute", data=data)
    said = f"its clock is {abs(skew):.0f} s {where} ours"
    advice = "set the clocks (w32tm /resync): logs and certificates go by them"
    if abs(skew) > _SKEW_KERBEROS:
        advice += "; Kerberos refuses more than five minutes"
        if options.auth == "kerberos":
            failed, category = Verdict.FAILED, "authentication"
            return Finding("clock", title, failed, said, advice, category=category, data=data)
    return Finding("clock", title, Verdict.NOTE, said, advice, data=data)
