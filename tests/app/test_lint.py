"""Lint: every rule on what it is about and on what it must be quiet on; mistakes; exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.wiring.options import VaultOptions
from runner.loading.text.vault_format import encrypt
from tests.app.linting import QUIET, look, rules, tasks, write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {name: a, win_shell: dir}", ["irreversible:3", "unpredictable:3"]),
        ("- {name: a, command: ls}", ["irreversible:3", "unpredictable:3"]),
        ("- {name: a, win_shell: dir, changed_when: false}", []),
        ("- {name: a, win_shell: dir, changed_when: 'false'}", []),
        ("- {name: a, win_shell: dir, changed_when: no}", []),
        ("- {name: a, win_shell: dir, changed_when: x.rc == 3, register: x}",
         ["irreversible:3", "unpredictable:3"]),
        ("- {name: a, win_shell: dir, args: {creates: C:\\x}}", ["irreversible:3"]),
        ("- {name: a, win_shell: dir removes=C:/x}", ["irreversible:3"]),
        ("- {name: a, win_shell: dir, args: {check: 'exit 0'}, rollback: false}", []),
        ("- {name: a, win_shell: dir, check_mode: false}", ["irreversible:3"]),
        ("- {name: a, win_shell: dir, rollback: false}", ["unpredictable:3"]),
        ("- {name: a, win_shell: dir, undo: [{win_shell: del x}]}", ["unpredictable:3"]),
        ("- {name: a, win_service: {name: x, state: stopped}}", []),
        ("- {name: a, include_tasks: '{{ x }}.yml'}", []),
        ("- win_service: {name: x, state: stopped}", ["unnamed:3"]),
        ("- block: [{win_service: {name: x, state: stopped}}]", ["unnamed:3"]),
        ("- debug: msg=x", []),
        ("- set_fact: a=1", []),
        ("- meta: flush_handlers", []),
        ("- include_tasks: '{{ x }}.yml'", []),
        (f"- {{win_shell: dir, {QUIET}}}", ["unnamed:3"]),
        ("- {name: a, win_service: {name: x, state: stopped}, ignore_errors: yes}", ["ignored:3"]),
        ("- {name: a, win_service: {name: x, state: stopped}, ignore_errors: yes, register: r}",
         []),
        ("- {name: a, win_service: {name: x, state: stopped}, ignore_errors: '{{ x }}'}", []),
        ("- {name: a, debug: msg=x, ignore_errors: yes}", []),
        ("- {name: a, debug: '{{ p }}'}", ["late-arguments:3"]),
        ("- {name: a, win_service: {name: x}, args: '{{ p }}'}", ["late-arguments:3"]),
        ("- {name: a, setup: {gather_subset: 'virtual,!facter'}}", ["not-gathered:3"]),
        ("- {name: a, setup: {gather_subset: [min, selinux, mounts]}}", ["not-gathered:3"]),
        ("- {name: a, setup: {gather_subset: architecture}}", []),
    ],
)  # fmt: skip
def test_rules_about_tasks(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert rules(tasks(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("db_password: geheim", True),
        ("API_KEY: abc", True),
        ("apikey: abc", True),
        ("client_secret: abc", True),
        ("join_token: abc", True),
        ("ansible_password: geheim", True),
        ("users: [{name: a, password: geheim}]", True),
        ("deep: {a: {b: [{passwd: geheim}]}}", True),
        ("db_password: '{{ vault_db_password }}'", False),
        ("db_password: '{% if a %}x{% endif %}'", False),
        ("db_password: ''", False),
        ("db_password:", False),
        ("db_password: {x: 1}", False),
        ("db_password: 12", False),
        ("update_password: on_create", False),
        ("update_password: geheim", False),
        ("user_cannot_change_password: 'yes'", False),
        ("no_password: x", False),
        ("password_policy: strict", False),
        ("minimum_password_age: '1'", False),
        ("password: disabled", False),
        ("compass: north", False),
        ("bypass: x", False),
        ("broken: tokens", False),
    ],
)
def test_passwords_in_clear_text(tmp_path: Path, line: str, found: bool) -> None:
    path = write(tmp_path, f"- hosts: all\n  vars:\n    {line}\n")
    assert rules(look(path)) == (["plain-secret:3"] if found else [])


def test_passwords_in_other_places(tmp_path: Path) -> None:
    write(tmp_path, "x_password: geheim\n", "vars/main.yml")
    write(tmp_path, "y_token: geheim\n", "roles/r/defaults/main.yml")
    write(tmp_path, "- {name: a, debug: msg=x}\n", "roles/r/tasks/main.yml")
    path = write(
        tmp_path,
        "- hosts: all\n  vars_files: [vars/main.yml]\n  roles: [r]\n  tasks:\n"
        "    - {name: a, win_shell: dir, rollback: false, args: {creates: x}, vars: {a_token: b}}\n"
        "    - name: b\n      validate_argument_spec: argument_spec={} password=geheim\n",
    )
    found = look(path)
    places = [(Path(r.source.file).parent.name, r.source) for r in found.remarks]
    assert {(folder, source.line, source.column) for folder, source in places} == {
        (tmp_path.name, 5, 77), (tmp_path.name, 7, 48), ("vars", 1, 1), ("defaults", 1, 1),
    }  # fmt: skip
    assert not any("geheim" in str(remark) for remark in found.remarks)


@pytest.fixture
def vault(tmp_path: Path) -> VaultOptions:
    password = tmp_path / "password"
    password.write_text("open sesame")
    return VaultOptions(password_files=(str(password),))


def _encrypted(text: str) -> str:
    return encrypt(text.encode(), b"open sesame")


def test_unused_handlers(tmp_path: Path) -> None:
    handlers = """\
  handlers:
    - {name: used, win_reboot: }
    - {name: listening, win_reboot: , listen: [word]}
    - {name: by another, debug: msg=x, notify: last}
    - {name: last, debug: msg=x}
    - {name: unused, debug: msg=x}
