"""Who the host is: certificates of an authority, hashed names, algorithms; against a real sshd."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from runner.errors import PolicyRefused
from runner.transports.ssh.hostkeys import is_named
from tests.transports.sshd import Sshd, connect, keygen, require_sshd, says, sshd

pytestmark = pytest.mark.xdist_group("sshd")


@contextmanager
def vouched(
    folder: Path, *, name: str = "127.0.0.1", validity: str = "-1h:+1h", as_user: bool = False
) -> Iterator[tuple[Sshd, Path]]:
    """An sshd whose key an authority signed, and the authority's public key."""
    require_sshd()
    folder.mkdir(parents=True)
    authority = keygen(folder / "ca")
    place = folder / "s"
    with sshd(place, f"HostCertificate {place / 'host_key-cert.pub'}", know=False) as server:
        command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "web01", "-n", name]
        command += ["-V", validity, *([] if as_user else ["-h"]), str(place / "host_key.pub")]
        subprocess.run(command, check=True, timeout=10)
        server.process.send_signal(1)  # reads its certificate
        _answers(server)
        yield server, Path(f"{authority}.pub")


def _answers(server: Sshd) -> None:
    import socket
    import time

    end = time.monotonic() + 10
    while server.log.count("Server listening") < 2 and time.monotonic() < end:
        time.sleep(0.02)
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
            return
        except OSError:
            time.sleep(0.02)


def trust(server: Sshd, public: Path, pattern: str) -> None:
    key = " ".join(public.read_text().split()[:2])
    server.known_hosts.write_text(f"@cert-authority {pattern} {key}\n")


def test_an_authority_vouches_for_the_key(tmp_path: Path) -> None:
    with vouched(tmp_path / "v") as (server, public):
        trust(server, public, f"[127.0.0.1]:{server.port}")
        assert says(connect(server), "echo in") == "in"
        trust(server, public, "[127.0.0.*]:*")
        assert says(connect(server), "echo in") == "in"


def test_an_authority_for_other_hosts_counts_for_nothing(tmp_path: Path) -> None:
    with vouched(tmp_path / "v") as (server, public):
        trust(server, public, "*.example.com")
        with pytest.raises(PolicyRefused, match="not known"):
            connect(server)


def test_another_authority_counts_for_nothing(tmp_path: Path) -> None:
    with vouched(tmp_path / "v") as (server, _):
        other = keygen(tmp_path / "other")
        trust(server, Path(f"{other}.pub"), "*")
        with pytest.raises(PolicyRefused, match="not known"):
            connect(server)


BAD = {
    "another name": ({"name": "other.example.com"}, "it is for other.example.com"),
    "expired": ({"validity": "-2h:-1h"}, "expired"),
    "not yet": ({"validity": "+1h:+2h"}, "not valid yet"),
}


@pytest.mark.parametrize(("more", "why"), BAD.values(), ids=BAD.keys())
def test_a_certificate_that_does_not_hold(tmp_path: Path, more: dict[str, str], why: str) -> None:
    with vouched(tmp_path / "v", **more) as (server, public):  # type: ignore[arg-type]
        trust(server, public, "*")
        with pytest.raises(PolicyRefused, match=why):
            connect(server, runner_ssh_host_keys="accept-new")


def test_an_authority_that_was_revoked(tmp_path: Path) -> None:
    with vouched(tmp_path / "v") as (server, public):
        trust(server, public, "*")
        text = server.known_hosts.read_text()
        server.known_hosts.write_text(text + text.replace("@cert-authority", "@revoked"))
        with pytest.raises(PolicyRefused):
            connect(server)


def test_a_revoked_key_is_not_vouched_for(tmp_path: Path) -> None:
    with vouched(tmp_path / "v") as (server, public):
        trust(server, public, "*")
        key = " ".join((server.folder / "host_key.pub").read_text().split()[:2])
        server.known_hosts.write_text(server.known_hosts.read_text() + f"@revoked * {key}\n")
        with pytest.raises(PolicyRefused, match="revoked"):
            connect(server)


def test_a_new_key_is_recorded_under_a_hashed_name(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s", know=False) as server:
        server.config.write_text("HashKnownHosts yes\n")
        assert says(connect(server, runner_ssh_host_keys="accept-new"), "echo in") == "in"
        assert server.known_hosts.read_text().startswith("|1|")
        assert says(connect(server), "echo again") == "again"


def test_algorithms_of_the_configuration_are_used(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s", "Ciphers aes256-ctr,aes128-ctr", "LogLevel DEBUG1") as server:
        server.config.write_text("Ciphers aes128-ctr\nMACs hmac-sha2-512\n")
        assert says(connect(server), "echo in") == "in"
        assert "cipher: aes128-ctr MAC: hmac-sha2-512" in server.log
        other = tmp_path / "other"  # the first one was read once and for all
        other.write_text("Ciphers arcfour\n")
        with pytest.raises(PolicyRefused, match="leaves no algorithm"):
            connect(server, runner_ssh_config=str(other))


def test_names_in_known_hosts() -> None:
    hashed = paramiko.HostKeys.hash_host("web01")
    assert is_named("web01", [hashed])
    assert not is_named("web02", [hashed])
    assert is_named("[10.0.0.1]:2222", ["[10.0.0.*]:2222"])
    assert not is_named("[10.0.0.1]:2222", ["10.0.0.*"])
    assert is_named("web01.example.com", ["*.example.com", "!db*"])
    assert not is_named("db1.example.com", ["*.example.com", "!db*"])
    assert is_named("WEB01", ["web0?"])
    assert not is_named("1.web01", ["web0?"])


def test_a_line_without_a_port_is_for_all_of_them(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s") as server:
        text = server.known_hosts.read_text().replace(f"[127.0.0.1]:{server.port}", "127.0.0.1")
        server.known_hosts.write_text(text)
        assert says(connect(server), "echo in") == "in"
