"""What goes wrong, row by row of the table in docs/winrm.md: how it is provoked, what must come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    ConnectionLost,
    DeadlineExceeded,
    PolicyRefused,
    ProtocolFailed,
    QuotaExceeded,
    TlsFailed,
    TransportError,
    Unreachable,
)
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.limits import Limits
from tests.transports.failing import (
    Tinker,
    answers,
    at,
    ends_tls,
    fault,
    full,
    impatiently,
    inject,
    lose_shell_after,
    meanwhile,
    off,
    on_the_way,
    refuse_for_good,
    refuse_once,
    says,
    unreadable,
)
from tests.transports.tcp_proxy import Kind, Trouble

OLD, NEW = "2008r2-sp1", "2016"


@dataclass(frozen=True)
class Row:
    """``kind`` None: all goes well in the end. ``counts`` are the front's counters afterwards.

    ``before`` happens before the connection is made, ``under`` when it is open.
    """

    symptom: str
    name: str
    kind: type[TransportError] | None
    started: bool = False
    advice: str = ""
    says: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    before: Tinker | None = None
    under: Tinker | None = None
    os: str = NEW
    scheme: str = "http"
    options: FrontOptions | None = None
    line: str = "out hello"
    stdin: bytes | None = None
    timeout: float = 6.0


NAME = "name not known; connection refused; no TCP answer in 5 s"
CUT = "cut or silent while logging on or opening a shell"
BUSY_THERE = "HTTP 503 there"
SCHEME = "plain http to a port of TLS"
BINDING = "401 behind a proxy that ends TLS"
CREATE_LATE = "2150858793 to Create"
SEND_LATE = "2150858793 to Send"
GONE = "2150858843 to Signal or Delete"
TLS = "certificate not trusted, expired, other name; no TLS on that port"
STRANGER = "403, 404, 405, 407, 411, 502, a web page"
UNREAD = "400 after a logon that worked"
LOST = "connection cut, no answer to Command"
UNDER = "connection cut under Receive"
OPERATIONS = "2150859174, ...239, ...240, ...241 to Command (operations)"
SHELLS = "2150859173, ...179, ...236, ...237, ...238 (shells)"
SERVICE = "2150859175, ...176, ...242, 2150858815"
DENIED = "5, 2147942405"
OURS = "2147942606; 2, 2147942402; 87, ...817, ...767"
UNKNOWN = "any other fault, or an answer nobody can read"
UP, DOWN = True, False

ROWS = [
    Row(NAME, "name", Unreachable, advice="ansible_host", says="name is not known",
        before=says(ansible_host="no-such-host.invalid"), counts={"connections": 0}),
    Row(NAME, "refused", Unreachable, advice="winrm quickconfig", says="refused", before=off),
    Row(NAME, "no answer", Unreachable, advice="firewall", before=full),
    *(
        Row(CUT, f"{kind} once at byte {byte}", None, counts={"open_shells": 0, "commands": 1},
            before=on_the_way(Trouble(kind, up, byte)))
        for kind, up, byte in [(Kind.CUT, DOWN, 0), (Kind.RESET, UP, 0), (Kind.RESET, UP, 3000),
                               (Kind.CUT, DOWN, 1500)]
    ),
    Row(CUT, "always", Unreachable, advice="overloaded", counts={"requests": 3},
        before=on_the_way(*[Trouble(Kind.CUT, DOWN, 0)] * 9)),
    Row(CUT, "silent", Unreachable, advice="overloaded", timeout=0.6,
        before=on_the_way(*[Trouble(Kind.BLACK_HOLE, UP, 0)] * 9)),
    Row(BUSY_THERE, "once", None, before=inject("http_503"), counts={"commands": 1}),
    Row(BUSY_THERE, "always", Unreachable, advice="sc query winrm", before=inject("http_503", 9)),
    Row("HTTP 503 to a Command", "once", Unreachable, True, "sc query winrm",
        under=inject("http_503"), counts={"commands": 0, "open_shells": 0}),
    Row(TLS, "not trusted", TlsFailed, advice="ansible_winrm_ca_trust_path", scheme="https",
        before=says(ansible_winrm_ca_trust_path=None), counts={"failed_logons": 0}),
    Row(TLS, "expired", TlsFailed, advice="renew", scheme="https",
        options=FrontOptions(certificate_flaw="expired"), counts={"failed_logons": 0}),
    Row(TLS, "another name", TlsFailed, advice="ansible_host", scheme="https",
        options=FrontOptions(certificate_flaw="wrong_name"), counts={"failed_logons": 0}),
    Row(TLS, "no TLS", TlsFailed, advice="5985 is http", before=says(ansible_winrm_scheme="https")),
    Row("401 at the first logon", "wrong password", AuthenticationFailed,
        advice="ansible_password", says="Negotiate", before=says(ansible_password="wrong"),
        counts={"failed_logons": 1}),
    Row("401 at the first logon", "no channel binding", AuthenticationFailed, scheme="https",
        options=FrontOptions(channel_binding="strict"), advice="channel binding",
        before=says(ansible_winrm_send_cbt=False), counts={"failed_logons": 1}),
    Row(BINDING, "it is trusted", AuthenticationFailed, advice="channel binding", scheme="https",
        before=ends_tls, counts={"failed_logons": 1}),
    Row(SCHEME, "at once", ProtocolFailed, advice="5986 is https", scheme="https",
        before=says(ansible_winrm_scheme="http", ansible_winrm_ca_trust_path=None),
        counts={"failed_logons": 0}),
    Row("401 after a logon that worked", "once", None, under=refuse_once,
        counts={"logons": 2, "creates": 1, "commands": 1}),
    Row("401 after a logon that worked", "for good", AuthenticationFailed,
        advice="ansible_password", under=refuse_for_good,
        counts={"logons": 1, "failed_logons": 1, "commands": 0}),
    Row(UNREAD, "once", None, under=inject("http_400_sealed"),
        counts={"logons": 2, "creates": 1, "commands": 1}),
    Row("400 otherwise", "at once", ProtocolFailed, advice="scheme and the port",
        before=answers("400 Bad Request")),
    Row("500 with an empty body", "at once", PolicyRefused, advice="https",
        before=answers("500 ")),
    *(
        Row(STRANGER, str(status), ProtocolFailed, advice="ansible_winrm_path",
            before=answers(f"{status} No"))
        for status in (403, 404, 405, 407, 411, 502)
    ),
    Row(STRANGER, "a web page", ProtocolFailed, advice="",
        before=answers("200 OK\r\nContent-Type: text/html", b"<html>hi</html>")),
    Row("413", "a Command", ProtocolFailed, advice="MaxEnvelopeSizekb", line="out " + "x" * 7000,
        options=FrontOptions(limits=Limits(5, 15, 15, 180.0, 4096)),
        counts={"commands": 0, "open_shells": 0}),
    Row("413", "input", ProtocolFailed, True, "MaxEnvelopeSizekb", line="cat", stdin=b"x" * 9999,
        options=FrontOptions(limits=Limits(5, 15, 15, 180.0, 4096)),
        counts={"commands": 1, "open_shells": 0, "running_commands": 0}),
    Row(LOST, "an old host", ConnectionLost, True, "the command may have run", os=OLD,
        under=inject("reset_on_command"), counts={"commands": 1, "open_shells": 0}),
    Row(LOST, "it never arrived", ConnectionLost, True, "the command may have run",
        under=inject("reset_before_command"), counts={"commands": 1, "open_shells": 0}),
    Row(LOST, "the answer, on the way back, of a host that takes names", None,
        before=on_the_way(), under=meanwhile(Trouble(Kind.CUT, DOWN, 0)),
        counts={"commands": 1, "open_shells": 0}),
    Row(LOST, "the same, swallowed", None, timeout=12,
        before=impatiently, under=meanwhile(Trouble(Kind.SWALLOW, DOWN, 0)),
        counts={"commands": 1, "open_shells": 0}),
    Row(UNDER, "an answer", ConnectionLost, True, "", says="output may be lost",
        under=inject("drop_receive"), counts={"commands": 1, "open_shells": 0}),
    Row("2150858793 (operation timeout) in Receive", "a silent command", None, line="rest 2.5",
        before=says(ansible_winrm_operation_timeout_sec=1), counts={"commands": 1}),
    *(
        Row(CREATE_LATE, f"{'it opened' if after else 'nothing opened'}, {os}", DeadlineExceeded,
            advice="ansible_winrm_operation_timeout_sec", os=os,
            before=fault("Create", 2150858793, after=after),
            counts={"creates": 1, "commands": 0, "open_shells": 0})
        for after in (False, True)
        for os in (OLD, NEW)
    ),
    Row(SEND_LATE, "it has not been read yet", None, line="cat", stdin=b"abc",
        under=fault("Send", 2150858793, after=True), counts={"sends": 1, "commands": 1}),
    Row("2150858793 to Command", "it never started", DeadlineExceeded, True,
        "ansible_winrm_operation_timeout_sec", under=fault("Command", 2150858793),
        counts={"commands": 1, "open_shells": 0}),
    Row("2150858793 to Command", "it did start", None,
        under=fault("Command", 2150858793, after=True), counts={"commands": 1}),
    Row("2150858793 to Command", "it did start, on an old host", DeadlineExceeded, True,
        "ansible_winrm_operation_timeout_sec", os=OLD,
        under=fault("Command", 2150858793, after=True), counts={"commands": 1, "open_shells": 0}),
    Row("170 to Send (earlier input not read yet)", "twice", None, line="cat", stdin=b"abc",
        under=fault("Send", 170, 2), counts={"sends": 3}),
    Row("2150858843 (no such shell) to Command", "once", None, under=inject("expire_shell"),
        counts={"commands": 2, "creates": 2, "logons": 1}),
    Row("2150858843 to Receive", "the shell is gone", ConnectionLost, True, "run it again",
        under=lambda site, _: lose_shell_after(site, "Command"),
        counts={"commands": 1, "open_shells": 0}),
    *(
        Row(GONE, verb, None, under=fault(verb, 2150858843, after=True),
            counts={"commands": 1, "creates": 1})
        for verb in ("Signal", "Delete")
    ),
    *(
        Row("2147943418, 1018 (profile unloaded) to Command", str(code), None,
            under=fault("Command", code), counts={"commands": 2, "creates": 2})
        for code in (2147943418, 1018)
    ),
    *(
        Row("995, 2147943395 (aborted)", str(code), ConnectionLost, True, "look at the host",
            under=fault("Command", code), counts={"commands": 1, "open_shells": 0})
        for code in (995, 2147943395)
    ),
    *(
        Row(OPERATIONS, f"{code}, {shape}", None, counts={"commands": 2, "creates": 2},
            under=fault("Command", 2150859000 + code, wmi=shape == "newer"))
        for code in (174, 239, 240, 241)
        for shape in ("newer", "older")
    ),
    Row(OPERATIONS, "always", QuotaExceeded, advice="MaxConcurrentOperationsPerUser",
        under=fault("Command", 2150859174, 9), counts={"commands": 2, "open_shells": 0}),
    *(
        Row(SHELLS, str(code), QuotaExceeded, advice="MaxShellsPerUser",
            before=fault("Create", 2150859000 + code), counts={"creates": 1, "commands": 0})
        for code in (173, 179, 236, 237, 238)
    ),
    *(
        Row(SERVICE, f"{code} to {verb}", QuotaExceeded, advice="wait",
            **at(when, fault(verb, code)), counts={"open_shells": 0})
        for code in (2150859175, 2150859176, 2150859242, 2150858815)
        for verb, when in (("Create", "before"), ("Command", "under"))
    ),
    *(
        Row(DENIED, f"{code} to {verb}", AuthorizationFailed,
            advice="LocalAccountTokenFilterPolicy", **at(when, fault(verb, code)),
            counts={"open_shells": 0})
        for code in (5, 2147942405)
        for verb, when in (("Create", "before"), ("Command", "under"))
    ),
    Row("2150859180", "to Create", PolicyRefused, advice="AllowRemoteShellAccess",
        before=fault("Create", 2150859180), counts={"creates": 1}),
    *(
        Row(OURS, str(code), ProtocolFailed, under=fault("Command", code), advice=advice,
            counts={"commands": 1, "open_shells": 0})
        for code, advice in ((2147942606, "shorten"), (2, "path"), (2147942402, "path"))
    ),
    *(
        Row(OURS, f"{code}: once more without a name", ProtocolFailed, advice="report",
            under=fault("Command", code, 9), counts={"commands": 2, "open_shells": 0})
        for code in (87, 2150858817, 2150858767)
    ),
    Row(UNKNOWN, "a fault", ProtocolFailed, True, "WinRM/Operational",
        under=fault("Command", 123456), counts={"commands": 1, "open_shells": 0}),
    Row(UNKNOWN, "an answer to Receive", ProtocolFailed, True, "", under=unreadable("Receive"),
        counts={"commands": 1, "open_shells": 0}),
    Row(UNKNOWN, "an answer", ProtocolFailed, True, "", os=OLD, under=inject("garbage_200"),
        counts={"commands": 1, "open_shells": 0}),
    Row("our deadline", "a command that takes too long", DeadlineExceeded, True, "timeout",
        line="wait", timeout=0.4, says="does not go on",
        counts={"commands": 1, "open_shells": 0, "running_commands": 0}),
]  # fmt: skip
