"""lint: which files it reads, what it counts, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.app.lint import LintOptions, lint
from runner.cli.lint import command
from tests.app.linting import look, rules, tasks, write


def test_every_unknown_module_is_counted(tmp_path: Path) -> None:
    lines = "\n".join(f"- {{name: t{n}, vendor_{n % 3}: }}" for n in range(70))
    found = tasks(tmp_path, lines)
    assert len(found.unknown) == 70
    result = CliRunner().invoke(command, [str(tmp_path / "play.yml")], standalone_mode=False)
    assert result.return_value == 5
    *_, head, first, hint, second, _, third, _, last = result.output.splitlines()
    assert head == "unknown module  times  first place"
    assert first == f"vendor_0           24  {tmp_path}/play.yml:3:18"
    assert hint == "  those that are here: runner modules"
    assert second == f"vendor_1           23  {tmp_path}/play.yml:4:18"
    assert third.startswith("vendor_2           23  ")
    assert "70 calls of unknown modules" in last


def test_unknown_modules_of_several_files_stand_in_one_table(tmp_path: Path) -> None:
    for name, module in (("a.yml", "win_acme_one"), ("b.yml", "win_acme_two")):
        text = f"- hosts: all\n  tasks: [import_tasks: shared.yml, {module}: ]\n"
        write(tmp_path, text, name)
    write(tmp_path, "- {name: x, win_acme_one: }\n- {name: y, acme.win.copy: }\n", "shared.yml")
    paths = [str(tmp_path / "a.yml"), str(tmp_path / "b.yml")]
    result = CliRunner().invoke(command, paths, standalone_mode=False)
    lines = [li for li in result.output.splitlines() if li.startswith(("win_", "acme."))]
    assert lines == [
        f"win_acme_one        2  {tmp_path}/shared.yml:1:13",
        f"acme.win.copy       1  {tmp_path}/shared.yml:2:13",
        f"win_acme_two        1  {tmp_path}/b.yml:2:37",
    ]


def test_mistakes_of_all_kinds_at_once(tmp_path: Path) -> None:
    write(tmp_path, "- {name: in, win_service: {nam: x}}\n", "other.yml")
    found = tasks(
        tmp_path,
        """
