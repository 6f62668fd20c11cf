"""Secrets from a vault reach the hosts, and nothing that is shown or kept."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.loading.text.vault_format import encrypt
from tests.e2e.fleet import PASSWORD, TestFleet, jobs_of

TOKEN = 'tök\'en & "Quote" 100%'
KEY = "-----BEGIN KEY-----\r\nline one of the key\r\nshort\r\nline two of the key\r\n"
PIN = "pin-4711-geheim"
DEEP = "deep-secret-0815"


def inline(text: str, indent: int) -> str:
    """A ``!vault`` value."""
    lines = encrypt(text.encode(), b"hunter2").splitlines()
    return "!vault |\n" + "".join(f"{' ' * indent}{line}\n" for line in lines)


PLAY = f"""
- hosts: all
  gather_facts: false
  vars_files: [secrets.yml]
  vars:
    pin: {inline(PIN, 6)}
  tasks:
    - {{name: said, id: said, debug: {{msg: "{{{{ token }}}} {{{{ pin }}}}"}}}}
    - {{name: shown, id: shown, debug: {{var: users}}}}
    - name: derived
      id: derived
      debug:
        msg:
          - "{{{{ token | b64encode }}}}"
          - "{{{{ ('joe:' ~ token) | b64encode }}}}"
          - "{{{{ token | urlencode }}}}"
          - "{{{{ token | quote }}}}"
          - "{{{{ users | to_json }}}}"
          - "{{{{ {{'t': token}} | to_nice_yaml }}}}"
          - "{{{{ key }}}}"
          - "{{{{ key.splitlines() }}}}"
    - name: sent
      id: sent
      win_shell: "echo {{{{ pin }}}}/{{{{ users[0].key }}}}>C:\\\\secret.txt"
      args: {{executable: cmd}}
      register: sent
    - name: direct
      id: direct
      win_shell: {inline(f"echo {PIN}", 8)}
      args: {{executable: cmd}}
    - {{name: known, id: known, set_fact: {{copy: "<{{{{ token }}}}>"}}}}
    - {{name: looped, id: looped, debug: {{msg: "{{{{ item.key }}}}"}}, loop: "{{{{ users }}}}"}}
    - {{name: refused, id: refused, fail: {{msg: "no {{{{ copy }}}}"}}, ignore_errors: true}}
    - {{name: change, id: change,
        win_regedit: {{path: 'HKLM:\\SOFTWARE\\Test', name: a, data: "{{{{ pin }}}}"}}}}
"""
SECRETS = json.dumps({"token": TOKEN, "key": KEY, "users": [{"name": "joe", "key": DEEP}]})

FORMS = (
    PIN, DEEP, TOKEN, TOKEN.replace("'", "''"), "tök'en", "\\u00f6k'en",
    base64.b64encode(TOKEN.encode()).decode(),
    base64.b64encode(f"joe:{TOKEN}".encode()).decode(),
    urllib.parse.quote(TOKEN), urllib.parse.quote(TOKEN, safe=""),
    "line one of the key", "line two of the key",
    "hunter2", PASSWORD,
)  # fmt: skip


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    home = tmp_path_factory.mktemp("vault")
    with TestFleet(home, {"web01": {"lab_os": "2012r2"}}) as made:
        (home / "pw").write_text("hunter2\n")
        (home / "secrets.yml").write_text(encrypt(SECRETS.encode(), b"hunter2"))
        group_vars = home / "group_vars"
        group_vars.mkdir()
        (group_vars / "windows.yml").write_text(encrypt(b"ansible_connection: winrm\n", b"hunter2"))
        yield made


def leaks(text: str) -> list[str]:
    """Which forms of the secrets stand in a text."""
    return [form for form in FORMS if form in text]


@pytest.mark.parametrize("words", [("--check", "-D"), ("-vvv", "-D")], ids=["check", "run"])
def test_no_secret_is_shown_or_kept(fleet: TestFleet, words: tuple[str, ...]) -> None:
    report = fleet.home / "report.json"
    vault = ("--vault-password-file", str(fleet.home / "pw"))
    done = fleet.play(PLAY, *vault, "--json", str(report), *words)
    assert done.code == 0, done.out + done.err
    assert leaks(done.out + done.err) == []
    text = report.read_text()
    assert leaks(text) == []
    assert leaks(json.dumps(json.loads(text), ensure_ascii=False)) == []
    jobs = jobs_of(json.loads(text))
    assert jobs["said", "web01"]["message"] == "******** ********"
    assert jobs["refused", "web01"]["ignored"] is True
    shown = fleet.run("show", "last", "-v", "--all")
    assert leaks(shown.out + shown.err) == []
    for path in (fleet.home / "state").rglob("*"):
        if path.is_file() and "lab" not in path.relative_to(fleet.home / "state").parts:
            kept = path.read_bytes().decode("utf-8", "replace")
            assert leaks(kept) == [], path
            assert leaks(kept.encode().decode("utf-16-le", "replace")) == [], path


def test_the_host_gets_them(fleet: TestFleet) -> None:
    done = fleet.play(PLAY, "--vault-id", f"default@{fleet.home / 'pw'}")
    assert done.code == 0, done.out + done.err
    said = fleet.run("lab", "exec", "web01", "type", "C:\\secret.txt")
    assert said.out.strip() == f"{PIN}/{DEEP}"


def test_the_inventory_masks_them(fleet: TestFleet) -> None:
    listed = fleet.run(
        "inventory", "-i", str(fleet.inventory), "--list", "--vault-password-file",
        str(fleet.home / "pw"),
    )  # fmt: skip
    assert listed.code == 0, listed.err
    assert leaks(listed.out) == []


def test_without_the_password_nothing_is_contacted(fleet: TestFleet) -> None:
    before = fleet.lab.counters("web01")
    done = fleet.play(PLAY)
    assert done.code == 5
    assert "no vault password is given" in done.err
    assert ":1:1: this is encrypted with the vault id 'default'" in done.err
    assert fleet.lab.counters("web01") == before


def test_rollback_takes_the_password_too(fleet: TestFleet, tmp_path: Path) -> None:
    plain = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: change, win_regedit: {path: 'HKLM:\\SOFTWARE\\Test2', name: a, data: b}}
"""
    vault = ("--vault-password-file", str(fleet.home / "pw"))
    assert fleet.play(plain, *vault).code == 0
    words = ("rollback", "last", "-i", str(fleet.inventory))
    assert fleet.run(*words).code == 5
    back = fleet.run(*words, *vault)
    assert back.code == 0, back.out + back.err
