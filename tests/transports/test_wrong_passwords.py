"""A wrong password for 230 hosts is one failed logon, whatever the logon; and then it is known.

All hosts are one, under 230 names: who counts the attempts is the host, the KDC or sshd itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.app.ping import Pinged, ping
from runner.app.wiring.reaching import ReachOptions
from runner.lab.winrm.options import FrontOptions
from tests.transports.conftest import Serve, Site
from tests.transports.kdc import PASSWORD, REALM, Kdc, missing
from tests.transports.sshd import Sshd, require_sshd, sshd

HOSTS = 230
WRONG = "Wr0ng-Secret"


def ping_all(folder: Path, values: Mapping[str, Any]) -> Pinged:
    path = folder / "many.yml"
    variables = {**values, "ansible_password": WRONG, "runner_connect_rate": 0}
    hosts: dict[str, Any] = {f"w{number:03}": {} for number in range(HOSTS)}
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}))
    return ping(ReachOptions("all", (path,)))


def all_but_one_not_tried(pinged: Pinged) -> None:
    assert len(pinged.pongs) == HOSTS
    assert {pong.category for pong in pinged.pongs} == {"authentication"}
    tried = [pong for pong in pinged.pongs if not pong.message.startswith("not tried: ")]
    assert len(tried) == 1
    for pong in pinged.pongs:
        assert WRONG not in pong.message + pong.advice
        if pong is not tried[0]:
            assert pong.message.endswith(f"was refused by {tried[0].host}")


@pytest.fixture(autouse=True)
def own_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("auth", "scheme"), [("ntlm", "http"), ("ntlm", "https"), ("basic", "https")]
)
def test_ntlm_and_basic(serve: Serve, tmp_path: Path, auth: str, scheme: str) -> None:
    site = serve(scheme=scheme)
    all_but_one_not_tried(ping_all(tmp_path, site.variables(ansible_winrm_transport=auth)))
    assert site.count("failed_logons") == 1
    assert site.count("creates") == 0


def test_credssp(serve: Serve, tmp_path: Path) -> None:
    try:
        import requests_credssp  # noqa: F401
    except ImportError:
        missing("requests-credssp (pip install 'runner[credssp]')")
    user = "CORP\\bob"
    site = serve("2019", user=user, options=FrontOptions(credssp="1.2"))
    values = site.variables(ansible_user=user, ansible_winrm_transport="credssp")
    all_but_one_not_tried(ping_all(tmp_path, values))
    assert site.count("failed_logons") == 1


def test_kerberos(running: Kdc, host: Callable[..., Site], tmp_path: Path) -> None:
    running.add_user("gina", PASSWORD)
    before = running.requests("AS_REQ", "PREAUTH_FAILED")
    site = host()
    values = site.variables(
        ansible_host="localhost", ansible_user=f"gina@{REALM}", ansible_winrm_transport="kerberos"
    )
    all_but_one_not_tried(ping_all(tmp_path, values))
    assert running.failed_attempts("gina") == 1
    assert running.requests("AS_REQ", "PREAUTH_FAILED") == before + 1
    assert site.count("requests") == 0, "the host never heard of it"


@pytest.mark.xdist_group("sshd")
def test_ssh(tmp_path: Path, account: tuple[str, str]) -> None:
    require_sshd()
    with sshd(tmp_path / "sshd") as server:
        values = without_a_key(server, account[0])
        all_but_one_not_tried(ping_all(tmp_path, values))
        assert server.log.count("Failed password") == 1


def without_a_key(server: Sshd, user: str) -> dict[str, Any]:
    values = server.variables(ansible_user=user, ansible_ssh_private_key_file=None)
    return {**values, "ansible_connection": "ssh"}
