"""NTLM logons in memory, pyspnego's client against the front's acceptor; and the MIME frame."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from pathlib import Path

import pytest
import spnego
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spnego.channel_bindings import GssChannelBindings

from runner.lab.winrm.ntlm import Hardening, Logon, LogonFailed, Unreadable, sent_binding
from runner.lab.winrm.ntlm_users import Account, UserFile

BINDING = b"tls-server-end-point:" + b"\x01" * 32
USER_FILE = "NTLM_USER_FILE"


def _client(
    user: str = "admin", password: str = "pw", binding: bytes = b"", protocol: str = "ntlm"
) -> spnego.ContextProxy:
    bindings = GssChannelBindings(application_data=binding) if binding else None
    options = spnego.NegotiateOptions.use_negotiate
    if protocol == "ntlm":
        options = spnego.NegotiateOptions.use_ntlm
    return spnego.client(
        user, password, protocol=protocol, channel_bindings=bindings, options=options
    )


def _users(directory: Path, password: str = "pw", user: str = "admin") -> UserFile:
    return UserFile(Account("web01", user, password), directory)


def _log_on(client: spnego.ContextProxy, logon: Logon) -> None:
    token = client.step()
    while token:
        step = logon.step(token)
        token = client.step(step.token) if step.token else None


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_a_sealed_message_travels_both_ways(tmp_path: Path, protocol: str) -> None:
    client, logon = _client(protocol=protocol), Logon(_users(tmp_path), b"", "relaxed")
    _log_on(client, logon)
    assert logon.complete
    for text in (b"<a/>", b"", "ю".encode() * 5000):
        sealed = client.wrap_winrm(text)
        frame = (
            b"--Encrypted Boundary\r\n"
            b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="
            + str(len(text)).encode()
            + b"\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
            + struct.pack("<i", len(sealed.header))
            + sealed.header
            + sealed.data
            + b"--Encrypted Boundary--\r\n"
        )
        assert logon.unseal(frame) == text
        answer = logon.seal(text)
        assert answer.startswith(b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPN")
        payload = answer.partition(b"octet-stream\r\n")[2].removesuffix(
            b"--Encrypted Boundary--\r\n"
        )
        assert client.unwrap_winrm(payload[4:20], payload[20:]) == text


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_a_wrong_password_is_refused_and_a_new_logon_may_follow(
    tmp_path: Path, protocol: str
) -> None:
    logon = Logon(_users(tmp_path), b"", "relaxed")
    with pytest.raises(LogonFailed):
        _log_on(_client(password="wrong", protocol=protocol), logon)
    assert not logon.complete
    _log_on(_client(protocol=protocol), logon)
    assert logon.complete


CASES: list[tuple[Hardening, bytes, bool]] = [
    ("relaxed", BINDING, True),
    ("relaxed", b"", True),
    ("relaxed", BINDING[:-1] + b"\x02", False),
    ("strict", BINDING, True),
    ("strict", b"", False),
    ("strict", BINDING[:-1] + b"\x02", False),
    ("none", BINDING[:-1] + b"\x02", True),
]


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize(("hardening", "sent", "passes"), CASES)
def test_channel_binding(
    tmp_path: Path, hardening: Hardening, sent: bytes, passes: bool, protocol: str
) -> None:
    client = _client(binding=sent, protocol=protocol)
    logon = Logon(_users(tmp_path), BINDING, hardening)
    if passes:
        _log_on(client, logon)
        assert logon.complete
    else:
        with pytest.raises(LogonFailed):
            _log_on(client, logon)


def test_logons_to_hosts_with_different_passwords_may_run_at_the_same_time(
    tmp_path: Path,
) -> None:
    failures: list[str] = []

    def many(password: str) -> None:
        users = _users(tmp_path, password)
        for _ in range(20):
            try:
                _log_on(_client(password=password), Logon(users, b"", "relaxed"))
            except LogonFailed as error:
                failures.append(f"{password}: {error}")

    threads = [threading.Thread(target=many, args=(f"pw{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_environment_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = _users(tmp_path)
    monkeypatch.delenv(USER_FILE, raising=False)
    with users.active():
        assert USER_FILE in os.environ
    assert USER_FILE not in os.environ
    monkeypatch.setenv(USER_FILE, "/somebody/elses")
    with users.active():
        assert os.environ[USER_FILE] != "/somebody/elses"
    assert os.environ[USER_FILE] == "/somebody/elses"


def test_the_user_file_is_private_and_shared_by_equal_accounts(tmp_path: Path) -> None:
    _users(tmp_path)
    _users(tmp_path)
    _users(tmp_path, "another")
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert not any(b"another" in file.read_bytes() for file in files)


def test_no_password_shows_in_a_repr() -> None:
    assert "hunter2" not in repr(Account("web01", "admin", "hunter2"))


@pytest.mark.parametrize(
    ("account", "name", "password", "right"),
    [
        ("admin", "admin", "pw", True),
        ("admin", "Admin", "pw", True),
        ("admin", "WEB01\\admin", "pw", True),
        ("admin", "admin", "PW", False),
        ("admin", "CORP\\admin", "pw", False),
        ("CORP\\bob", "corp\\BOB", "pw", True),
        ("CORP\\bob", "bob", "pw", False),
        ("bob@corp.example.com", "CORP\\bob", "pw", True),
    ],
)
def test_basic_names(account: str, name: str, password: str, right: bool) -> None:
    assert Account("web01", account, "pw").matches(name, password) == right


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(token=st.binary(max_size=200), prefix=st.sampled_from([b"", b"NTLMSSP\x00", b"`\x82"]))
def test_no_token_breaks_a_logon(tmp_path: Path, token: bytes, prefix: bytes) -> None:
    logon = Logon(_users(tmp_path), BINDING, "relaxed")
    with contextlib.suppress(LogonFailed):
        logon.step(prefix + token)
    assert not logon.complete


@given(st.binary(max_size=300))
def test_no_message_breaks_the_search_for_a_binding(data: bytes) -> None:
    assert isinstance(sent_binding(b"NTLMSSP\x00\x03\x00\x00\x00" + data), bytes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.builds(
            lambda length, data, end: (
                b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted"
                b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="
                + length
                + b"\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
                + data
                + end
            ),
            st.sampled_from([b"5", b"-1", b"x", b""]),
            st.binary(max_size=60),
            st.sampled_from([b"--Encrypted Boundary--\r\n", b""]),
        ),
    )
)
def test_a_message_that_was_not_sealed_is_unreadable(tmp_path: Path, body: bytes) -> None:
    logon = Logon(_users(tmp_path), b"", "relaxed")
    with pytest.raises(Unreadable):
        logon.unseal(body)
    _log_on(_client(), logon)
    with pytest.raises(Unreadable):
        logon.unseal(body)
