"""The lean wire: which logons take it, what it costs in requests, and what it never sends."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, ProtocolFailed
from runner.interfaces.shell import Invocation
from runner.transports.winrm import lean as winrm_lean
from runner.transports.winrm import options as winrm_options
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.guards import ClearTextRefused, WireBroken
from runner.transports.winrm.lean import LeanWire
from runner.transports.winrm.link import Link
from runner.transports.winrm.options import build_options
from tests.transports.conftest import TRANSPORT, Serve, Site, hello
from tests.transports.wiretap import answer, wiretap

SOURCES = Path(winrm_lean.__file__).parent
PROXY = "http://127.0.0.1:3128"

LEAN: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"ansible_winrm_transport": "basic", "ansible_port": 5986}, True),
    ({"ansible_winrm_transport": "ntlm", "ansible_port": 5986}, True),
    ({"ansible_winrm_transport": "negotiate"}, True),
    ({"ansible_winrm_transport": "negotiate", "ansible_user": "bob@CORP"}, False),
    ({"ansible_winrm_transport": "negotiate", "ansible_password": None}, False),
    ({"ansible_winrm_transport": "kerberos"}, False),
    ({"ansible_winrm_transport": "credssp"}, False),
    ({"ansible_winrm_proxy": PROXY}, False),
]


@pytest.mark.parametrize(("variables", "lean"), LEAN)
def test_who_takes_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], lean: bool
) -> None:
    monkeypatch.setattr(winrm_options, "have_kerberos", lambda: True)
    for kind in ("kerberos", "credssp"):
        monkeypatch.setitem(winrm_options._EXTRAS, kind, (lambda: True, ""))
    usual = {"ansible_port": 5985, "ansible_user": "bob", "ansible_password": "x"}
    options = build_options("w", {**usual, **variables}, negotiate=True)
    assert winrm_lean.suits(options) is lean


@pytest.mark.parametrize(
    ("scheme", "logon", "requests"),
    [("http", "ntlm", 2), ("https", "ntlm", 2), ("https", "basic", 0)],
)
def test_what_a_visit_costs(serve: Serve, scheme: str, logon: str, requests: int) -> None:
    site = serve(scheme=scheme)
    link = site.connect(ansible_winrm_transport=logon)
    for _ in range(3):
        assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("requests") == link.exchanges == requests + 1 + 3 * 3 + 1
    assert site.count("connections") == site.count("logons") == 1
    assert site.count("failed_logons") == site.count("open_shells") == 0


def tapped(site: Site, port: int) -> LeanWire:
    """A wire that is logged on, by way of a tap."""
    wire = LeanWire(TRANSPORT.options("web01", site.variables(ansible_port=port)))
    wire.deadline = Deadline(30)
    wire.connect_limit = wire.read_limit = 30
    wire.build_session()
    return wire


def test_the_last_door_lets_nothing_out_unsealed(site: Site) -> None:
    with wiretap((site.front.address, site.front.port)) as tap:
        wire = tapped(site, tap.port)
        with pytest.raises(ClearTextRefused):
            wire._post(b"application/soap+xml;charset=UTF-8", b"<Envelope/>")
        wire._frames = None
        with pytest.raises(ClearTextRefused):
            wire.send_message(b"<Envelope/>")
        with pytest.raises(WireBroken):
            wire.send_message(b"<Envelope/>")
        assert len(tap.requests) == 2
        assert b"Envelope" not in tap.everything


def test_no_guard_is_an_assertion() -> None:
    """Python -O takes them away."""
    for path in SOURCES.glob("winrm*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), path.name


@pytest.mark.parametrize("head", ["Negotiate", "NTLM"])
@pytest.mark.parametrize("close", [(), ("Connection: close",)])
def test_a_first_token_that_is_not_looked_at(site: Site, head: str, close: tuple[str]) -> None:
    first = answer("401 ", f"WWW-Authenticate: {head}", "WWW-Authenticate: Basic realm=x", *close)
    target = (site.front.address, site.front.port)
    with wiretap(target, lambda number: first if number == 1 else None) as tap:
        link = Link(TRANSPORT.options("web01", site.variables(ansible_port=tap.port)))
        link.logon(Deadline(30))
        assert site.count("logons") == 1
        heads = [request.head.decode().lower() for request in tap.requests]
        assert ["authorization: negotiate " in head for head in heads] == [True, False, True, True]
        link.close()


def test_a_wrong_password_is_shown_to_the_host_once(site: Site) -> None:
    with wiretap((site.front.address, site.front.port)) as tap:
        with pytest.raises(AuthenticationFailed, match="Negotiate"):
            site.connect(ansible_port=tap.port, ansible_password="wrong")
        assert len(tap.requests) == 2
    assert site.count("failed_logons") == 1


@pytest.mark.parametrize(
    "odd",
    [
        b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 \r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 \r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi",
    ],
)
def test_an_odd_answer_is_a_failure_with_a_name(site: Site, odd: bytes) -> None:
    target = (site.front.address, site.front.port)
    with wiretap(target, lambda number: odd if number == 4 else None) as tap:
        link = site.connect(ansible_port=tap.port)
        with pytest.raises(ProtocolFailed) as caught:
            link.run(Invocation("out hello"), timeout=30)
    assert caught.value.may_have_started
    assert "between here and the host" in caught.value.hint


VISIT = """
import json, sys
from runner.interfaces.shell import Invocation
from runner.transports.winrm.transport import Transport
transport = Transport()
link = transport.connect(transport.options("web01", json.loads(sys.argv[1])), timeout=30)
said = link.run(Invocation("out hello"), timeout=30).stdout.decode()
link.close()
print(json.dumps([said, sorted(name for name in sys.modules if "." not in name)]))
"""


@pytest.mark.parametrize(
    ("scheme", "logon", "without"),
    [
        ("http", "ntlm", {"winrm", "requests", "urllib3", "xmltodict"}),
        ("https", "basic", {"winrm", "requests", "urllib3", "xmltodict", "spnego", "gssapi"}),
    ],
)
def test_a_visit_loads_only_what_it_needs(
    serve: Serve, scheme: str, logon: str, without: set[str]
) -> None:
    site = serve(scheme=scheme)
    variables = json.dumps(site.variables(ansible_winrm_transport=logon))
    done = subprocess.run(
        [sys.executable, "-c", VISIT, variables], check=True, capture_output=True, timeout=120
    )
    said, loaded = json.loads(done.stdout)
    assert said == "hello\r\n"
    assert without.isdisjoint(loaded)


REFUSED = """
import json, sys
from runner.errors import AuthenticationFailed
from runner.transports.winrm.transport import Transport
transport = Transport()
options = transport.options("web01", json.loads(sys.argv[1]))
transport.reach(options, timeout=30)
before = set(sys.modules)
try:
    transport.connect(options, timeout=30)
except AuthenticationFailed as error:
    assert transport.is_refusal(options, error)
    print(json.dumps(sorted(name for name in set(sys.modules) - before if "." not in name)))
"""


@pytest.mark.parametrize(("scheme", "logon"), [("http", "ntlm"), ("https", "ntlm")])
def test_a_verdict_on_a_password_does_not_wait_for_anything_to_load(
    serve: Serve, scheme: str, logon: str
) -> None:
    """All other hosts wait for it, and go on without it after some seconds."""
    site = serve(scheme=scheme)
    variables = site.variables(ansible_winrm_transport=logon, ansible_password="wrong")
    words = [sys.executable, "-c", REFUSED, json.dumps(variables)]
    done = subprocess.run(words, check=True, capture_output=True, timeout=120)
    assert {"requests", "winrm", "spnego", "gssapi"}.isdisjoint(json.loads(done.stdout))
    assert site.count("failed_logons") == 1
