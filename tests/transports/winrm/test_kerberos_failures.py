"""Everything that can go wrong with a ticket, and what is said about it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from runner.errors import AuthenticationFailed, Unreachable
from tests.transports.conftest import Site
from tests.transports.kdc import PASSWORD, REALM, USER, Kdc
from tests.transports.tickets import refused, settings


def test_a_ticket_that_cannot_be_forwarded(
    running: Kdc, host: Callable[..., Site], cache: str
) -> None:
    running.kinit("-F", USER, cache=cache)
    error = refused(host(), ansible_password=None, ansible_winrm_kerberos_delegation=True)
    assert "kinit -f" in error.hint
    running.kinit("-f", USER, cache=cache)
    site = host()
    site.connect(**settings(ansible_password=None, ansible_winrm_kerberos_delegation=True)).close()
    assert site.count("delegations") == 1


ACCOUNTS = [
    ("nobody", "", "does not know this user", "realm"),
    ("locked", "modprinc -allow_tix locked", "locked, disabled or expired", "unlocked"),
    ("gone", "modprinc -expire yesterday gone", "locked, disabled or expired", "unlocked"),
    ("old", "modprinc -pwexpire yesterday old", "password has expired", "change the password"),
]


@pytest.mark.parametrize(("name", "command", "said", "advice"), ACCOUNTS)
def test_accounts_that_get_no_ticket(
    running: Kdc, host: Callable[..., Site], name: str, command: str, said: str, advice: str
) -> None:
    if command:
        running.add_user(name, PASSWORD)
        running.change(command)
    site = host()
    error = refused(site, ansible_user=f"{name}@{REALM}")
    assert isinstance(error, AuthenticationFailed)
    assert said in error.message
    assert advice in error.hint
    assert site.count("connections") == 0


def test_no_ticket_at_all(running: Kdc, host: Callable[..., Site]) -> None:
    error = refused(host(), ansible_password=None)
    assert isinstance(error, AuthenticationFailed)
    assert "there is no ticket" in error.message
    assert "kinit" in error.hint


def test_an_expired_ticket(running: Kdc, host: Callable[..., Site], cache: str) -> None:
    running.kinit("-l", "1s", USER, cache=cache)
    time.sleep(1.5)
    error = refused(host(), ansible_password=None)
    assert isinstance(error, AuthenticationFailed)
    assert "expired" in error.message
    assert "kinit" in error.hint


def test_an_unknown_service(running: Kdc, host: Callable[..., Site]) -> None:
    site = host()
    error = refused(site, ansible_winrm_kerberos_hostname_override="no-such.corp.example")
    assert isinstance(error, AuthenticationFailed)
    assert "HTTP/no-such.corp.example" in error.message
    assert "setspn -Q" in error.hint
    assert "kerberos_hostname_override" in error.hint
    assert site.count("connections") == 0


def test_no_kdc_answers(
    realm: Kdc, host: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("KRB5_CONFIG", str(realm.configure(kdc=f"127.0.0.1:{port}")))
    error = refused(host())
    assert isinstance(error, Unreachable)
    assert "port 88" in error.hint


def test_a_kdc_that_says_nothing_does_not_hold_us_up(
    realm: Kdc, host: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kdc = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("KRB5_CONFIG", str(realm.configure(kdc=kdc)))
        begun = time.monotonic()
        error = refused(host(), timeout=0.5)
        assert time.monotonic() - begun < 3
    assert error.category in ("unreachable", "timeout")


def test_a_realm_that_nobody_knows(running: Kdc, host: Callable[..., Site]) -> None:
    error = refused(host(), ansible_user="bob@corp.example")
    assert isinstance(error, AuthenticationFailed)
    assert "capitals" in error.hint
    assert "krb5.conf" in error.hint


def test_a_host_with_another_key(running: Kdc, host: Callable[..., Site]) -> None:
    """The ticket is sealed for another account: a wrong or doubled SPN."""
    stale = running.keytab("HTTP/moved.corp.example", name="stale.keytab")
    running.change("cpw -randkey HTTP/moved.corp.example")
    site = host(keytab=stale)
    error = refused(site, ansible_winrm_kerberos_hostname_override="moved.corp.example")
    assert isinstance(error, AuthenticationFailed)
    assert "setspn" in error.hint
    assert site.count("failed_logons") == 1


def test_a_user_that_the_host_does_not_let_in(running: Kdc, host: Callable[..., Site]) -> None:
    site = host()
    error = refused(site, ansible_user=f"eve@{REALM}")
    assert isinstance(error, AuthenticationFailed)
    assert "may not log on" in error.hint
    assert site.count("failed_logons") == 1


@pytest.mark.parametrize("clock", ["-20m", "+20m"])
def test_the_clocks_of_kdc_and_host_differ(
    realm: Kdc, host: Callable[..., Site], clock: str
) -> None:
    """The client follows its KDC's clock, so that the host refuses the ticket."""
    other = realm.twin()
    with other.running(clock=clock), _at(other):
        error = refused(host())
    assert isinstance(error, AuthenticationFailed)
    assert "clocks" in error.message + error.hint


def test_the_clock_of_the_kdc_differs_from_ours(
    realm: Kdc, host: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = realm.twin()
    with other.running(clock="+20m"):
        strict = other.configure(kdc_timesync="0")
        monkeypatch.setenv("KRB5_CONFIG", str(strict))
        error = refused(host())
    assert isinstance(error, AuthenticationFailed)
    assert "NTP" in error.hint
    assert "clocks" in error.message


@contextlib.contextmanager
def _at(realm: Kdc) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KRB5_CONFIG", realm.environment["KRB5_CONFIG"])
        yield
