"""Kerberos and CredSSP at a front, by a client that others wrote: pypsrp."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan

from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.seal import (
    CREDSSP,
    SPNEGO,
    Part,
    Unreadable,
    framed,
    media_type,
    opened,
)
from tests.lab.conftest import PASSWORD, Serve
from tests.transports.kdc import HOST, REALM, Kdc, need_kerberos

USER = f"bob@{REALM}"


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    need_kerberos()
    made = Kdc(tmp_path_factory.mktemp("realm"))
    made.add_user("bob", PASSWORD)
    with made.running():
        yield made


def run(wsman: WSMan, word: str, rest: str) -> bytes:
    with WinRS(wsman) as shell:
        process = Process(shell, word, [rest])
        process.invoke()
    said: bytes = process.stdout
    return said


@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_tickets(
    serve: Serve,
    remote: Callable[..., WSMan],
    realm: Kdc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    auth: str,
    scheme: str,
) -> None:
    for name, value in realm.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'ccache'}")
    keytab = realm.keytab(f"HTTP/{HOST}")
    options = FrontOptions(keytab=keytab, channel_binding="strict")
    front = serve(user=USER, scheme=scheme, options=options)
    before = realm.requests("TGS_REQ", "ISSUE")
    wsman = remote(
        front,
        auth,
        username=USER,
        negotiate_hostname_override=HOST,
        negotiate_service="HTTP",
        cert_validation=False,
        encryption="auto",
    )
    assert run(wsman, "say", "x" * 3000) == b"x" * 3000 + b"\r\n"
    assert front.counters()["clear_bodies"] == 0
    assert front.counters()["logons"] == 1
    assert realm.requests("TGS_REQ", "ISSUE") == before + 1


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_credssp(serve: Serve, remote: Callable[..., WSMan], version: str) -> None:
    options = FrontOptions(credssp=version)  # type: ignore[arg-type]
    front = serve(user="CORP\\bob", options=options)
    wsman = remote(front, "credssp", username="CORP\\bob", credssp_auth_mechanism="ntlm")
    assert run(wsman, "say", "x" * 20_000) == b"x" * 20_000 + b"\r\n"  # several parts, both ways
    assert run(wsman, "bytes", "65536") == bytes(range(256)) * 256
    assert front.counters()["clear_bodies"] == 0
    assert front.counters()["delegations"] == 1


PARTS = [Part(b"h", 3, b"abc"), Part(b"head", 0, b"d--Encrypted Boundary"), Part(b"x" * 16, 9, b"")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_frame_is_read_as_it_was_written(count: int) -> None:
    body = framed(CREDSSP, PARTS[:count])
    assert list(opened(CREDSSP, body)) == PARTS[:count]
    with pytest.raises(Unreadable):
        list(opened(SPNEGO, body))
    for cut in range(1, len(body)):
        with pytest.raises(Unreadable):
            list(opened(CREDSSP, body[:cut]))


def test_media_types() -> None:
    assert media_type(SPNEGO).startswith("multipart/encrypted;")
    assert media_type(CREDSSP, several=True).startswith("multipart/x-multi-encrypted;")
