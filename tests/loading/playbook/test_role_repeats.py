"""How often a role runs that is asked for several times."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.playbook import tasks_in
from tests.loading.trees import load, names, roles, write

DEPENDENT = """
== roles/one/meta/main.yml
dependencies: [{dep}]
== roles/one/tasks/main.yml
- {{name: one, win_ping: }}
== roles/two/meta/main.yml
dependencies: [{other}]
== roles/two/tasks/main.yml
- {{name: two, win_ping: }}
== roles/many/meta/main.yml
allow_duplicates: true
== roles/many/tasks/main.yml
- {{name: many, win_ping: }}
== roles/deep/meta/main.yml
dependencies: [common]
== roles/deep/tasks/main.yml
- {{name: deep, win_ping: }}
"""


@pytest.mark.parametrize(
    ("dep", "other", "listed", "expected"),
    [
        ("common", "common", "one, two", "common one two"),
        ("common", "{role: common}", "one, two", "common one two"),
        ("common", "{role: common, x: 1}", "one, two", "common one common two"),
        ("{role: common, x: 1}", "{role: common, x: 1}", "one, two", "common one two"),
        ("{role: common, x: 1}", "{role: common, x: '1'}", "one, two", "common one common two"),
        ("common", "{role: common, vars: {x: 1}}", "one, two", "common one common two"),
        ("common", "{role: common, tags: t}", "one, two", "common one common two"),
        ("common", "{role: common, when: w}", "one, two", "common one common two"),
        ("many", "many", "one, two", "many one many two"),
        ("deep", "common", "one, two", "common deep one two"),
        ("common", "deep", "one, two", "common one deep two"),
        ("common", "deep", "one, one", "common one"),
        ("common", "deep", "common, one", "common one"),
        ("common", "deep", "one, common", "common one"),
        ("common", "deep", "one, {role: one, x: 1}", "common one one"),
        # a role that may have been left out on some hosts still runs on those
        ("common", "common", "{role: one, when: w}, two", "common one common two"),
        ("common", "common", "one, {role: two, when: w}", "common one two"),
        ("common", "common", "{role: one, when: w}, {role: two, when: [v, w]}", "common one two"),
        ("common", "common", "{role: one, run_once: yes}, two", "common one common two"),
        ("common", "common", "{role: one, delegate_to: x}, two", "common one common two"),
        # an import's own role runs each time; what it depends on may have run before
        ("common", "common", "one]\n  tasks: [import_role: {name: two}", "common one two"),
        ("common", "common", "one]\n  tasks: [import_role: {name: one}", "common one one"),
        ("common", "common", "]\n  tasks: [import_role: {name: one}, import_role: {name: two}",
         "common one common two"),
    ],
)  # fmt: skip
def test_how_often(folder: Path, dep: str, other: str, listed: str, expected: str) -> None:
    write(folder, DEPENDENT.format(dep=dep, other=other))
    listed = listed.replace(", import_role", "}, {import_role").replace("[import", "[{import")
    text = f"[{listed}]" if "tasks:" not in listed else f"[{listed}}}]"
    assert names(roles(folder, text)) == expected.split()


def test_what_runs_once_for_several_has_the_tags_of_all(folder: Path) -> None:
    write(folder, DEPENDENT.format(dep="deep", other="deep"))
    found = roles(folder, "[{role: one, tags: a}, {role: two, tags: b}]")
    tags = {task.name: task.tags for task in tasks_in(found.tasks)}
    assert tags == {
        "common": frozenset("ab"), "deep": frozenset("ab"),
        "one": frozenset("a"), "two": frozenset("b"),
    }  # fmt: skip


def test_plays_do_not_share_roles(folder: Path) -> None:
    text = "- hosts: a\n  roles: [common]\n- hosts: b\n  roles: [common]\n"
    assert [names(play) for play in load(folder, text).plays] == [["common"], ["common"]]
