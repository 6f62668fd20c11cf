"""TLS: every certificate that can be wrong, old hosts, wrong ports, and who stands in between."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from runner.errors import AuthenticationFailed, ProtocolFailed, TlsFailed, Unreachable
from runner.lab.spec import HostSpec
from runner.lab.winrm.front import Front
from runner.lab.winrm.options import FrontOptions
from tests.transports.certificates import (
    FixedAuthority,
    Issuer,
    Papers,
    only_tls_1_0,
    server_context,
)
from tests.transports.conftest import PASSWORD, USER, Serve, Site, hello
from tests.transports.machine import Machine
from tests.transports.proxy import http_proxy
from tests.transports.wiretap import wiretap

ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """The authority of this fleet."""
    return Issuer()


@pytest.fixture
def trust(issuer: Issuer, tmp_path: Path) -> str:
    """The file of that authority."""
    path = tmp_path / "authority.pem"
    path.write_bytes(issuer.papers.pem)
    return str(path)


Start = Callable[..., Site]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Serve a host over https with these papers: ``start(papers, options=, context=)``."""
    with contextlib.ExitStack() as stack:

        def begin(
            papers: Papers,
            *,
            options: FrontOptions | None = None,
            change: Callable[[ssl.SSLContext], ssl.SSLContext] = lambda context: context,
        ) -> Site:
            machine = Machine("2019")
            spec = HostSpec.model_validate(
                {
                    "name": "web01",
                    "port": 0,
                    "scheme": "https",
                    "user": USER,
                    "password": PASSWORD,
                    "os": "2019",
                }
            )
            context = change(server_context(papers, tmp_path))
            authority = FixedAuthority(papers, context)
            front = stack.enter_context(Front(machine, spec, options, authority=authority))
            return Site(machine, front, tmp_path)

        yield begin


def papers_of(kind: str, issuer: Issuer) -> Papers:
    match kind:
        case "good":
            return issuer.issue("web01", ADDRESS)
        case "expired":
            return issuer.issue("web01", ADDRESS, days=(-30, -1))
        case "not yet valid":
            return issuer.issue("web01", ADDRESS, days=(1, 30))
        case "self-signed":
            return issuer.issue("web01", ADDRESS, alone=True)
        case "another name":
            return issuer.issue("web02", "web02.corp.example")
        case "another address":
            return issuer.issue("web02", "192.0.2.7")
        case "no names at all":
            return issuer.issue("web01")
        case "unknown authority":
            return Issuer("Somebody").issue("web01", ADDRESS)
        case "weak":
            key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
            return issuer.issue("web01", ADDRESS, key=key)
    raise AssertionError(kind)


WRONG = [
    ("expired", "renew the certificate"),
    ("not yet valid", "clocks"),
    ("self-signed", "signed by itself"),
    ("another name", "set ansible_host to the name in it"),
    ("another address", "set ansible_host to the name in it"),
    ("no names at all", "set ansible_host to the name in it"),
    ("unknown authority", "ansible_winrm_ca_trust_path"),
    ("weak", "2048 bit RSA"),
]


@pytest.mark.parametrize("logon", ["ntlm", "basic"])
def test_a_good_certificate(start: Start, issuer: Issuer, trust: str, logon: str) -> None:
    site = start(papers_of("good", issuer))
    link = site.connect(ansible_winrm_ca_trust_path=trust, ansible_winrm_transport=logon)
    assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("logons") == 1


@pytest.mark.parametrize(("kind", "advice"), WRONG)
def test_a_wrong_certificate(
    start: Start, issuer: Issuer, trust: str, kind: str, advice: str
) -> None:
    site = start(papers_of(kind, issuer))
    with pytest.raises(TlsFailed) as caught:
        site.connect(ansible_winrm_ca_trust_path=trust)
    assert advice in caught.value.hint
    assert not caught.value.may_have_started
    assert site.count("requests") == 0
    assert site.count("connections") == 1


@pytest.mark.parametrize("kind", [kind for kind, _ in WRONG if kind != "weak"])
def test_any_certificate_where_it_is_not_to_be_checked(
    start: Start, issuer: Issuer, kind: str
) -> None:
    site = start(papers_of(kind, issuer), options=FrontOptions(channel_binding="strict"))
    link = site.connect(
        ansible_winrm_ca_trust_path=None, ansible_winrm_server_cert_validation="ignore"
    )
    assert hello(link) == b"hello\r\n"
    link.close()


def test_without_a_ca_the_system_decides(start: Start, issuer: Issuer) -> None:
    site = start(papers_of("good", issuer))
    with pytest.raises(TlsFailed) as caught:
        site.connect(ansible_winrm_ca_trust_path=None)
    assert "ansible_winrm_ca_trust_path" in caught.value.hint