"""
    one = "- {name: a, win_ping: , notify: [used, word, by another]}"
    assert rules(tasks(tmp_path, one, handlers)) == ["unused-handler:7"]
    write(tmp_path, "- {name: b, win_ping: , notify: unused}\n", "other.yml")
    two = f"{one}\n- include_tasks: other.yml"
    assert rules(tasks(tmp_path, two, handlers)) == []
    unknown = tasks(tmp_path, f"{one}\n- {{name: b, vendor: , notify: unused}}", handlers)
    assert (len(unknown.unknown), unknown.remarks) == (1, ())
    three = f"{one}\n- include_tasks: '{{{{ x }}}}.yml'"
    assert rules(tasks(tmp_path, three, handlers)) == []
    four = f"{one}\n- {{name: c, win_ping: , notify: '{{{{ x }}}}'}}"
    assert rules(tasks(tmp_path, four, handlers)) == []
    write(tmp_path, "- {name: of a role, win_reboot: }\n", "roles/r/handlers/main.yml")
    assert rules(tasks(tmp_path, one, f"{handlers}  roles: [r]\n")) == ["unused-handler:7"]


def test_encrypted_passwords_are_fine(tmp_path: Path, vault: VaultOptions) -> None:
    secret = "".join(f"      {line}\n" for line in _encrypted("geheim").splitlines())
    write(tmp_path, _encrypted("other_password: geheim\n"), "secret.yml")
    path = write(
        tmp_path,
        f"- hosts: all\n  vars_files: [secret.yml]\n  vars:\n    db_password: !vault |\n{secret}"
        "  tasks: [{name: a, win_ping: }]\n",
    )
    assert rules(look(path, vault=vault)) == []
    assert any("vault" in error.message for error in look(path).errors)
