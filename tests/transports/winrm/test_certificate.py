"""Logging on with a certificate of one's own, in the handshake and after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, InventoryError, TlsFailed, TransportError
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.tls_clients import Mapping
from tests.transports.certificates import Issuer
from tests.transports.conftest import Serve, Site, hello

UPN = "deploy@localhost"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """The authority whose certificates the host maps to its account."""
    return Issuer("Client authority")


@pytest.fixture(params=["in the handshake", "late"])
def site(request: pytest.FixtureRequest, serve: Serve, issuer: Issuer) -> Site:
    """A host that takes certificates, and asks for them at once or as HTTP.sys does."""
    mapping = Mapping(issuer.papers.pem, UPN, late=request.param == "late")
    options = FrontOptions(client_certificate=mapping, basic=False)
    return serve("2019", scheme="https", options=options)


def settings(files: tuple[str, str], **more: Any) -> dict[str, Any]:
    certificate, key = files
    return {
        "ansible_winrm_transport": "certificate",
        "ansible_winrm_cert_pem": certificate,
        "ansible_winrm_cert_key_pem": key,
        "ansible_user": None,
        "ansible_password": None,
        **more,
    }


def test_a_mapped_certificate_logs_on(site: Site, issuer: Issuer, tmp_path: Path) -> None:
    files = issuer.issue("deploy", upn=UPN, client=True).write(tmp_path, "deploy")
    link = site.connect(**settings(files))
    assert hello(link) == b"hello\r\n"
    assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("logons") == 1
    assert site.count("failed_logons") == 0


@pytest.mark.parametrize("wrong", ["upn", "no upn", "purpose"])
def test_a_certificate_that_stands_for_nobody(
    site: Site, issuer: Issuer, tmp_path: Path, wrong: str
) -> None:
    upn = {"upn": "somebody@localhost", "no upn": ""}.get(wrong, UPN)
    papers = issuer.issue("deploy", upn=upn, client=wrong != "purpose")
    with pytest.raises(TransportError) as caught:
        site.connect(**settings(papers.write(tmp_path, "deploy")))
    assert isinstance(caught.value, AuthenticationFailed | TlsFailed)
    assert "issuer" in caught.value.hint
    assert not caught.value.may_have_started
    assert site.count("creates") == site.count("logons") == 0
    assert site.count("connections") == 1


def test_a_certificate_of_another_issuer(site: Site, tmp_path: Path) -> None:
    papers = Issuer("Somebody").issue("deploy", upn=UPN, client=True)
    with pytest.raises(TlsFailed) as caught:
        site.connect(**settings(papers.write(tmp_path, "deploy")))
    assert "does not trust the client certificate" in caught.value.hint
    assert site.count("creates") == 0
    assert site.count("connections") == 1


def test_a_host_that_takes_no_certificates(serve: Serve, issuer: Issuer, tmp_path: Path) -> None:
    files = issuer.issue("deploy", upn=UPN, client=True).write(tmp_path, "deploy")
    with pytest.raises(AuthenticationFailed, match="HTTP 401") as caught:
        serve("2019", scheme="https").connect(**settings(files))
    assert "certmapping" in caught.value.hint


def test_the_certificate_of_the_host_is_checked_as_well(
    site: Site, issuer: Issuer, tmp_path: Path
) -> None:
    files = issuer.issue("deploy", upn=UPN, client=True).write(tmp_path, "deploy")
    with pytest.raises(TlsFailed):
        site.connect(**settings(files, ansible_winrm_ca_trust_path=None))
    link = site.connect(
        **settings(
            files,
            ansible_winrm_ca_trust_path=None,
            ansible_winrm_server_cert_validation="ignore",
        )
    )
    assert hello(link) == b"hello\r\n"
    link.close()


def test_files_that_cannot_be_used(serve: Serve, issuer: Issuer, tmp_path: Path) -> None:
    site = serve("2019", scheme="https")
    good = issuer.issue("deploy", upn=UPN, client=True)
    certificate, key = good.write(tmp_path, "good")
    other, other_key = issuer.issue("other", client=True).write(tmp_path, "other")
    old, old_key = issuer.issue("old", client=True, days=(-9, -1)).write(tmp_path, "old")
    new, new_key = issuer.issue("new", client=True, days=(1, 9)).write(tmp_path, "new")
    locked, locked_key = good.write(tmp_path, "locked", passphrase=b"opens-it")
    cases = [
        (certificate, other_key, "does not belong"),
        (old, old_key, "expired on"),
        (new, new_key, "valid from"),
        (locked, locked_key, "encrypted"),
        (certificate, str(tmp_path / "none"), "there is no file"),
        (key, key, "not a certificate"),
        (other, certificate, "cannot be used"),
    ]
    for pem, key_pem, said in cases:
        with pytest.raises(InventoryError, match=said):
            site.connect(**settings((pem, key_pem)))
    assert site.count("connections") == 0


def test_a_renewed_certificate_is_used(site: Site, issuer: Issuer, tmp_path: Path) -> None:
    files = issuer.issue("deploy", upn="old@localhost", client=True).write(tmp_path, "deploy")
    with pytest.raises(AuthenticationFailed):
        site.connect(**settings(files))
    issuer.issue("deploy", upn=UPN, client=True).write(tmp_path, "deploy")
    link = site.connect(**settings(files))
    assert hello(link) == b"hello\r\n"
    link.close()
