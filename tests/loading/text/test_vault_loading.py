"""Encrypted files, wherever the loader reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError, InventoryError, PlaybookError
from runner.loading.inventory.inventory import load_inventory
from runner.loading.playbook.playbook import load_playbook
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.document import load_document
from runner.loading.text.files import Files
from runner.loading.text.vault_format import encrypt
from runner.loading.variables import parse_extra_vars, read_variable_file
from runner.model.playbook import FREE_FORM, Task
from runner.model.secret import Redactor, Secret
from tests.loading.modules import MODULES
from tests.loading.vaults import DEFAULT, PROD, inline, keys, write

SECRET_FILE = (
    'password: geheim-1\nurl: "https://joe:{{ password }}@db"\nports: [1, 2]\n'
    "users: [{name: joe, key: k-1234}]\nansible_connection: winrm\nraw: !unsafe '{{ x }}'\n"
)


def test_the_texts_of_an_encrypted_variable_file_are_secrets(tmp_path: Path) -> None:
    seen: list[str] = []
    files = Files(PlaybookError, keys(DEFAULT, seen=seen))
    found = read_variable_file(write(tmp_path / "v.yml", SECRET_FILE), files, JinjaTemplates())
    assert found == {
        "password": Secret("geheim-1"),
        "url": Secret("https://joe:{{ password }}@db"),
        "ports": [1, 2],
        "users": [{"name": Secret("joe"), "key": Secret("k-1234")}],
        "ansible_connection": "winrm",
        "raw": Secret("{{ x }}"),
    }
    assert {"geheim-1", "k-1234"} <= set(seen)


def test_they_are_what_they_stand_for_in_templates(tmp_path: Path) -> None:
    files = Files(PlaybookError, keys(DEFAULT))
    found = read_variable_file(write(tmp_path / "v.yml", SECRET_FILE), files)
    redactor = Redactor()
    templates = JinjaTemplates(on_secret=redactor.add)

    def render(text: str) -> Any:
        return templates.render(text, found)

    assert render("{{ url }}") == "https://joe:geheim-1@db"
    assert render("{{ users[0].key }}") == "k-1234"
    assert render("{{ users | map(attribute='key') | first }}") == "k-1234"
    assert render("{{ users }}") == [{"name": "joe", "key": "k-1234"}]
    assert render("{{ raw }}") == "{{ x }}"
    assert templates.condition("users[0].name == 'joe' and 2 in ports", found)
    assert templates.render({"args": found["users"]}, found) == {
        "args": [{"name": "joe", "key": "k-1234"}]
    }
    assert redactor.text("geheim-1 k-1234") == "******** ********"


def test_a_file_is_read_and_opened_once_and_its_digest_is_that_of_the_disk(tmp_path: Path) -> None:
    path = write(tmp_path / "v.yml", "a: 1\n")
    files = Files(PlaybookError, keys(DEFAULT))
    before = files.text(path)
    digest = files.digest(tmp_path)
    path.write_text("changed")
    assert files.text(path) == before == "a: 1\n"
    path.write_text(encrypt(b"a: 1\n", b"hunter2", salt=bytes(32)))
    other = Files(PlaybookError, keys(DEFAULT))
    other.text(path)
    assert other.digest(tmp_path) != digest
    plain = Files(PlaybookError)
    raw = hashlib.sha256(path.read_bytes()).digest()
    expected = hashlib.sha256(b"v.yml\0" + raw).hexdigest()
    assert other.digest(tmp_path) == expected
    with pytest.raises(PlaybookError):
        plain.text(path)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: [geheim\n", 2, 4),
        ("a: geheim\na: geheim\n", 2, 1),
        ("a: !!int geheim\n", 1, 4),
        ("a: 'geheim'\n  b: geheim\n", 2, 3),
        ("my-name: geheim\n", 1, 1),
        ("a: '{{ geheim'\n", 1, 4),
        ("- geheim\n", 1, 1),
        ("a: \x07geheim\n", 1, 4),
        ("a: ! geheim\nb: !x geheim\n", 2, 4),
    ],
)
def test_no_line_of_an_encrypted_file_is_shown(
    text: str, line: int, column: int, tmp_path: Path
) -> None:
    files = Files(PlaybookError, keys(DEFAULT))
    with pytest.raises(InputError) as caught:
        read_variable_file(write(tmp_path / "v.yml", text), files, JinjaTemplates())
    assert "geheim" not in str(caught.value)
    assert "(vaulted)" in str(caught.value)
    assert caught.value.source is not None
    assert (caught.value.source.line, caught.value.source.column) == (line, column)


def test_an_encrypted_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "v.yml"
    path.write_text(encrypt(b"a: geheim\nb: geheim\xff\n", b"hunter2"))
    with pytest.raises(PlaybookError) as caught:
        load_document(path, Files(PlaybookError, keys(DEFAULT)))
    assert "not UTF-8: byte 0xFF" in caught.value.message
    assert "geheim" not in str(caught.value)


def test_a_missing_password_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "v.yml", "a: 1\n", label="prod")
    with pytest.raises(PlaybookError) as caught:
        Files(PlaybookError).text(path)
    assert str(caught.value) == (
        f"{path}:1:1: this is encrypted with the vault id 'prod', and no vault password is given\n"
        "    $ANSIBLE_VAULT;1.2;AES256;prod\n    ^\n"
        "  give it with --vault-id prod@FILE or --vault-id prod@prompt"
    )


def test_playbooks_tasks_and_variables(tmp_path: Path) -> None:
    write(tmp_path / "vars.yml", "secret: geheim-2\n")
    write(tmp_path / "tasks.yml", "- name: from a vault\n  debug: {msg: hello}\n")
    write(
        tmp_path / "play.yml",
        f"- hosts: all\n  vars_files: [vars.yml]\n  vars:\n    a: {inline('geheim-3', indent=6)}"
        "  tasks:\n    - import_tasks: tasks.yml\n",
    )
    found = load_playbook(tmp_path / "play.yml", MODULES, keys=keys(DEFAULT))
    (play,) = found.plays
    assert play.vars["secret"] == Secret("geheim-2")
    assert play.vars["a"] == Secret("geheim-3")
    assert [task.name for task in play.all_tasks()] == ["from a vault"]
    with pytest.raises(PlaybookError, match="no vault password is given"):
        load_playbook(tmp_path / "play.yml", MODULES)


INI = "[web]\nweb01 ansible_host=10.0.0.7 pin='1234 5'\n[web:vars]\ntoken=geheim-4\n"
YAML = """
web:
  hosts:
    web01: {ansible_host: 10.0.0.7, pin: 1234 5}
  vars: {token: geheim-4}
