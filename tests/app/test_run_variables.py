"""When a run may forget hosts that are done: only where surely nobody else asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.run_variables import is_private
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import prepare

ASKED = {
    "hostvars": "- debug: {msg: \"{{ hostvars['a'].r }}\"}",
    "a condition": "- {debug: {msg: x}, when: \"hostvars[groups['all'][0]].r\"}",
    "a template": "- template: {src: a.j2, dest: /tmp/a}",
    "a lookup": "- debug: {msg: \"{{ lookup('vars', 'host' ~ 'vars') }}\"}",
    "a delegation": "- {ping: , delegate_to: b}",
    "an unknown file": "- include_tasks: '{{ x }}.yml'",
    "a known file": "- include_tasks: asks.yml",
    "a file of variables": "- include_vars: asks_vars.yml\n    - debug: {msg: '{{ y }}'}",
    "any file of variables": "- ansible.builtin.include_vars: {dir: more}",
    "a block's file": "- block:\n        - include_vars: asks_vars.yml",
    "another inventory": "- group_by: {key: x}\n- hosts: x\n  tasks:\n    - ping:",
}


def private(folder: Path, tasks: str, variables: str = "x: 1", play: str = "") -> bool:
    (folder / "hosts.yml").write_text(
        f"all:\n  vars: {{ansible_connection: local, {variables}}}\n  hosts: {{a: , b: }}\n"
    )
    (folder / "asks.yml").write_text("- debug: {msg: \"{{ hostvars['b'].r }}\"}\n")
    (folder / "plain.yml").write_text('- debug: {msg: "{{ r }}"}\n')
    (folder / "a.j2").write_text("{{ hostvars }}")
    (folder / "asks_vars.yml").write_text("y: \"{{ hostvars['b'].r }}\"\n")
    text = f"- hosts: all\n  gather_facts: false\n{play}  tasks:\n    {tasks}\n"
    (folder / "play.yml").write_text(text)
    return is_private(prepare(RunOptions(folder / "play.yml", (folder / "hosts.yml",))))


@pytest.mark.parametrize("tasks", ASKED.values(), ids=ASKED)
def test_somebody_may_ask(tmp_path: Path, tasks: str) -> None:
    assert not private(tmp_path, tasks)


def test_variables_may_ask(tmp_path: Path) -> None:
    assert not private(tmp_path, "- debug: {msg: '{{ y }}'}", "y: \"{{ hostvars['a'].r }}\"")


@pytest.mark.parametrize("name", ["asks_vars.yml", "{{ x }}_vars.yml"])
def test_a_file_of_variables_of_a_play_may_ask(tmp_path: Path, name: str) -> None:
    asks = "- debug: {msg: '{{ y }}'}"
    assert not private(tmp_path, asks, "x: asks", f"  vars_files: ['{name}']\n")


@pytest.mark.parametrize(
    "tasks", ["- {command: hostname, register: r}\n    - debug: {msg: '{{ r }}'}",
              "- include_tasks: plain.yml"], ids=["own", "own file"],
)  # fmt: skip
def test_nobody_asks(tmp_path: Path, tasks: str) -> None:
    assert private(tmp_path, tasks)
