"""The SSH transport against OpenSSH's own server: who is let in, who is trusted."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, InventoryError, PolicyRefused
from runner.model.secret import Secret
from runner.transports import load
from tests.transports.sshd import TRANSPORT, Sshd, connect, keygen, require_sshd, says, sshd

pytestmark = pytest.mark.xdist_group("sshd")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def test_it_is_found_by_its_name(server: Sshd) -> None:
    assert load("ssh").name == "ssh"
    options = TRANSPORT.options("h", server.variables())
    assert TRANSPORT.endpoint(options).endswith(f"@127.0.0.1:{server.port}")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_kinds_of_keys(server: Sshd, tmp_path: Path, kind: str) -> None:
    key = keygen(tmp_path / "key", kind)
    with (server.folder / "authorized_keys").open("a") as file:
        file.write((tmp_path / "key.pub").read_text())
    assert says(connect(server, ansible_ssh_private_key_file=str(key)), "echo in") == "in"


def test_a_key_with_a_passphrase(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "key", passphrase="open sesame")
    with (server.folder / "authorized_keys").open("a") as file:
        file.write((tmp_path / "key.pub").read_text())
    named: dict[str, Any] = {"ansible_ssh_private_key_file": str(key)}
    phrase = Secret("open sesame")
    link = connect(server, ansible_ssh_private_key_passphrase=phrase, **named)
    assert says(link, "echo in") == "in"
    with pytest.raises(AuthenticationFailed, match="passphrase"):
        connect(server, **named)


def test_a_key_that_is_not_authorized(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "key")
    with pytest.raises(AuthenticationFailed) as caught:
        connect(server, ansible_ssh_private_key_file=str(key))
    assert str(key) in caught.value.message
    assert not caught.value.may_have_started


def test_the_agent(server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 5
        while not place.exists() and time.monotonic() < end:
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        subprocess.run(["ssh-add", "-q", str(server.key)], check=True, timeout=10)
        link = connect(
            server,
            ansible_ssh_private_key_file=None,
            ansible_ssh_common_args=f"-o UserKnownHostsFile={server.known_hosts}",
        )
        assert says(link, "echo in") == "in"
    finally:
        agent.terminate()
        agent.wait(5)


def test_a_certificate(tmp_path: Path) -> None:
    require_sshd()
    tmp_path.joinpath("ca").mkdir()
    authority = keygen(tmp_path / "ca" / "ca")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    with sshd(tmp_path / "s", f"TrustedUserCAKeys {authority}.pub") as server:
        (server.folder / "authorized_keys").write_text("")
        command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "me", "-n", user, "-V", "+1h"]
        subprocess.run([*command, f"{server.key}.pub"], check=True, timeout=10)
        assert says(connect(server), "echo in") == "in"


def test_an_unknown_host_key_is_refused_and_can_be_accepted_once(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s", know=False) as server:
        with pytest.raises(PolicyRefused, match="not known") as caught:
            connect(server)
        assert "ssh-keyscan" in caught.value.hint
        assert not server.known_hosts.exists()
        assert says(connect(server, runner_ssh_host_keys="accept-new"), "echo in") == "in"
        assert f"[127.0.0.1]:{server.port}" in server.known_hosts.read_text()
        assert says(connect(server), "echo again") == "again"


@pytest.mark.parametrize("lenient", [False, True])
def test_a_changed_host_key_is_never_accepted(tmp_path: Path, lenient: bool) -> None:
    require_sshd()
    with sshd(tmp_path / "s") as server:
        other = keygen(tmp_path / "other")
        public = " ".join(Path(f"{other}.pub").read_text().split()[:2])
        server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}\n")
        more = {"ansible_host_key_checking": False} if lenient else {}
        with pytest.raises(PolicyRefused, match="changed"):
            connect(server, **more)


def test_a_revoked_host_key(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s") as server:
        server.known_hosts.write_text(f"@revoked {server.known_hosts.read_text()}")
        with pytest.raises(PolicyRefused, match="revoked"):
            connect(server, runner_ssh_host_keys="accept-new")


def test_hashed_known_hosts(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s") as server:
        command = ["ssh-keygen", "-q", "-H", "-f", str(server.known_hosts)]
        subprocess.run(command, check=True, timeout=10, capture_output=True)
        assert "|1|" in server.known_hosts.read_text()
        assert says(connect(server), "echo in") == "in"


def test_through_a_jump_host_of_the_configuration(server: Sshd, tmp_path: Path) -> None:
    with sshd(tmp_path / "behind") as behind:
        with (server.folder / "authorized_keys").open("a") as file:
            file.write(Path(f"{behind.key}.pub").read_text())
        behind.known_hosts.write_text(
            behind.known_hosts.read_text() + server.known_hosts.read_text()
        )
        behind.config.write_text(
            f"Host door\n  HostName 127.0.0.1\n  Port {server.port}\n"
            f"  UserKnownHostsFile {behind.known_hosts}\n  IdentityFile {behind.key}\n"
            f"Host inner\n  HostName 127.0.0.1\n  Port {behind.port}\n  ProxyJump door\n"
        )
        before = server.log.count("Accepted")
        link = connect(behind, ansible_host="inner", ansible_port=None)
        assert says(link, "echo in") == "in"
        assert server.log.count("Accepted") == before + 1


def test_a_password(server: Sshd, account: tuple[str, str]) -> None:
    name, password = account
    link = connect(
        server,
        ansible_user=name,
        ansible_password=Secret(password),
        ansible_ssh_private_key_file=None,
    )
    assert says(link, "id -un") == name


def test_a_wrong_password_is_tried_once(server: Sshd, account: tuple[str, str]) -> None:
    before = server.log.count("Failed password")
    with pytest.raises(AuthenticationFailed) as caught:
        connect(
            server,
            ansible_user=account[0],
            ansible_password=Secret("not it"),
            ansible_ssh_private_key_file=None,
        )
    assert "the password" in caught.value.message
    assert "not it" not in str(caught.value)
    assert server.log.count("Failed password") == before + 1


BAD = {
    "unknown variable": ({"ansible_ssh_prot": 1}, "ansible_ssh_prot"),
    "no such key": ({"ansible_ssh_private_key_file": "/no/key"}, "/no/key"),
    "port": ({"ansible_port": 99999}, "ansible_port"),
    "option": ({"ansible_ssh_common_args": "-o StrictHostKeyCheking=no"}, "StrictHostKeyCheking"),
    "flag": ({"ansible_ssh_args": "-Z"}, "-Z"),
    "word": ({"ansible_ssh_args": "host"}, "host"),
    "host keys": ({"runner_ssh_host_keys": "never"}, "never"),
    "code page": ({"runner_codepage": 4242}, "4242"),
}


@pytest.mark.parametrize(("variables", "word"), BAD.values(), ids=BAD.keys())
def test_wrong_settings(variables: dict[str, Any], word: str) -> None:
    with pytest.raises(InventoryError) as caught:
        TRANSPORT.options("h", variables)
    assert word in str(caught.value)


def test_words_for_the_ssh_program(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    options = TRANSPORT.options(
        "h",
        {"ansible_ssh_common_args": f"-o ProxyJump=door -i {key} -p 2222 -o ControlMaster=auto -C"},
    )
    assert (options.proxy_jump, options.key_file, options.port) == ("door", str(key), 2222)


@pytest.mark.parametrize("between", ["=", " ", " = ", "= ", "  "])
def test_an_option_whose_value_has_spaces(between: str) -> None:
    words = f"-o 'ProxyCommand{between}ssh -o Port=22 -W %h:%p door'"
    options = TRANSPORT.options("h", {"ansible_ssh_common_args": words})
    assert options.proxy_command == "ssh -o Port=22 -W %h:%p door"
