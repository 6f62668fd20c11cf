"""``include_vars`` and files of variables that depend on the host."""

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError, PlaybookError
from runner.model.playbook import VarsFile
from tests.loading.includes import Run, only
from tests.loading.trees import named, said

VARIABLES = """
- hosts: all
  tasks:
    - {name: i, include_vars: ARGS}
    - {name: r, include_role: {name: base}}
== vars/a.yml
a: "{{ b }}"
ansible_password: geheim
== b.json
{"b": {"x": 1, "y": [1]}}
== c.txt
c: 3
== d/1.yml
one: 1
two: 1
== d/2.yaml
two: 2
== d/sub/3.json
{"three": 3}
== d/sub/deep/4.yml
four: 4
== d/5.yml~
five: 5
== roles/base/tasks/main.yml
- {name: in the role, include_vars: ARGS}
== roles/base/vars/main.yml
main: 1
== roles/base/vars/a.yml
a: role
== roles/base/vars/d/1.yml
one: role
"""


@pytest.mark.parametrize(
    ("args", "expected", "files"),
    [
        ("b.json", {"b": {"x": 1, "y": [1]}}, ["b.json"]),
        ("file=b.json name=all", {"all": {"b": {"x": 1, "y": [1]}}}, ["b.json"]),
        ("c.txt", {"c": 3}, ["c.txt"]),
        (
            "{file: b.json, hash_behaviour: merge}",
            {"b": {"x": 1, "y": [1], "z": 9}},
            ["b.json"],
        ),
        ("{dir: d, depth: 1, ignore_files: ['~']}", {"one": 1, "two": 2}, ["d/1.yml", "d/2.yaml"]),
        (
            "{dir: d, depth: 2, ignore_unknown_extensions: yes}",
            {"one": 1, "two": 2, "three": 3},
            ["d/1.yml", "d/2.yaml", "d/sub/3.json"],
        ),
        (
            "{dir: d, extensions: [yml], ignore_unknown_extensions: yes, name: n}",
            {"n": {"one": 1, "two": 1, "four": 4}},
            ["d/1.yml", "d/sub/deep/4.yml"],
        ),
        (
            "{dir: d, files_matching: '^[34]'}",
            {"three": 3, "four": 4},
            ["d/sub/3.json", "d/sub/deep/4.yml"],
        ),
    ],
)
def test_include_vars(
    tmp_path: Path, args: str, expected: dict[str, Any], files: list[str]
) -> None:
    run = Run(tmp_path, VARIABLES.replace("ARGS", args))
    task = named(run.playbook.all_tasks(), "i")
    found, paths = run.includer.variables(task, task.args, {"b": {"x": 0, "z": 9}})
    assert found == expected
    assert [str(Path(path).relative_to(tmp_path)) for path in paths] == files


def test_secrets_stay_secret(tmp_path: Path) -> None:
    run = Run(tmp_path, VARIABLES.replace("ARGS", "a.yml"))
    task = named(run.playbook.all_tasks(), "i")
    found, _ = run.includer.variables(task, task.args, {})
    assert found["a"] == "{{ b }}"
    assert "geheim" not in repr(found)


@pytest.mark.parametrize(
    ("args", "expected"),
    [("a.yml", {"a": "role"}), ("b.json", {"b": {"x": 1, "y": [1]}}), ("dir=d", {"one": "role"})],
)
def test_include_vars_in_a_role(tmp_path: Path, args: str, expected: dict[str, Any]) -> None:
    run = Run(tmp_path, VARIABLES.replace("ARGS", args))
    task = only(run.include("r"), "in the role")
    assert run.includer.variables(task, task.args, {})[0] == expected


def test_the_main_variables_of_a_role_are_there_anyway(tmp_path: Path) -> None:
    run = Run(tmp_path, VARIABLES.replace("ARGS", "dir=../vars"))
    task = only(run.include("r"), "in the role")
    found, _ = run.includer.variables(task, {"dir": "vars"}, {})
    assert found == {"a": "role", "one": "role"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("none.yml", "4:31: cannot find the variable file none.yml"),
        ("{file: a.yml, dir: d}", "4:45: BOTH: 'dir' is for a directory"),
        ("{file: a.yml, depth: 1}", "4:45: BOTH: 'depth' is for a directory"),
        ("{depth: 1}", "4:32: 'depth' needs 'dir'"),
        ("{name: x}", "4:7: include_vars names no file"),
        ("{dir: nowhere}", "4:32: there is no directory FOLDER/nowhere"),
        ("{dir: d}", "4:32: FOLDER/d/5.yml~ does not end in .yaml, .yml, .json"),
        ("{dir: d, depth: few}", "4:40: 'depth' is a number of levels, found 'few'"),
        ("{dir: d, files_matching: '('}", "4:40: '(' is no regular expression: missing )"),
        ("{file: b.json, hash_behaviour: mix}", "4:46: this is merge or replace, found 'mix'"),
        ("{fille: b.json}", "4:32: include_vars has no parameter 'fille'"),
    ],
)
def test_bad_include_vars(tmp_path: Path, args: str, message: str) -> None:
    run = Run(tmp_path, VARIABLES.replace("ARGS", args))
    task = named(run.playbook.all_tasks(), "i")
    with pytest.raises(PlaybookError) as caught:
        run.includer.variables(task, task.args, {})
    expected = message.replace("BOTH", "include_vars reads a file or a directory")
    found = said(caught.value, tmp_path)[0].partition(" | ")[0].partition(", unterminated")[0]
    assert found == f"play.yml:{expected.replace('FOLDER/', '')}"


def test_a_file_of_variables_for_each_host(tmp_path: Path) -> None:
    run = Run(tmp_path, "- hosts: all\n  tasks: []\n== vars/a.yml\na: 1\n== b.yml\nb: 2\n")
    entry = VarsFile(("{{ os }}.yml", "b.yml"), run.playbook.plays[0].source)
    assert run.includer.vars_file(entry, {"os": "a"}) == {"a": 1}
    assert run.includer.vars_file(entry, {"os": "c"}) == {"b": 2}
    lonely = VarsFile(("{{ os }}.yml",), entry.source)
    with pytest.raises(PlaybookError, match=r"cannot find the variable file c\.yml"):
        run.includer.vars_file(lonely, {"os": "c"})
    with pytest.raises(InputError, match="'os' is undefined"):
        run.includer.vars_file(lonely, {})
