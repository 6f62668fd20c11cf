"""``runner inventory``: the output of ansible-inventory, and where values come from."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from runner.cli.main import invoke

ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")
FILES = {
    "hosts": "lone\n[web]\nweb01 x=1\nweb02\n[eu:children]\nweb\n[web:vars]\nsite=berlin\n"
    "ansible_password=Geheim-1\nurl=https://{{ inventory_hostname }}/\nbad={{ nobody }}\n"
    "login=admin:{{ ansible_password }}\n",
    "group_vars/web.yml": "level: file\nsite: hamburg\n",
    "pb/host_vars/web01.yml": "site: munich\n",
    "pb/site.yml": "- hosts: all\n",
}


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return "hosts"


Capture = pytest.CaptureFixture[str]


def _run(capsys: Capture, *words: str, code: int = 0) -> str:
    assert invoke(["inventory", *words]) == code
    said = capsys.readouterr()
    assert "Geheim" not in said.out + said.err
    return said.err if code else said.out


def test_list(inventory: str, capsys: Capture) -> None:
    found = json.loads(_run(capsys, "-i", inventory, "--list", "-l", "web01,lone", "-e", "e=5"))
    assert found["all"] == {"children": ["ungrouped", "eu"]}
    assert found["web"] == {"hosts": ["web01"]}
    assert list(found["_meta"]["hostvars"]) == ["lone", "web01"]
    assert found["_meta"]["hostvars"]["web01"]["ansible_password"] == "********"
    assert found["_meta"]["hostvars"]["web01"]["level"] == "file"
    assert found["_meta"]["hostvars"]["lone"] == {"e": "5"}


def test_the_list_is_an_inventory_again(inventory: str, capsys: Capture, tmp_path: Path) -> None:
    first = _run(capsys, "-i", inventory, "--list")
    (tmp_path / "answer.json").write_text(first)
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ncat '{tmp_path}/answer.json'\n")
    script.chmod(0o755)
    assert _run(capsys, "-i", str(script), "--list") == first


def test_graph(inventory: str, capsys: Capture) -> None:
    assert _run(capsys, "-i", inventory, "--graph").splitlines() == [
        "@all:",
        "  |--@ungrouped:",
        "  |  |--lone",
        "  |--@eu:",
        "  |  |--@web:",
        "  |  |  |--web01",
        "  |  |  |--web02",
    ]
    shown = _run(capsys, "-i", inventory, "--graph", "web", "--vars").splitlines()
    assert shown[:2] == ["@web:", "  |--web01"]
    assert "  |  |--{x = 1}" in shown
    assert "  |--{site = hamburg}" in shown
    assert "  |--{ansible_password = ********}" in shown


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE names no Ansible")
@pytest.mark.parametrize("words", [["--graph"], ["--graph", "eu", "--vars"], ["--host", "web01"]])
def test_ansible_prints_the_same(
    inventory: str, words: list[str], capsys: Capture, tmp_path: Path
) -> None:
    text = FILES["hosts"].replace("ansible_password=Geheim-1\n", "")
    (tmp_path / "hosts").write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    program = str(Path(ANSIBLE) / "ansible-inventory")
    theirs = subprocess.run(
        [program, "-i", inventory, *words],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert _run(capsys, "-i", inventory, *words) == theirs


def test_hosts(inventory: str, capsys: Capture) -> None:
    assert _run(capsys, "-i", inventory, "--hosts", "web:!web01").split() == ["web02"]
    assert _run(capsys, "-i", inventory, "--hosts", "all", "-l", "eu").split() == ["web01", "web02"]
    assert _run(capsys, "-i", "a,b,", "--hosts", "b,a").split() == ["b", "a"]


def test_host(inventory: str, capsys: Capture) -> None:
    found = json.loads(_run(capsys, "-i", inventory, "--host", "web01"))
    assert (found["x"], found["site"]) == (1, "hamburg")
    words = ("-i", inventory, "--host", "web01", "--playbook", "pb/site.yml", "-e", "x=2")
    found = json.loads(_run(capsys, *words))
    assert (found["x"], found["site"]) == ("2", "munich")


def test_explain(inventory: str, capsys: Capture) -> None:
    words = ("-i", inventory, "--host", "web01", "--playbook", "pb/site.yml", "--explain")
    assert _run(capsys, *words, "site", "-e", "site=x").splitlines() == [
        "site on web01:",
        '  = "x"  from extra vars (-e)',
        "  - \"munich\"  from variable file, host 'web01'  (pb/host_vars/web01.yml:1:1)",
        "  - \"hamburg\"  from variable file, group 'web'  (group_vars/web.yml:2:1)",
        "  - \"berlin\"  from inventory, group 'web'  (hosts:8:1)",
    ]
    assert _run(capsys, *words, "url").splitlines()[-1] == '  which is: "https://web01/"'
    cannot = "  which cannot be evaluated: 'nobody' is undefined"
    assert _run(capsys, *words, "bad").splitlines()[-1] == cannot
    assert "********" in _run(capsys, *words, "ansible_password")
    assert len(_run(capsys, *words, "login").splitlines()) == 2
    assert "from magic" in _run(capsys, *words, "inventory_hostname")
    assert "did you mean 'site'?" in _run(capsys, *words, "siet", code=5)


def test_this_machine(inventory: str, capsys: Capture) -> None:
    found = json.loads(_run(capsys, "-i", inventory, "--host", "localhost"))
    assert found == {"ansible_connection": "local"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give one of --list, --graph, --host NAME, --hosts PATTERN"),
        (["--list", "--graph"], "give one of"),
        (["--list", "--explain", "x"], "--explain goes with --host NAME"),
        (["--list", "--vars"], "--vars goes with --graph"),
        (["--list", "web"], "'web' goes with --graph"),
        (["--graph", "wbe"], "did you mean 'web'?"),
        (["--host", "web1"], "did you mean 'web01'?"),
        (["--hosts", "nobody"], "no host or group is named 'nobody'"),
        (["--list", "-l", ","], "is empty"),
    ],
)
def test_mistakes(inventory: str, capsys: Capture, words: list[str], message: str) -> None:
    assert message in _run(capsys, "-i", inventory, *words, code=5)


def test_warnings_go_to_the_error_output(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "hosts").write_text("[web]\nweb\n")
    assert invoke(["inventory", "-i", str(tmp_path / "hosts"), "--hosts", "all"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "web\n",
        "WARNING: 'web' is the name of a host and of a group\n",
    )
