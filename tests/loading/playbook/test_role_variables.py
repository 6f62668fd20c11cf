"""Which variable wins in a role: on a host, and in the names of files."""

from __future__ import annotations

import itertools
import json
from collections import ChainMap
from pathlib import Path
from typing import Any

import pytest

from runner.loading.playbook.includes import Includer
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.words import words
from runner.model.playbook import Role, tasks_in
from tests.loading.modules import MODULES
from tests.loading.trees import load, named, names, play, roles, write

SOURCES = words(
    "inner_def outer_def sib_def imp_def play_vars inner_vars outer_vars sib_vars imp_vars "
    "outer_kw inner_kw imp_kw inner_param outer_param"
)


STRENGTH = {
    "play": "sib_def inner_def outer_def imp_def play_vars sib_vars inner_vars outer_vars imp_vars",
    "sib": "inner_def imp_def outer_def sib_def play_vars inner_vars imp_vars outer_kw outer_vars "
    "sib_vars outer_param",
    "inner": "sib_def imp_def outer_def inner_def play_vars sib_vars imp_vars outer_kw outer_vars "
    "inner_vars inner_kw outer_param inner_param",
    "outer": "imp_def sib_def inner_def outer_def play_vars imp_vars sib_vars inner_vars "
    "outer_vars outer_kw outer_param",
    "imp": "sib_def inner_def outer_def imp_def play_vars sib_vars inner_vars outer_kw outer_vars "
    "imp_vars imp_kw outer_param",
}
"""What the tasks of each role (and of the play) see, the weakest source first. These orders are
what ansible-core 2.19 does with the same files."""


def _tree_of_variables() -> str:
    """Each pair of sources gives one variable, named for both, its own name as the value."""
    pairs = list(itertools.combinations(sorted(SOURCES), 2))

    def given(source: str) -> dict[str, str]:
        return {f"{a}__{b}": source for a, b in pairs if source in (a, b)}

    parts = []
    for name in ("inner", "outer", "sib", "imp"):
        parts.append(f"== roles/{name}/defaults/main.yml\n{json.dumps(given(f'{name}_def'))}\n")
        parts.append(f"== roles/{name}/vars/main.yml\n{json.dumps(given(f'{name}_vars'))}\n")
        parts.append(f"== roles/{name}/tasks/main.yml\n- {{name: {name}, win_ping: }}\n")
    inner = {"role": "inner", "vars": given("inner_kw"), **given("inner_param")}
    outer = {"role": "outer", "vars": given("outer_kw"), **given("outer_param")}
    imported = {"import_role": {"name": "imp"}, "vars": given("imp_kw")}
    tasks = [{"name": "outer", "win_ping": None}, imported]
    parts.append(f"== roles/outer/tasks/main.yml\n{json.dumps(tasks)}\n")
    parts.append(f"== roles/outer/meta/main.yml\n{json.dumps({'dependencies': ['sib', inner]})}\n")
    play = {
        "hosts": "all",
        "vars": given("play_vars"),
        "roles": [outer],
        "tasks": [{"name": "play", "win_ping": None}],
    }
    return json.dumps([play]) + "\n" + "".join(parts)


@pytest.mark.parametrize("name", STRENGTH)
def test_which_variable_wins(folder: Path, name: str) -> None:
    found = play(folder, _tree_of_variables())
    task = named(tasks_in(found.tasks), name)
    role = task.role or Role("", "")
    layers = (
        role.params, task.vars, role.vars, found.role_vars, found.vars, role.defaults,
        found.role_defaults,
    )  # fmt: skip
    seen = ChainMap(*(dict(layer) for layer in layers))
    order = STRENGTH[name].split()
    for weak, strong in itertools.combinations(order, 2):
        assert seen["__".join(sorted((weak, strong)))] == strong
    for unseen in SOURCES - set(order):
        assert unseen not in seen.values()


@pytest.mark.parametrize(
    ("extra", "play_vars", "params", "expected"),
    [
        ({}, "", "", "default"),
        ({}, "play", "", "play"),
        ({}, "play", "param", "param"),
        ({"kind": "extra"}, "play", "param", "extra"),
    ],
)
def test_which_variable_wins_in_a_name(
    folder: Path, extra: dict[str, Any], play_vars: str, params: str, expected: str
) -> None:
    kinds = ["default", "play", "param", "extra"]
    files = "".join(f"== roles/r/tasks/{k}.yml\n- {{name: {k}, win_ping: }}\n" for k in kinds)
    text = f"[{{role: r{f', kind: {params}' if params else ''}}}]"
    more = f"  vars: {{kind: {play_vars}}}\n" if play_vars else ""
    more += "== roles/r/defaults/main.yml\nkind: default\n"
    more += "== roles/r/tasks/main.yml\n- import_tasks: '{{ kind }}.yml'\n" + files
    assert names(roles(folder, text, more, **extra)) == [expected]


def test_an_included_role_prefers_its_own_defaults(folder: Path) -> None:
    text = """
- hosts: all
  roles: [outer]
== roles/outer/defaults/main.yml
kind: outer
== roles/outer/tasks/main.yml
- include_role: {name: inner}
== roles/inner/defaults/main.yml
kind: inner
== roles/inner/tasks/main.yml
- import_tasks: "{{ kind }}.yml"
== roles/inner/tasks/inner.yml
- {name: its own, win_ping: }
== roles/inner/tasks/host.yml
- {name: of the host, win_ping: }
"""
    book = load(folder, text)
    (include,) = tasks_in(book.plays[0].tasks)
    assert include.role is not None
    includer = Includer(book, MODULES, JinjaTemplates(folder))
    on_host = {**include.role.defaults}
    found = includer.tasks(include, {"name": "inner"}, on_host)
    assert [task.name for task in tasks_in(found.tasks)] == ["its own"]
    found = includer.tasks(include, {"name": "inner"}, {**on_host, "kind": "host"})
    assert [task.name for task in tasks_in(found.tasks)] == ["of the host"]


def test_a_role_in_a_role(folder: Path) -> None:
    write(
        folder,
        """
== roles/outer/tasks/main.yml
- import_role: {name: inner}
  vars: {given: 1}
== roles/outer/defaults/main.yml
which: wrong
== roles/outer/vars/main.yml
outer_var: 1
== roles/inner/defaults/main.yml
which: right
== roles/inner/tasks/main.yml
- import_tasks: "{{ which }}.yml"
== roles/inner/tasks/right.yml
- {name: right, win_ping: }
""",
    )
    (task,) = tasks_in(roles(folder, "[{role: outer, param: 1}, common]").tasks[:1])
    assert task.name == "right"
    assert task.role is not None
    assert (task.role.name, [r.name for r in task.role.parents]) == ("inner", ["outer"])
    assert task.role.vars == {"outer_var": 1, "given": 1}
    assert task.role.params == {"param": 1}
    assert task.role.defaults["which"] == "right"
