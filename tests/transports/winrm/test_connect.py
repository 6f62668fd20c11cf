"""Connecting: logon, TLS, hosts that are not there, quotas, and what an open connection is."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, QuotaExceeded, TlsFailed, Unreachable
from runner.interfaces.shell import Invocation
from runner.lab.winrm.options import FrontOptions
from tests.transports.conftest import PASSWORD, TRANSPORT, Serve, Site, hello


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_wrong_password_costs_one_logon_attempt(
    serve: Serve, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    wrong = "-".join(["Wr0ng", "Secret"])
    site = serve(scheme=scheme)
    with pytest.raises(AuthenticationFailed) as caught:
        site.connect(ansible_password=wrong)
    assert site.count("failed_logons") == 1
    assert site.count("creates") == 0
    assert not caught.value.may_have_started
    assert "Negotiate" in caught.value.message
    assert "ansible_password" in caught.value.hint
    assert wrong not in "".join(traceback.format_exception(caught.value))
    assert wrong not in caplog.text


def test_a_scheme_that_is_not_offered(serve: Serve) -> None:
    site = serve(scheme="https", options=FrontOptions(basic=False))
    with pytest.raises(AuthenticationFailed, match="Negotiate") as caught:
        site.connect(ansible_winrm_transport="basic")
    assert "does not offer basic" in caught.value.hint


def test_the_password_is_in_no_text(site: Site) -> None:
    options = TRANSPORT.options("web01", site.variables())
    assert PASSWORD not in repr(options) + str(options) + options.model_dump_json(
        exclude={"password"}
    )


@pytest.mark.parametrize(
    ("flaw", "advice"),
    [
        ("self_signed", "ansible_winrm_ca_trust_path"),
        ("expired", "renew"),
        ("wrong_name", "ansible_host"),
    ],
)
def test_certificates_that_are_not_trusted(serve: Serve, flaw: str, advice: str) -> None:
    site = serve(scheme="https", options=FrontOptions(certificate_flaw=flaw))  # type: ignore[arg-type]
    trust: dict[str, Any] = {"ansible_winrm_ca_trust_path": None} if flaw == "self_signed" else {}
    with pytest.raises(TlsFailed) as caught:
        site.connect(**trust)
    assert advice in caught.value.hint
    assert site.count("logons") == site.count("failed_logons") == 0
    site.connect(ansible_winrm_server_cert_validation="ignore", **trust).close()


def test_a_powered_off_host_is_noticed_at_once(site: Site) -> None:
    site.machine.power_off()
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="refused") as caught:
        site.connect()
    assert time.monotonic() - begun < 1
    assert "winrm quickconfig" in caught.value.hint
    assert not caught.value.may_have_started


def test_an_unknown_name() -> None:
    variables = {
        "ansible_host": "no-such-host.invalid",
        "ansible_user": "a",
        "ansible_password": "b",
    }
    with pytest.raises(Unreachable, match="name is not known"):
        TRANSPORT.connect(TRANSPORT.options("h", variables), timeout=3)


@pytest.mark.usefixtures("impatient")
def test_a_host_that_never_answers(site: Site) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="no answer"):
            site.connect(ansible_port=silent.getsockname()[1], timeout=0.3)
        assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("os", ["2008r2-sp1", "2019"])
def test_too_many_shells(serve: Serve, os: str) -> None:
    site = serve(os)
    site.front.inject("quota_shells")
    with pytest.raises(QuotaExceeded, match="2150859173") as caught:
        site.connect()
    assert "MaxShellsPerUser" in caught.value.hint
    assert not caught.value.may_have_started


@pytest.mark.usefixtures("impatient")
def test_a_service_that_is_starting_is_asked_once_more(site: Site) -> None:
    site.front.inject("http_503")
    site.connect().close()
    site.front.inject("http_503", 9)
    with pytest.raises(Unreachable, match="503"):
        site.connect()
    site.front.inject("http_503", 0)


def test_many_hosts_at_once(serve: Serve) -> None:
    sites = [serve(name=f"web{number:02}") for number in range(8)]
    said: dict[int, list[bytes]] = {}

    def visit(number: int) -> None:
        link = sites[number].connect()
        said[number] = [
            link.run(Invocation(f"out {number}.{turn}"), timeout=10).stdout for turn in range(5)
        ]
        link.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {n: [b"%d.%d\r\n" % (n, turn) for turn in range(5)] for n in range(8)}
    assert all(site.count("open_shells") == 0 and site.count("logons") == 1 for site in sites)


def test_old_hosts_get_a_new_shell_before_their_quota(serve: Serve) -> None:
    site = serve("2008r2-sp1")
    link = site.connect()
    for _ in range(25):
        assert hello(link) == b"hello\r\n"
    assert site.count("quota_refusals") == 0
    assert site.count("creates") == 3
    link.close()
    assert site.count("open_shells") == 0


def test_first_generation_hosts_get_a_code_page_they_bear(serve: Serve) -> None:
    site = serve("2003-sp2")
    link = site.connect()
    assert link.encoding == "cp437"
    assert hello(link) == b"hello\r\n"
    assert site.machine.codepages == [437, 437], "one to ask for its own, one for the command"
    assert site.count("open_shells") == 1
    link.close()


def test_a_code_page_can_be_asked_for(site: Site) -> None:
    link = site.connect(runner_codepage=936)
    assert link.encoding == "cp936"
    hello(link)
    assert site.machine.codepages == [936]
    link.close()


def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    link = site.connect()
    assert hello(link) == b"hello\r\n"
    link.close()