"""
CSV = "name,ansible_host,pin,token\nweb01,10.0.0.7,1234 5,geheim-4\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("hosts", INI), ("hosts.ini", INI), ("hosts.yml", YAML), ("hosts", YAML), ("h.csv", CSV)],
)
def test_whole_inventories(name: str, text: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, text)
    host = load_inventory([path], keys=keys(DEFAULT)).hosts["web01"]
    assert dict(host.vars) == {
        "ansible_host": Secret("10.0.0.7"), "pin": Secret("1234 5"), "token": Secret("geheim-4"),
    }  # fmt: skip
    with pytest.raises(InventoryError, match="no vault password is given"):
        load_inventory([path])
    with pytest.raises(InventoryError, match="none of the given"):
        load_inventory([path], keys=keys(PROD))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hosts.ini", "[web]\nweb01 geheim\n"),
        ("hosts.ini", "[web:vars]\ngeheim\n"),
        ("hosts.ini", "[web]\nweb01 a='geheim\n"),
        ("hosts.ini", "web01 a=geheim#x'\n"),
        ("hosts", "[web:vras]\na=geheim\n"),
        ("hosts.yml", "web:\n  hots: geheim\n"),
    ],
)
def test_no_line_of_an_encrypted_inventory_is_shown(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_inventory([write(tmp_path / name, text)], keys=keys(DEFAULT))
    assert "geheim" not in str(caught.value)
    assert "(vaulted)" in str(caught.value)


def test_variables_beside_an_inventory(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web01\n")
    write(tmp_path / "group_vars" / "all" / "vault.yml", "vault_password: geheim-5\n")
    (tmp_path / "group_vars" / "all" / "plain.yml").write_text(
        f"ansible_password: '{{{{ vault_password }}}}'\nkey: {inline('geheim-6', label='prod')}"
    )
    found = load_inventory([tmp_path / "hosts"], keys=keys(DEFAULT)).hosts["web01"].vars
    assert found["vault_password"] == Secret("geheim-5")
    assert found["key"] == Secret("geheim-6")
    assert JinjaTemplates().render("{{ ansible_password }}", found) == "geheim-5"


def test_extra_variables(tmp_path: Path) -> None:
    path = write(tmp_path / "extra.yml", "a: geheim-7\n")
    assert parse_extra_vars([f"@{path}"], keys=keys(DEFAULT)) == {"a": Secret("geheim-7")}
    with pytest.raises(PlaybookError, match="no vault password"):
        parse_extra_vars([f"@{path}"])


def load_task(tmp_path: Path, text: str) -> Task:
    """The one task of a playbook."""
    (tmp_path / "play.yml").write_text(f"- hosts: all\n  tasks:\n    - {text}")
    (play,) = load_playbook(tmp_path / "play.yml", MODULES, keys=keys(DEFAULT)).plays
    (only,) = play.all_tasks()
    return only


def test_a_whole_command_may_stand_encrypted(tmp_path: Path) -> None:
    found = load_task(tmp_path, f"win_shell: {inline('echo a=b geheim', indent=8)}")
    assert found.args == {FREE_FORM: Secret("echo a=b geheim")}
    with pytest.raises(PlaybookError, match="arguments of 'win_service' cannot be encrypted"):
        load_task(tmp_path, f"win_service: {inline('name=x', indent=8)}")
    with pytest.raises(PlaybookError, match="'name' is a text, found an encrypted value"):
        load_task(tmp_path, f"name: {inline('x', indent=8)}      win_ping:\n")
