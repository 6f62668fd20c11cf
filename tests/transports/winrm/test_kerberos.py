"""Kerberos logons: a real KDC, and a host that is a real acceptor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, ProtocolFailed
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.winrm.options import FrontOptions
from runner.transports import load
from tests.transports.certificates import Issuer, server_context
from tests.transports.conftest import Serve, Site, hello
from tests.transports.kdc import HOST, PASSWORD, REALM, USER, Kdc
from tests.transports.tickets import refused, settings
from tests.transports.wiretap import wiretap


def test_a_password_becomes_a_ticket_and_messages_are_sealed(
    running: Kdc, host: Callable[..., Site]
) -> None:
    site = host()
    link = site.connect(**settings())
    assert hello(link) == b"hello\r\n"
    big = link.run(Invocation("big 524288"), timeout=10)
    assert big.stdout == bytes(range(256)) * 2048
    echo = link.run(Invocation("cat", stdin=b"x" * 200_000), timeout=10)
    assert echo.stdout == b"x" * 200_000
    link.close()
    assert site.count("logons") == 1
    assert site.count("failed_logons") == site.count("clear_bodies") == 0
    assert site.count("delegations") == 0
    assert site.count("open_shells") == 0


def test_the_name_of_the_host_is_its_service(running: Kdc, host: Callable[..., Site]) -> None:
    site = host()
    link = site.connect(
        **settings(ansible_host="localhost", ansible_winrm_kerberos_hostname_override=None)
    )
    assert hello(link) == b"hello\r\n"
    link.close()
    with pytest.raises(AuthenticationFailed, match=r"HTTP/127\.0\.0\.1"):
        host().connect(**settings(ansible_winrm_kerberos_hostname_override=None))


def test_the_service_can_be_named(running: Kdc, host: Callable[..., Site]) -> None:
    before = running.requests("TGS_REQ", f"WSMAN/{HOST}")
    link = host().connect(**settings(ansible_winrm_service="WSMAN"))
    assert hello(link) == b"hello\r\n"
    link.close()
    assert running.requests("TGS_REQ", f"WSMAN/{HOST}") == before + 1


@pytest.mark.parametrize(
    "more",
    [
        {"ansible_password": None},
        {"ansible_password": None, "ansible_user": None},
        {"ansible_password": "not asked", "ansible_winrm_kinit_mode": "manual"},
    ],
)
def test_a_ticket_that_is_there_is_used(
    running: Kdc, host: Callable[..., Site], cache: str, more: dict[str, Any]
) -> None:
    running.kinit(USER, cache=cache)
    before = running.requests("AS_REQ")
    link = host().connect(**settings(**more))
    assert hello(link) == b"hello\r\n"
    link.close()
    assert running.requests("AS_REQ") == before


@pytest.mark.parametrize("spelling", ["variable", "kinit -k -t", "kinit -kt", "any principal"])
def test_a_keytab(running: Kdc, host: Callable[..., Site], tmp_path: Path, spelling: str) -> None:
    keytab = running.keytab(USER, name=f"{spelling.replace(' ', '')}.keytab")
    more: dict[str, Any] = {"ansible_password": None, "ansible_winrm_keytab": str(keytab)}
    if spelling.startswith("kinit"):
        words = spelling.removeprefix("kinit ")
        more = {"ansible_password": None, "ansible_winrm_kinit_args": f"{words} {keytab}"}
    elif spelling == "any principal":
        more["ansible_user"] = None
    link = host().connect(**settings(**more))
    assert hello(link) == b"hello\r\n"
    link.close()
    assert not (tmp_path / "ccache").exists()


def test_many_hosts_ask_for_one_ticket(running: Kdc, host: Callable[..., Site]) -> None:
    sites = [host() for _ in range(6)]
    before = running.requests("AS_REQ", "ISSUE")
    said: list[bytes] = []

    def visit(site: Site) -> None:
        link = site.connect(**settings())
        said.append(hello(link))
        link.close()

    threads = [threading.Thread(target=visit, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [b"hello\r\n"] * 6
    assert running.requests("AS_REQ", "ISSUE") == before + 1


def test_a_wrong_password_is_one_attempt_for_all_hosts(
    running: Kdc, host: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    running.add_user("dora", PASSWORD)
    before = running.requests("AS_REQ", "PREAUTH_FAILED")
    for _ in range(4):
        site = host()
        error = refused(site, ansible_user=f"dora@{REALM}", ansible_password="Wr0ng-Secret")
        assert isinstance(error, AuthenticationFailed)
        assert "the KDC refuses the password" in error.message
        assert "not tried again" in error.hint
        assert "Wr0ng-Secret" not in str(error) + caplog.text
        assert site.count("connections") == 0
    assert running.failed_attempts("dora") == 1
    assert running.requests("AS_REQ", "PREAUTH_FAILED") == before + 1


@pytest.mark.parametrize(
    ("hardening", "send", "passes"),
    [
        ("strict", True, True),
        ("strict", False, False),
        ("relaxed", False, True),
    ],
)
def test_channel_binding(
    running: Kdc, host: Callable[..., Site], hardening: str, send: bool, passes: bool
) -> None:
    site = host(scheme="https", channel_binding=hardening)
    if passes:
        link = site.connect(**settings(ansible_winrm_send_cbt=send))
        assert hello(link) == b"hello\r\n"
        link.close()
        assert site.count("logons") == 1
    else:
        error = refused(site, ansible_winrm_send_cbt=send)
        assert "ends TLS" in error.hint
        assert site.count("failed_logons") == 1


@pytest.mark.parametrize("hardening", ["strict", "relaxed"])
def test_somebody_in_between_with_a_trusted_certificate(
    running: Kdc, host: Callable[..., Site], tmp_path: Path, hardening: str
) -> None:
    site = host(scheme="https", channel_binding=hardening)
    issuer = Issuer()
    context = server_context(issuer.issue("127.0.0.1", "127.0.0.1"), tmp_path)
    trust = tmp_path / "trusted.pem"
    trust.write_bytes(issuer.papers.pem)
    with wiretap((site.front.address, site.front.port), tls=context) as tap:
        error = refused(site, ansible_port=tap.port, ansible_winrm_ca_trust_path=str(trust))
    assert isinstance(error, AuthenticationFailed)
    assert site.count("failed_logons") == 1
    assert b"Envelope" not in tap.everything


@pytest.mark.parametrize("delegate", [True, False])
def test_delegation_is_asked_for_by_name(
    running: Kdc, host: Callable[..., Site], delegate: bool
) -> None:
    site = host()
    link = site.connect(**settings(ansible_winrm_kerberos_delegation=delegate))
    assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("delegations") == int(delegate)


def test_a_host_that_does_not_prove_itself(running: Kdc, host: Callable[..., Site]) -> None:
    site = host()

    def without_proof(head: bytes) -> bytes:
        lines = head.split(b"\r\n")
        return b"\r\n".join(x for x in lines if not x.lower().startswith(b"www-authenticate"))

    with wiretap((site.front.address, site.front.port), change=without_proof) as tap:
        error = refused(site, ansible_port=tap.port)
    assert isinstance(error, ProtocolFailed)
    assert "did not prove who it is" in error.message
    assert b"Envelope" not in tap.everything


def test_a_dropped_connection_needs_no_new_ticket(running: Kdc, host: Callable[..., Site]) -> None:
    site = host(keep_alive=0.3)
    link = site.connect(**settings())
    before = running.requests("AS_REQ")
    for _ in range(2):
        assert hello(link) == b"hello\r\n"
        time.sleep(0.6)
    link.close()
    assert site.machine.ran == ["out hello"] * 2
    assert site.count("failed_logons") == 0
    assert running.requests("AS_REQ") == before


def test_a_host_that_takes_no_tickets(running: Kdc, serve: Serve) -> None:
    site = serve("2019", scheme="https", options=FrontOptions(negotiate=False))
    error = refused(site)
    assert "does not offer kerberos" in error.hint


def test_old_tickets_make_way(
    running: Kdc, host: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    running.add_user("short", PASSWORD, "-maxlife 2min")
    site = host(user=f"short@{REALM}")
    before = running.requests("AS_REQ", "ISSUE")
    for _ in range(2):  # two minutes are less than what a ticket must have left
        site.connect(**settings(ansible_user=f"short@{REALM}")).close()
    assert running.requests("AS_REQ", "ISSUE") == before + 2
    monkeypatch.setattr("runner.transports.winrm.kerberos_tickets._FRESH_SECONDS", 1)
    site.connect(**settings(ansible_user=f"short@{REALM}")).close()
    assert running.requests("AS_REQ", "ISSUE") == before + 2


def test_a_realm_that_has_rc4_only(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Domains of Server 2003: other tokens ([RFC 4757]), with padding behind each message."""
    old = Kdc(tmp_path, enctypes="arcfour-hmac")
    old.add_user("bob", PASSWORD)
    site = serve("2003-sp2", user=USER, options=FrontOptions(keytab=old.keytab(f"HTTP/{HOST}")))
    for name, value in old.environment.items():
        monkeypatch.setenv(name, value)
    with old.running():
        link = site.connect(**settings())
        assert hello(link) == b"hello\r\n"
        assert link.run(Invocation("big 65536"), timeout=10).stdout == bytes(range(256)) * 256
        link.close()


