"""What a host says that it takes (WWW-Authenticate), and what becomes of each logon then.

Sources: RFC 4559 (Negotiate), [MS-NTHT] 2.1 (NTLM), [MS-WSMV] 2.2.9.1 (what sealed messages are
called), Microsoft KB 2749007 (a host that does not look at a first token).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, ProtocolFailed
from runner.interfaces.transport import Connection
from runner.lab.winrm.options import FrontOptions
from tests.transports.conftest import TRANSPORT, Serve, Site, hello
from tests.transports.kdc import Kdc
from tests.transports.tickets import settings
from tests.transports.wiretap import Wiretap, wiretap

OPEN = {"allow_unencrypted": True}


def heads(tap: Wiretap) -> list[str]:
    """The scheme with which each request came, and what its body is called where it has one."""
    found = []
    for request in tap.requests:
        lines = (line.split(": ", 1) for line in request.head.decode().lower().splitlines())
        fields = dict(line for line in lines if len(line) == 2)
        called = re.search("http-([a-z]+)-session-encrypted", fields.get("content-type", ""))
        sealed = f"sealed as {called[1]}" if called else "nothing"
        found.append(fields.get("authorization", "").split(" ", 1)[0] or sealed)
    return found


def visit(site: Site, **more: Any) -> tuple[list[str], Connection]:
    """One command by way of a tap; what was sent until it had run."""
    with wiretap((site.front.address, site.front.port)) as tap:
        link = site.connect(ansible_port=tap.port, **more)
        assert hello(link) == b"hello\r\n"
        sent = heads(tap)
        link.close()
    return sent, link


SEALED = ["sealed as spnego"] * 4
TAKEN = {
    "as Windows is": ({}, "", ["negotiate"] * 2),
    "NTLM beside Negotiate": ({"ntlm": True}, "", ["negotiate"] * 2),
    "NTLM alone": (
        {"negotiate": False, "ntlm": True}, "", ["negotiate", "nothing", "ntlm", "ntlm"],
    ),
    "asked before it looks": ({}, "asks_first", ["negotiate", "nothing"] + ["negotiate"] * 2),
    "NTLM alone, asked before it looks": (
        {"negotiate": False, "ntlm": True}, "asks_first", ["negotiate", "nothing", "ntlm", "ntlm"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("options", "fault", "sent"), TAKEN.values(), ids=TAKEN.keys())
def test_ntlm_under_whatever_name(
    serve: Serve, options: dict[str, Any], fault: str, sent: list[str]
) -> None:
    site = serve(options=FrontOptions(**options))
    if fault:
        site.front.inject(fault)
    assert visit(site)[0] == sent + SEALED
    assert site.count("failed_logons") == 0
    assert site.count("logons") == 1


NOT_TAKEN = {
    "ntlm, Basic alone": ("ntlm", {"negotiate": False, **OPEN}, "does not offer ntlm", "Basic"),
    "ntlm, nothing": ("ntlm", {"negotiate": False}, "", "nothing"),
    "basic, Negotiate alone": (
        "basic", {"basic": False}, "does not offer basic", "it offers: Negotiate",
    ),
    "basic, NTLM alone": (
        "basic", {"basic": False, "negotiate": False, "ntlm": True}, "does not offer basic",
        "it offers: NTLM",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("logon", "options", "advice", "says"), NOT_TAKEN.values(), ids=NOT_TAKEN.keys()
)
def test_a_logon_that_is_not_offered(
    serve: Serve, logon: str, options: dict[str, Any], advice: str, says: str
) -> None:
    scheme = "https" if logon == "basic" else "http"
    site = serve(scheme=scheme, options=FrontOptions(**options))
    read = TRANSPORT.options("web01", site.variables(ansible_winrm_transport=logon))
    with pytest.raises(AuthenticationFailed) as caught:
        TRANSPORT.connect(read, timeout=30)
    assert advice in caught.value.hint
    assert says in caught.value.message
    assert not TRANSPORT.is_refusal(read, caught.value), "it says nothing of the password"
    assert site.count("failed_logons") == 0


def test_a_host_that_never_looks_at_a_token(site: Site) -> None:
    site.front.inject("asks_first", 99)
    with pytest.raises(ProtocolFailed, match="does not answer the ntlm logon") as caught:
        site.connect()
    assert "Restrict NTLM" in caught.value.hint
    assert site.count("failed_logons") == 0


def test_a_password_is_shown_once_to_a_host_that_is_asked_first(site: Site) -> None:
    site.front.inject("asks_first")
    with pytest.raises(AuthenticationFailed):
        site.connect(ansible_password="wrong")
    assert site.count("failed_logons") == 1


def test_tickets_where_negotiate_is_switched_off(running: Kdc, host: Callable[..., Site]) -> None:
    del running
    site = host(negotiate=False)
    sent, _ = visit(site, **settings())
    assert sent == ["negotiate", "kerberos"] + ["sealed as kerberos"] * 4
    assert site.count("failed_logons") == 0


def test_tickets_where_there_is_only_ntlm(running: Kdc, host: Callable[..., Site]) -> None:
    del running
    site = host(negotiate=False, ntlm=True, keytab=None)
    with pytest.raises(AuthenticationFailed) as caught:
        site.connect(**settings())
    assert "does not offer kerberos" in caught.value.hint
    assert "it offers: NTLM" in caught.value.message


def test_a_password_where_there_are_only_tickets(running: Kdc, host: Callable[..., Site]) -> None:
    del running
    site = host(negotiate=False)
    with pytest.raises(AuthenticationFailed) as caught:
        site.connect()
    assert "does not offer ntlm" in caught.value.hint
    assert "it offers: Kerberos" in caught.value.message
    assert site.count("failed_logons") == 0
