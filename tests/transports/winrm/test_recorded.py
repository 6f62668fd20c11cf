"""What really leaves: recorded in between, after every kind of failure at every moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TransportError
from runner.interfaces.shell import Invocation
from runner.lab.winrm.options import FrontOptions
from runner.transports.winrm import kerberos
from runner.transports.winrm.kerberos_tickets import Tickets
from tests.transports.conftest import PASSWORD, Serve, Site
from tests.transports.kdc import HOST, USER, Kdc, missing, need_kerberos
from tests.transports.wiretap import RESET_AFTER, RESET_BEFORE, Wiretap, answer, wiretap

MARK = "very-secret-script"
FAILURES = {
    "503": answer("503 Service Unavailable"),
    "401": answer("401 ", "WWW-Authenticate: Negotiate", "WWW-Authenticate: CredSSP"),
    "401 and close": answer("401 ", "WWW-Authenticate: Negotiate", "Connection: close"),
    "400": answer("400 Bad Request"),
    "500": answer("500 "),
    "200": answer("200 OK"),
    "reset before": RESET_BEFORE,
    "reset after": RESET_AFTER,
}
CLEAR = (b"Envelope", MARK.encode(), b"rsp:", PASSWORD.encode())
"""What no byte of a body may show."""


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    need_kerberos()
    made = Kdc(tmp_path_factory.mktemp("realm"))
    made.add_user("bob", PASSWORD)
    with made.running():
        yield made


@pytest.fixture(params=["ntlm", "kerberos", "credssp"])
def logon(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, FrontOptions]:
    """One kind of logon over http, and a host that takes it."""
    kind: str = request.param
    if kind == "kerberos":
        realm: Kdc = request.getfixturevalue("realm")
        for name, value in realm.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(kerberos, "TICKETS", Tickets())
        return kind, FrontOptions(keytab=realm.keytab(f"HTTP/{HOST}"))
    if kind == "credssp":
        try:
            import requests_credssp  # noqa: F401
        except ImportError:
            missing("requests-credssp (pip install 'runner[credssp]')")
        return kind, FrontOptions(credssp="1.2")
    return kind, FrontOptions()


def settings(kind: str, **more: Any) -> dict[str, Any]:
    users = {"kerberos": USER}
    return {
        "ansible_user": users.get(kind, "CORP\\bob"),
        "ansible_winrm_transport": kind,
        "ansible_winrm_kerberos_hostname_override": HOST,
        "ansible_winrm_read_timeout_sec": 2,
        "ansible_winrm_operation_timeout_sec": 1,
        **more,
    }


def assert_nothing_in_clear(tap: Wiretap) -> None:
    for word in CLEAR:
        found = [r for r in tap.requests if word in r.body]
        assert not found, f"{word!r} left in clear"
    for request in tap.requests:
        assert not request.body or b"multipart/" in request.head.lower(), request.head
    assert MARK.encode() not in tap.everything
    assert PASSWORD.encode() not in tap.everything


def talk(site: Site, port: int, kind: str) -> int:
    """Connect, run a command, close; returns how many exchanges it took."""
    link = site.connect(5.0, **settings(kind, ansible_port=port))
    try:
        said = link.run(Invocation(f"out {MARK}"), timeout=5)
        assert said.stdout == f"{MARK}\r\n".encode()
    finally:
        link.close()
    return link.exchanges


@pytest.mark.usefixtures("impatient")
def test_nothing_leaves_in_clear_whatever_fails(
    serve: Serve, logon: tuple[str, FrontOptions]
) -> None:
    kind, options = logon
    site = serve("2019", user=settings(kind)["ansible_user"], options=options)
    target = (site.front.address, site.front.port)
    with wiretap(target) as tap:
        exchanges = talk(site, tap.port, kind)
        assert_nothing_in_clear(tap)
        assert tap.sealed >= 5
    outcomes: dict[str, int] = {"went on": 0, "failed": 0}
    for failure in FAILURES.values():
        for at in range(1, exchanges + 1):
            with wiretap(target, _at(at, failure)) as tap:
                try:
                    talk(site, tap.port, kind)
                except TransportError:
                    outcomes["failed"] += 1
                else:
                    outcomes["went on"] += 1
                assert len(tap.requests) >= at
                assert_nothing_in_clear(tap)
    assert min(outcomes.values()) >= exchanges, outcomes


def _always(failure: bytes) -> Callable[[int], bytes | None]:
    return lambda number: failure


def _at(moment: int, failure: bytes) -> Callable[[int], bytes | None]:
    return lambda number: failure if number == moment else None


@pytest.mark.usefixtures("impatient")
def test_nothing_leaves_in_clear_where_everything_fails(
    serve: Serve, logon: tuple[str, FrontOptions]
) -> None:
    kind, options = logon
    site = serve("2019", user=settings(kind)["ansible_user"], options=options)
    for failure in FAILURES.values():
        with wiretap((site.front.address, site.front.port), _always(failure)) as tap:
            with pytest.raises(TransportError) as caught:
                talk(site, tap.port, kind)
            assert not caught.value.may_have_started
            assert tap.requests
            assert tap.sealed == 0
            assert_nothing_in_clear(tap)


def test_the_tap_does_see_what_is_clear(serve: Serve) -> None:
    """So that the tests above can fail."""
    plain = serve("2019")
    with wiretap((plain.front.address, plain.front.port), _always(answer("500 "))) as tap:
        with pytest.raises(TransportError):
            plain.connect(
                5.0,
                ansible_port=tap.port,
                ansible_winrm_transport="basic",
                ansible_winrm_message_encryption="never",
            )
        with pytest.raises(AssertionError, match="in clear"):
            assert_nothing_in_clear(tap)