- {name: a, win_service: {name: x, state: stoped}}
- {name: b, vendor: }
- {name: c, win_ping: , wen: x}
- {name: d, win_shell: dir}
- include_tasks: other.yml
""",
    )
    places = [Path(e.source.file).name for e in found.errors if e.source]
    assert places == ["play.yml", "play.yml", "other.yml"]
    texts = [error.message for error in found.errors]
    assert texts[0].startswith("win_service: parameter 'state'")
    assert texts[1] == "'wen' is not a keyword of a task"
    assert "'nam'" in texts[2]
    assert [error.name for error in found.unknown] == ["vendor"]
    assert {remark.rule for remark in found.remarks} == {"irreversible", "unpredictable"}


def test_a_role_with_all_its_files(tmp_path: Path) -> None:
    role = tmp_path / "roles" / "web"
    write(role, "- include_tasks: '{{ ansible_os_family }}.yml'\n", "tasks/main.yml")
    write(role, "- {name: a, vendor: , notify: somebody}\n", "tasks/Windows.yml")
    write(
        role, "- {name: b, win_service: {name: '{{ service }}', state: }}\n", "tasks/sub/more.yml"
    )
    write(role, "service: x\n", "defaults/main.yml")
    write(role, "dependencies: [base]\n", "meta/main.yml")
    write(tmp_path, "- {name: c, win_ping: }\n", "roles/base/tasks/main.yml")
    found = look(role)
    assert (found.what, found.errors, found.tasks) == ("role", (), 4)
    (unknown,) = found.unknown
    assert unknown.source is not None
    assert unknown.source.file == str(role / "tasks" / "Windows.yml")


def test_a_file_of_tasks_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "- {name: a, win_ping: , notify: x}\n- block: [{vendor: }]\n", "t.yml")
    found = look(path)
    assert (found.what, found.tasks, len(found.unknown), found.errors) == ("tasks", 2, 1, ())
    result = CliRunner().invoke(command, [str(path)], standalone_mode=False)
    assert "t.yml is a list of tasks without a play: read as such" in result.output


def test_a_file_of_tasks_of_a_role_knows_its_role(tmp_path: Path) -> None:
    role = tmp_path / "roles" / "web"
    write(role, "- import_tasks: '{{ role_path }}/tasks/{{ kind }}.yml'\n", "tasks/main.yml")
    write(role, "- {name: a, win_ping: }\n", "tasks/one.yml")
    write(role, "kind: one\n", "defaults/main.yml")
    found = look(role / "tasks" / "main.yml")
    assert (found.what, found.tasks, found.errors) == ("tasks", 1, ())


@pytest.mark.parametrize("text", ["[]\n", "x: 1\n", "", "- host: all\n  tasks: []\n"])
def test_what_is_no_playbook(tmp_path: Path, text: str) -> None:
    assert look(write(tmp_path, text)).errors


def test_what_is_not_there(tmp_path: Path) -> None:
    assert "cannot read" in look(tmp_path / "none.yml").errors[0].message
    (tmp_path / "empty").mkdir()
    assert "neither a playbook nor a role" in look(tmp_path / "empty").errors[0].message


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    pipe = f"\"{{{{ lookup('pipe', 'touch {mark}') }}}}\""
    keep = f"\"{{{{ lookup('password', '{mark}') }}}}\""
    look(
        write(
            tmp_path,
            f"- hosts: {pipe}\n- hosts: all\n  name: {pipe}\n  serial: {pipe}\n"
            f"  vars: {{x: {pipe}, y: {keep}}}\n  vars_files: [{keep}, '{{{{ x }}}}']\n"
            f"  tasks:\n    - include_tasks: '{{{{ y }}}}'\n    - import_tasks: '{{{{ x }}}}'\n"
            f"    - {{include_tasks: '{{{{ item }}}}', loop: {pipe}}}\n"
            f"    - {{win_ping: , throttle: {keep}, tags: ['{{{{ x }}}}'], notify: {keep}}}\n"
            f"  handlers: [{{name: {pipe}, win_reboot: }}]\n",
        )
    )
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("- {name: a, win_ping: }", [], 0),
        ("- {name: a, win_ping: }", ["--strict"], 0),
        ("- {name: a, win_shell: dir}", [], 0),
        ("- {name: a, win_shell: dir}", ["--strict"], 5),
        ("- {name: a, vendor: }", [], 5),
        ("- {name: a, win_ping: , wen: x}", [], 5),
    ],
)
def test_exit_codes(tmp_path: Path, text: str, options: list[str], code: int) -> None:
    path = write(tmp_path, f"- hosts: all\n  tasks:\n    {text}\n")
    result = CliRunner().invoke(command, [str(path), *options], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, code)


def test_extra_variables(tmp_path: Path) -> None:
    path = write(tmp_path, "- hosts: '{{ where }}'\n  tasks: [{name: a, win_ping: }]\n")
    assert look(path).errors
    assert not look(path, "where=web").errors


def test_what_a_play_gathers_is_looked_at(tmp_path: Path) -> None:
    text = "- hosts: all\n  gather_subset: [min, {}]\n  tasks: [debug: {{msg: x}}]\n"
    wrong = look(write(tmp_path, text.format("nonsense")))
    assert ["'nonsense' is unknown" in str(error) for error in wrong.errors] == [True]
    assert rules(look(write(tmp_path, text.format("virtual")))) == ["not-gathered:1"]
    assert rules(look(write(tmp_path, text.format("architecture")))) == []


def test_data_among_playbooks_is_left_out_by_name_and_alone_it_is_a_mistake(
    tmp_path: Path,
) -> None:
    data = write(tmp_path, "schema: 1\npackages: [a]\n", "packages.yml")
    play = write(tmp_path, "- hosts: all\n  tasks: [{name: x, debug: {msg: a}}]\n")
    done = CliRunner().invoke(command, [str(play), str(data)], standalone_mode=False)
    assert done.return_value == 0, done.output
    assert f"{data} is no playbook: it holds data, and is left out" in done.output
    assert "0 mistakes" in done.output
    (error,) = look(data).errors
    assert "is no playbook: it holds data" in error.message
    undashed = write(tmp_path, "hosts: all\ntasks: []\n", "undashed.yml")
    found = list(lint(LintOptions((play, undashed))))
    assert found[1].errors, "a play without its dash is a mistake"


def test_a_playbook_of_imports_by_their_full_name_is_one(tmp_path: Path) -> None:
    write(tmp_path, "- hosts: all\n  tasks: [{name: t, debug: {msg: x}}]\n", "other.yml")
    found = look(write(tmp_path, "- ansible.builtin.import_playbook: other.yml\n", "site.yml"))
    assert (found.what, found.tasks, found.errors, found.unknown) == ("playbook", 1, (), ())
