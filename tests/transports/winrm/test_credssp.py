"""CredSSP logons, against an acceptor of TLS 1.2 and of TLS 1.3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, TransportError
from runner.interfaces.shell import Invocation
from runner.lab.winrm.options import FrontOptions
from runner.transports.winrm import kerberos
from runner.transports.winrm.kerberos_tickets import Tickets
from runner.transports.winrm.logon import reason_of
from tests.transports import kdc
from tests.transports.conftest import PASSWORD, Serve, Site, hello
from tests.transports.kdc import REALM, Kdc, missing, need_kerberos
from tests.transports.wiretap import RESET_AFTER, answer, wiretap

DOMAIN_USER = "CORP\\bob"
HANDSHAKE = 6
"""Requests before the first message: one without a token, and five with one."""


@pytest.fixture(scope="module", autouse=True)
def needed() -> None:
    """Skip, or fail in CI, without the package."""
    try:
        import requests_credssp  # noqa: F401
    except ImportError:
        missing("requests-credssp (pip install 'runner[credssp]')")


@pytest.fixture(params=["1.2", "1.3"])
def site(request: pytest.FixtureRequest, serve: Serve) -> Site:
    """A host that takes CredSSP."""
    return serve("2019", user=DOMAIN_USER, options=FrontOptions(credssp=request.param))


def settings(**more: Any) -> dict[str, Any]:
    return {"ansible_user": DOMAIN_USER, "ansible_winrm_transport": "credssp", **more}


def test_commands_run_and_the_host_gets_the_password(site: Site) -> None:
    link = site.connect(**settings())
    assert hello(link) == b"hello\r\n"
    assert link.run(Invocation("big 262144"), timeout=10).stdout == bytes(range(256)) * 1024
    echo = link.run(Invocation("cat", stdin=b"x" * 100_000), timeout=10)
    assert echo.stdout == b"x" * 100_000
    link.close()
    assert site.count("logons") == site.count("delegations") == 1
    assert site.count("failed_logons") == site.count("clear_bodies") == 0
    assert site.count("open_shells") == 0


def test_a_wrong_password_is_one_attempt(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(AuthenticationFailed) as caught:
        site.connect(**settings(ansible_password="Wr0ng-Secret"))
    assert site.count("failed_logons") == 1
    assert site.count("creates") == 0
    assert "the user or the password is wrong" in caught.value.message
    assert "it offers: CredSSP" in caught.value.message
    assert "not tried again" in caught.value.hint
    assert "Wr0ng-Secret" not in str(caught.value) + caplog.text


def test_over_https_messages_travel_once(serve: Serve) -> None:
    site = serve("2019", scheme="https", options=FrontOptions(credssp="1.2"))
    with wiretap((site.front.address, site.front.port)) as tap:
        with pytest.raises(TransportError):  # a tap without TLS: nothing but noise
            site.connect(**settings(ansible_user="admin"), ansible_port=tap.port, timeout=1)
        assert b"Envelope" not in tap.everything
    link = site.connect(**settings(ansible_user="admin"))
    before = site.count("requests")
    assert before == HANDSHAKE + 1  # Create has been sent once
    assert hello(link) == b"hello\r\n"
    link.close()


def test_a_host_that_does_not_offer_it(serve: Serve) -> None:
    site = serve("2019")
    with pytest.raises(AuthenticationFailed) as caught:
        site.connect(**settings())
    assert "does not offer credssp" in caught.value.hint
    assert site.count("failed_logons") == 0


@pytest.mark.parametrize("at", range(1, HANDSHAKE + 1))
@pytest.mark.parametrize("failure", [answer("503 "), answer("401 "), RESET_AFTER])
@pytest.mark.usefixtures("impatient")
def test_a_handshake_that_is_disturbed(serve: Serve, at: int, failure: bytes) -> None:
    """No message leaves in clear, and a refusal in the middle is not taken for a failure."""
    site = serve("2019", user=DOMAIN_USER, options=FrontOptions(credssp="1.2"))
    target = (site.front.address, site.front.port)
    with wiretap(target, lambda number: failure if number == at else None) as tap:
        if failure == answer("401 "):
            with pytest.raises(AuthenticationFailed):
                site.connect(**settings(ansible_port=tap.port))
        else:
            link = site.connect(**settings(ansible_port=tap.port))
            assert hello(link) == b"hello\r\n"
            link.close()
        assert b"Envelope" not in tap.everything
        assert PASSWORD.encode() not in tap.everything


def test_what_hosts_say_is_put_into_words() -> None:
    from requests_credssp.exceptions import NTStatusException

    assert reason_of(NTStatusException(0xC0000234)) == "the account is locked, 0xC0000234"
    assert reason_of(NTStatusException(0xC0001234)) == "error, 0xC0001234"


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    """For inner logons by Kerberos: a wrong password must not be tried there and by NTLM."""
    need_kerberos()
    made = Kdc(tmp_path_factory.mktemp("realm"))
    made.add_user("bob", PASSWORD)
    with made.running():
        yield made


@pytest.fixture
def alone(realm: Kdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in realm.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'ccache'}")
    monkeypatch.setattr(kerberos, "TICKETS", Tickets())


def in_a_realm(serve: Serve, realm: Kdc) -> Site:
    options = FrontOptions(credssp="1.2", keytab=realm.keytab("HTTP/localhost"))
    return serve("2019", user=f"bob@{REALM}", options=options)


@pytest.mark.usefixtures("alone")
def test_a_ticket_for_the_inner_logon(serve: Serve, realm: Kdc) -> None:
    site = in_a_realm(serve, realm)
    before = realm.requests("TGS_REQ", "HTTP/localhost")
    link = site.connect(**settings(ansible_user=f"bob@{REALM}", ansible_host="localhost"))
    assert hello(link) == b"hello\r\n"
    link.close()
    assert realm.requests("TGS_REQ", "HTTP/localhost") > before


@pytest.mark.usefixtures("alone")
def test_ntlm_where_the_realm_does_not_know_the_host(serve: Serve, realm: Kdc) -> None:
    site = in_a_realm(serve, realm)
    link = site.connect(**settings(ansible_user=f"bob@{REALM}"))
    assert hello(link) == b"hello\r\n"
    link.close()


@pytest.mark.usefixtures("alone")
def test_a_wrong_password_is_one_attempt_in_all(serve: Serve, realm: Kdc) -> None:
    site = in_a_realm(serve, realm)
    with pytest.raises(AuthenticationFailed, match="KDC refuses"):
        site.connect(
            **settings(
                ansible_user=f"bob@{REALM}",
                ansible_host="localhost",
                ansible_password="Wr0ng",
            )
        )
    assert realm.failed_attempts("bob") == 1
    assert site.count("failed_logons") == 0
    assert kdc.PASSWORD != PASSWORD