class TestNegotiate:
    """psrp's usual logon: Kerberos where there is a ticket to be had, else NTLM."""

    def connect(self, site: Site, **more: Any) -> Connection:
        transport = load("psrp")
        variables = {
            "ansible_psrp_host": site.front.address,
            "ansible_psrp_port": site.front.port,
            "ansible_psrp_protocol": site.front.scheme,
            "ansible_psrp_negotiate_hostname_override": HOST,
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            **more,
        }
        return transport.connect(transport.options("web01", variables), timeout=10)

    def test_kerberos_where_it_works(self, running: Kdc, host: Callable[..., Site]) -> None:
        before = running.requests("TGS_REQ", f"WSMAN/{HOST}")
        link = self.connect(host())
        assert hello(link) == b"hello\r\n"
        link.close()
        assert running.requests("TGS_REQ", f"WSMAN/{HOST}") == before + 1

    def test_ntlm_where_the_realm_does_not_know_the_host(
        self, running: Kdc, host: Callable[..., Site]
    ) -> None:
        site = host()
        link = self.connect(site, ansible_psrp_negotiate_hostname_override="no-such.host")
        assert hello(link) == b"hello\r\n"
        link.close()
        assert site.count("failed_logons") == 0

    def test_ntlm_where_no_kdc_answers(
        self, realm: Kdc, host: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KRB5_CONFIG", str(realm.configure(kdc="127.0.0.1:9")))
        link = self.connect(host())
        assert hello(link) == b"hello\r\n"
        link.close()

    def test_neither_ticket_nor_password(self, running: Kdc, host: Callable[..., Site]) -> None:
        site = host()
        with pytest.raises(AuthenticationFailed, match="there is no ticket"):
            self.connect(site, ansible_password=None)
        assert site.count("connections") == 0

    def test_a_wrong_password_is_not_tried_by_both(
        self, running: Kdc, host: Callable[..., Site]
    ) -> None:
        running.add_user("finn", PASSWORD)
        site = host(user=f"finn@{REALM}")
        with pytest.raises(AuthenticationFailed, match="KDC refuses"):
            self.connect(site, ansible_user=f"finn@{REALM}", ansible_password="Wr0ng")
        assert running.failed_attempts("finn") == 1
        assert site.count("connections") == site.count("failed_logons") == 0
