"""Sealing: ours against pyspnego's, byte for byte, and the frame against pywinrm's."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import pytest
import spnego
from hypothesis import given, settings
from hypothesis import strategies as st
from spnego._ntlm_raw.crypto import ntowfv1
from winrm.encryption import Encryption

from runner.transports.winrm import ntlm, ntlm_seal
from runner.transports.winrm.frame import CONTENT_TYPE, Frames
from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.ntlm_seal import Sealer, Seals, Slowly, agrees_with_pyspnego, sealing

KEY = bytes(range(16))
THEIRS = (b"server-to-client", b"client-to-server")


def context() -> tuple[Any, bytes]:
    """A context that is logged on to nobody, and its last token."""
    made = spnego.client(
        "nobody", "none", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
    )
    made.step()
    return made, made.step(ntlm_seal._CHALLENGE) or b""


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4))
def test_both_seal_and_open_alike(messages: list[bytes]) -> None:
    slow, _token = context()
    ours, theirs = Sealer(slow.session_key), Sealer(slow.session_key, *THEIRS)
    for message in messages:
        sealed = ours.seal(message)
        assert sealed == slow.wrap(message).data
        assert theirs.open(sealed) == message
        back = theirs.seal(message)
        assert slow.unwrap(back).data == message == ours.open(back)


def test_ours_is_used_where_it_agrees() -> None:
    assert agrees_with_pyspnego()
    assert isinstance(sealing(*context()), Sealer)


def test_pyspnego_seals_where_ours_does_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Sealer.seal
    monkeypatch.setattr(Sealer, "seal", lambda self, text: real(self, text)[:-1] + b"?")
    assert not agrees_with_pyspnego.__wrapped__()
    monkeypatch.setattr(ntlm_seal, "agrees_with_pyspnego", lambda: False)
    assert isinstance(sealing(*context()), Slowly)


@pytest.mark.parametrize("missing", [0x10, 0x20, 0x80000, 0x20000000, 0x40000000])
def test_pyspnego_seals_where_another_protection_was_negotiated(missing: int) -> None:
    made, token = context()
    (flags,) = struct.unpack_from("<I", token, 60)
    changed = token[:60] + struct.pack("<I", flags & ~missing) + token[64:]
    assert isinstance(sealing(made, changed), Slowly)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("spoil", ["a bit", "the signature", "its order", "its length"])
def test_what_was_changed_on_the_way_is_not_opened(which: int, spoil: str) -> None:
    made, _token = context()
    opening: Seals = Sealer(made.session_key) if which else Slowly(made)
    theirs = Sealer(made.session_key, *THEIRS)
    sealed = theirs.seal(b"first message")
    match spoil:
        case "a bit":
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        case "the signature":
            sealed = sealed[:4] + bytes(8) + sealed[12:]
        case "its order":
            sealed = theirs.seal(b"second message")
        case "its length":
            sealed = sealed[:-1]
    with pytest.raises(AnswerRefused, match="seal is broken"):
        opening.open(sealed)


class Pywinrm(Encryption):
    """pywinrm's frame, with our seal in it."""

    def __init__(self, seals: Sealer) -> None:
        def wrap(message: bytes) -> tuple[bytes, bytes]:
            sealed = seals.seal(message)
            return sealed[16:], sealed[:16]

        security = SimpleNamespace(
            wrap=wrap, unwrap=lambda data, signature: seals.open(signature + data)
        )
        session: Any = SimpleNamespace(auth=SimpleNamespace(session_security=security))
        super().__init__(session, "ntlm")

    def framed(self, message: bytes) -> bytes:
        return self._encrypt_message(message, "h") + self.MIME_BOUNDARY + b"--\r\n"


@pytest.mark.parametrize("message", [b"", b"<x/>", b"\0--Encrypted Boundary\r\n" * 99])
def test_the_frame_is_pywinrms(message: bytes) -> None:
    body = Frames(Sealer(KEY)).framed(message)
    assert body == Pywinrm(Sealer(KEY)).framed(message)
    assert Frames(Sealer(KEY, *THEIRS)).opened(body) == message
    answer: Any = SimpleNamespace(content=Frames(Sealer(KEY, *THEIRS)).framed(b"<answer/>"))
    assert Pywinrm(Sealer(KEY))._decrypt_response(answer, "h") == b"<answer/>"
    assert b"application/HTTP-SPNEGO-session-encrypted" in CONTENT_TYPE


def test_blanks_may_stand_elsewhere() -> None:
    body = Frames(Sealer(KEY)).framed(b"<x/>")
    exchanges = body.replace(b"--Encrypted", b"-- Encrypted").replace(b"\tContent", b"Content")
    assert Frames(Sealer(KEY, *THEIRS)).opened(exchanges.rstrip(b"\r\n")) == b"<x/>"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"",
        lambda body: b"<html>hi</html>",
        lambda body: body[:200],
        lambda body: body.replace(b"Length=4", b"Length=5"),
        lambda body: body.replace(b"--Encrypted Boundary--", b"--Other Boundary--"),
        lambda body: body.replace(b"\x10\0\0\0", b"\x20\0\0\0", 1),
        lambda body: body.replace(b"SPNEGO", b"CredSSP"),
    ],
)
def test_a_frame_that_was_changed_is_refused(change: Any) -> None:
    body = Frames(Sealer(KEY)).framed(b"<x/>")
    with pytest.raises(AnswerRefused):
        Frames(Sealer(KEY, *THEIRS)).opened(change(body))


def test_a_password_is_hashed_once_and_only_its_hash_is_handed_on() -> None:
    made = ntlm.credential("CORP\\bob", "S3cret")
    assert made is ntlm.credential("CORP\\bob", "S3cret")
    assert made.nt_hash == ntowfv1("S3cret").hex()
    assert made.lm_hash is None
    assert "S3cret" not in repr(made)


def test_hashes_are_taken_for_hashes_as_pyspnego_does() -> None:
    made = ntlm.credential("bob", "0" * 32 + ":" + "8AF326AA4850225B75C592D4CE19CCF5")
    assert made.nt_hash == "8AF326AA4850225B75C592D4CE19CCF5"


def test_ntlm_v1_wants_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", "1")
    made = ntlm.credential("bob", "for NTLMv1")
    assert isinstance(made, spnego.Password)


@pytest.mark.parametrize("token", ["TlRMTVNTUAACAAAA", "AAAA", "====", "\u00e9"])
def test_what_is_no_challenge(token: str) -> None:
    logon = ntlm.NtlmLogon("bob", "S3cret", "h")
    logon.first()
    with pytest.raises(AnswerRefused, match="challenge"):
        logon.answer(token)
