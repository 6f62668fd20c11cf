"""import_playbook."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError
from runner.model.playbook import tasks_in
from tests.loading.trees import load, said

IMPORTED = """
- import_playbook: "{{ which }}.yml"
  vars: {which: sub/one, a: 1}
  when: outer
  tags: t
- import_playbook: sub/two.yml
  vars: {a: 3}
== sub/one.yml
- hosts: all
  vars: {a: 0, b: 0}
  tags: u
  vars_files: [v.yml]
  pre_tasks: [{win_ping: , when: inner}]
  roles: [near]
  handlers: [{name: h, win_ping: }]
- import_playbook: two.yml
  vars: {a: 2, c: 2}
  when: middle
== sub/v.yml
b: 9
== sub/two.yml
- hosts: "{{ a }}"
  tasks: [{win_ping: }]
== sub/roles/near/tasks/main.yml
- win_ping:
"""


def test_import_playbook(tmp_path: Path) -> None:
    one, two, three = load(tmp_path, IMPORTED, {"which": "sub/one"}).plays
    assert (one.tags, one.vars) == (frozenset({"t", "u"}), {"which": "sub/one", "a": 1, "b": 9})
    first, second = tasks_in(one.tasks)
    assert first.conditions == ("outer", "inner")
    assert (second.conditions, second.tags) == (("outer",), frozenset({"t", "u"}))
    assert (two.hosts, two.vars["a"], two.vars["c"]) == ("1", 1, 2)
    assert next(tasks_in(two.tasks)).conditions == ("outer", "middle")
    assert (three.hosts, three.tags) == ("3", frozenset())
    assert next(tasks_in(three.tasks)).conditions == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- import_playbook: no.yml\n", "play.yml:1:20: cannot find the playbook no.yml"),
        ("- import_playbook: play.yml\n", "in a circle: play.yml -> play.yml"),
        ("- import_playbook: [a]\n", "'import_playbook' is a text, found a list"),
        ("- import_playbook: a.yml\n  hosts: all\n",
         "'hosts' is not a keyword of an import_playbook"),
        ("- import_playbook: '{{ x }}'\n", "this must be known before any host is contacted"),
        ("- import_playbook: b.yml\n== b.yml\n- import_playbook: play.yml\n",
         "b.yml:1:20: playbooks import one another in a circle: play.yml -> b.yml -> play.yml"),
        ("- import_playbook: b.yml\n== b.yml\n", "b.yml:1:1: this playbook is empty"),
        ("- import_playbook: b.yml\n== b.yml\na: b\n", "a playbook is a list of plays"),
    ],
)  # fmt: skip
def test_wrong_imports(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert error in said(caught.value, tmp_path)[0]