def test_a_self_signed_certificate_can_be_trusted_by_itself(
    start: Start, issuer: Issuer, tmp_path: Path
) -> None:
    papers = papers_of("self-signed", issuer)
    path = tmp_path / "host.pem"
    path.write_bytes(papers.pem)
    link = start(papers).connect(ansible_winrm_ca_trust_path=str(path))
    assert hello(link) == b"hello\r\n"
    link.close()


def test_a_host_that_only_has_tls_1_0(start: Start, issuer: Issuer, trust: str) -> None:
    """Server 2008 R2 without updates."""
    site = start(papers_of("good", issuer), change=only_tls_1_0)
    with pytest.raises(TlsFailed) as caught:
        site.connect(ansible_winrm_ca_trust_path=trust)
    assert "old TLS" in caught.value.hint
    assert "http with ntlm" in caught.value.hint
    assert site.count("connections") == 1


def test_https_to_a_port_of_http(serve: Serve) -> None:
    site = serve("2019")
    with pytest.raises(TlsFailed) as caught:
        site.connect(ansible_winrm_scheme="https")
    assert "5985 is http" in caught.value.hint
    assert site.count("connections") == 1


def test_http_to_a_port_of_https(start: Start, issuer: Issuer) -> None:
    site = start(papers_of("good", issuer))
    with pytest.raises(ProtocolFailed) as caught:
        site.connect(ansible_winrm_scheme="http", ansible_winrm_ca_trust_path=None)
    assert "speaks TLS" in caught.value.message
    assert "5986 is https" in caught.value.hint
    assert site.count("requests") == site.count("clear_bodies") == 0
    assert site.count("connections") == 2  # the message, and the look at what answers there


@pytest.mark.parametrize("hardening", ["strict", "relaxed"])
@pytest.mark.parametrize("validation", ["validate", "ignore"])
def test_somebody_in_between(
    start: Start,
    issuer: Issuer,
    trust: str,
    tmp_path: Path,
    hardening: Any,
    validation: str,
) -> None:
    """A trusted certificate, and still another one: the logon is bound to the host's."""
    site = start(papers_of("good", issuer), options=FrontOptions(channel_binding=hardening))
    context = server_context(papers_of("good", issuer), tmp_path, "between")
    with wiretap((site.front.address, site.front.port), tls=context) as tap:
        with pytest.raises(AuthenticationFailed) as caught:
            site.connect(
                ansible_port=tap.port,
                ansible_winrm_ca_trust_path=trust,
                ansible_winrm_server_cert_validation=validation,
            )
        assert "ends TLS" in caught.value.hint
    assert site.count("failed_logons") == 1
    assert site.count("creates") == 0
    assert PASSWORD.encode() not in tap.everything


def test_channel_binding_can_be_left_out_where_the_host_allows(
    start: Start, issuer: Issuer, trust: str
) -> None:
    relaxed = start(papers_of("good", issuer))
    link = relaxed.connect(ansible_winrm_ca_trust_path=trust, ansible_winrm_send_cbt=False)
    assert hello(link) == b"hello\r\n"
    link.close()
    strict = start(papers_of("good", issuer), options=FrontOptions(channel_binding="strict"))
    with pytest.raises(AuthenticationFailed):
        strict.connect(ansible_winrm_ca_trust_path=trust, ansible_winrm_send_cbt=False)


VARIABLES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxies_of_the_environment_are_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with http_proxy() as trap:
        for name in VARIABLES:
            monkeypatch.setenv(name, trap.url)
        link = serve("2019", scheme=scheme).connect()
        assert hello(link) == b"hello\r\n"
        link.close()
    assert trap.asked == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_named_is_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with http_proxy() as trap, http_proxy() as proxy:
        for name in VARIABLES:
            monkeypatch.setenv(name, trap.url)
        site = serve("2019", scheme=scheme)
        link = site.connect(ansible_winrm_proxy=proxy.url)
        assert hello(link) == b"hello\r\n"
        link.close()
    word = "CONNECT" if scheme == "https" else "POST"
    assert proxy.asked
    assert {asked.split()[0] for asked in proxy.asked} == {word}
    assert trap.asked == []
    assert b"Envelope" not in proxy.seen


def test_a_proxy_that_refuses(serve: Serve) -> None:
    with http_proxy(refuse="407 Proxy Authentication Required") as proxy:
        site = serve("2019", scheme="https")
        with pytest.raises(Unreachable) as caught:
            site.connect(ansible_winrm_proxy=proxy.url)
    assert "the proxy does not let us through" in caught.value.message
    assert "407" in caught.value.message
    assert site.count("connections") == 0


def test_a_proxy_that_is_not_there(serve: Serve) -> None:
    with pytest.raises(Unreachable) as caught:
        serve("2019").connect(ansible_winrm_proxy="http://127.0.0.1:9")
    assert "proxy" in caught.value.hint
