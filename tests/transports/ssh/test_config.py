"""What ~/.ssh/config makes of a host: followed, or refused, and never passed over in silence."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InventoryError, PolicyRefused
from runner.transports.ssh.algorithms import selected
from runner.transports.ssh.config import Target, resolve
from runner.transports.ssh.transport import Transport

ME = getpass.getuser()


def target(tmp_path: Path, text: str, host: str = "web01", **variables: Any) -> Target:
    config = tmp_path / "config"
    config.write_text(text)
    values = {"ansible_host": host, "runner_ssh_config": str(config), **variables}
    return resolve(Transport().options(host, values))


FOLLOWED: dict[str, tuple[str, str, Any]] = {
    "Host": ("Host web*\n Port 2222\nHost *\n Port 3333\n", "port", 2222),
    "a Host that is excluded": ("Host * !web01\n Port 2222\n", "port", 22),
    "Match host": ("Match host web01\n User bob\n", "user", "bob"),
    "Match user": ("Host *\n User bob\nMatch user bob\n Port 7\n", "port", 7),
    "Match all": ("Match all\n Port 8\n", "port", 8),
    "Match exec": ('Match exec "test %h = web01"\n Port 9\n', "port", 9),
    "Match with a not": ("Match !host web01\n Port 9\n", "port", 22),
    "HostName with a token": ("Host *\n HostName %h.example.com\n", "address", "web01.example.com"),
    "ProxyCommand": ("ProxyCommand nc %h %p as %r for %n 100%%\n", "proxy_command",
                     f"nc web01 22 as {ME} for web01 100%"),
    "no ProxyCommand": ("Host web01\n ProxyCommand none\nHost *\n ProxyCommand x\n",
                        "proxy_command", None),
    "IdentitiesOnly": ("IdentitiesOnly yes\n", "only_named", True),
    "IdentityAgent": ("IdentityAgent /run/agent\n", "agent", "/run/agent"),
    "no agent": ("IdentityAgent none\n", "use_agent", False),
    "UserKnownHostsFile": ("UserKnownHostsFile /a /b\nGlobalKnownHostsFile none\n", "known_hosts",
                           ("/a", "/b")),
    "StrictHostKeyChecking": ("StrictHostKeyChecking accept-new\n", "accept_new", True),
    "strict": ("StrictHostKeyChecking yes\n", "accept_new", False),
    "HostKeyAlias": ("HostKeyAlias farm\n", "host_key_name", "farm"),
    "HashKnownHosts": ("HashKnownHosts yes\n", "hash_names", True),
    "ServerAliveInterval": ("ServerAliveInterval 7\n", "keepalive", 7),
    "ServerAliveCountMax": ("ServerAliveCountMax 2\n", "count_max", 2),
    "ConnectTimeout": ("ConnectTimeout 4\n", "connect_timeout", 4.0),
    "AddressFamily": ("AddressFamily inet6\n", "family", 10),
    "BatchMode": ("BatchMode yes\n", "may_ask", False),
    "no passwords": ("PasswordAuthentication no\nKbdInteractiveAuthentication no\n", "methods",
                     frozenset({"publickey"})),
    "PreferredAuthentications": ("PreferredAuthentications password,hostbased\n", "methods",
                                 frozenset({"password"})),
    "an equals sign, quotes, case": ('hOsT = web01\n  PORT="2022"\n', "port", 2022),
    "what is about terminals": ("RequestTTY force\nSendEnv LANG\nControlMaster auto\n", "port", 22),
    "IgnoreUnknown": ("IgnoreUnknown Fancy*\nFancyOption 1\n", "port", 22),
}  # fmt: skip


@pytest.mark.parametrize(("text", "field", "value"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_followed(tmp_path: Path, text: str, field: str, value: Any) -> None:
    assert getattr(target(tmp_path, text), field) == value


REFUSED = {
    "an option that matters": ("BindAddress 10.0.0.1\n", "bindaddress"),
    "keys of a card": ("PKCS11Provider /lib/x.so\n", "pkcs11provider"),
    "keys from a command": ("KnownHostsCommand /bin/keys\n", "knownhostscommand"),
    "revoked keys in a file": ("RevokedHostKeys /etc/revoked\n", "revokedhostkeys"),
    "a command of its own": ("RemoteCommand tmux\n", "remotecommand"),
    "an option that there is not": ("ProxyJmp door\n", "proxyjump"),
    "a word of Match": ("Match localnetwork 10.0.0.0/8\n User x\n", "localnetwork"),
    "a tag": ("Match tagged blue\n User x\n", "tagged"),
    "no number": ("Port ssh\n", "port"),
    "a token": ("ProxyCommand nc %Z\n", "%Z"),
    "a line": ("JustOneWord\n", "JustOneWord"),
    "a circle": ("Host *\n ProxyJump web01\n", "circle"),
}


@pytest.mark.parametrize(("text", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        target(tmp_path, text)
    assert word.lower() in str(caught.value).lower()


def test_options_with_the_value_that_means_nothing(tmp_path: Path) -> None:
    text = "RemoteCommand none\nPKCS11Provider none\nProxyUseFdpass no\n"
    assert target(tmp_path, text).port == 22


def test_what_does_not_concern_the_host_does_not_matter(tmp_path: Path) -> None:
    assert target(tmp_path, "Host other\n BindAddress 10.0.0.1\n Strange 1\n").port == 22


def test_included_files(tmp_path: Path) -> None:
    folder = tmp_path / "config.d"
    folder.mkdir()
    (folder / "10.conf").write_text("Host web01\n  User carol\n")
    (folder / "20.conf").write_text("Host web02\n  User dave\n")
    (tmp_path / "plain").write_text("IdentitiesOnly yes\n")
    text = (
        f"Include {folder}/*.conf\nPort 2201\nHost web02\n  Include {tmp_path}/plain\n"
        f"  Port 7\nInclude {tmp_path}/none\n"
    )
    one, two = target(tmp_path, text), target(tmp_path, text, "web02")
    assert (one.user, one.port, one.only_named) == ("carol", 2201, False)
    assert (two.user, two.port, two.only_named) == ("dave", 2201, True)


def test_a_block_in_an_include_of_a_block_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").write_text("Host web02\n  User x\n")
    with pytest.raises(PolicyRefused, match="included under 'Host web\\*'"):
        target(tmp_path, f"Host web*\n  Include {tmp_path}/inner\n")


def test_a_circle_of_includes(tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match="nested"):
        target(tmp_path, f"Include {tmp_path}/config\n")


def test_the_inventory_wins_and_its_values_fill_the_tokens(tmp_path: Path) -> None:
    text = (
        "Host *\n User carol\n Port 1\n ProxyCommand nc %h %p %r\nMatch user alice\n HostName a\n"
    )
    found = target(tmp_path, text, ansible_user="alice", ansible_port=2022)
    assert (found.user, found.port, found.address) == ("alice", 2022, "a")
    assert found.proxy_command == "nc a 2022 alice"


def test_words_for_ssh_win_over_the_file(tmp_path: Path) -> None:
    words = "-o IdentityAgent=none -o PreferredAuthentications=password -6 -o ServerAliveCountMax=9"
    found = target(tmp_path, "IdentityAgent /x\n", ansible_ssh_common_args=words)
    assert not found.use_agent
    assert found.methods == {"password"}
    assert (found.family, found.count_max) == (10, 9)


@pytest.mark.parametrize(
    ("jump", "address", "port", "user"),
    [("bob@door:2200", "door", 2200, "bob"), ("[fe80::1]:22022", "fe80::1", 22022, ME),
     ("ssh://eve@door", "door", 22, "eve"), ("door-%h", "door-web01", 22, ME)],
)  # fmt: skip
def test_jumps(tmp_path: Path, jump: str, address: str, port: int, user: str) -> None:
    found = target(tmp_path, f"Host web01\n ProxyJump {jump}\n")
    (hop,) = found.jumps
    assert (hop.address, hop.port, hop.user) == (address, port, user)
    assert found.proxy_command is None


def test_jumps_follow_one_another(tmp_path: Path) -> None:
    text = "Host web01\n ProxyJump a,b\nHost b\n HostName b.example\n ProxyJump c\n"
    assert [hop.address for hop in target(tmp_path, text).jumps] == ["a", "c", "b.example"]


OURS = ("aes128-ctr", "aes256-ctr", "aes256-gcm@openssh.com")
LISTS = {
    "a list": ("aes256-ctr,unknown,aes128-ctr", ("aes256-ctr", "aes128-ctr")),
    "a pattern": ("*-ctr", ("aes128-ctr", "aes256-ctr")),
    "added": ("+3des-cbc", OURS),
    "removed": ("-aes128-*", OURS[1:]),
    "first": ("^aes256-ctr", ("aes256-ctr", "aes128-ctr", "aes256-gcm@openssh.com")),
    "nothing left": ("3des-cbc", ()),
}


@pytest.mark.parametrize(("text", "left"), LISTS.values(), ids=LISTS.keys())
def test_algorithms(text: str, left: tuple[str, ...]) -> None:
    assert selected(text, OURS) == left


def test_an_option_that_there_is_not_among_the_words_for_ssh() -> None:
    with pytest.raises(InventoryError, match="ProxyJmp"):
        Transport().options("h", {"ansible_ssh_common_args": "-o ProxyJmp=x"})


def test_what_cannot_be_followed_is_told_when_the_host_is_reached(tmp_path: Path) -> None:
    """Not when its name is shown, or its password looked at."""
    config = tmp_path / "config"
    config.write_text("BindAddress 10.0.0.1\n")
    transport = Transport()
    options = transport.options(
        "web01", {"runner_ssh_config": str(config), "ansible_password": "x", "ansible_user": "bob"}
    )
    assert transport.endpoint(options) == "ssh://web01"
    credential = transport.credential(options)
    assert credential is not None
    assert credential.user == "bob"
    with pytest.raises(PolicyRefused):
        transport.connect(options, timeout=5)
