"""Blocks, what is handed down into them, and what tasks inherit from around them."""

from pathlib import Path

import pytest

from runner.model.playbook import Become, Block, Task, Way
from tests.loading.trees import play


def test_a_block_without_a_need_of_its_own_gives_its_tasks(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- hosts: all
  tasks:
    - block:
        - {name: a, win_ping: }
        - block: [{name: b, win_ping: }]
    - block: []
    - {name: c, win_ping: }
""",
    )
    assert [(type(e), e.name) for e in found.tasks] == [(Task, "a"), (Task, "b"), (Task, "c")]


@pytest.mark.parametrize(
    "more",
    ["rescue: [{win_ping: }]", "always: [{win_ping: }]", "id: x", "needs: []"],
)
def test_a_block_is_kept(tmp_path: Path, more: str) -> None:
    text = f"- hosts: all\n  tasks:\n    - name: b\n      block: [{{win_ping: }}]\n      {more}\n"
    (block,) = play(tmp_path, text).tasks
    assert isinstance(block, Block)
    assert (block.name, len(block.block)) == ("b", 1)
    assert (block.source.line, block.source.column) == (3, 7)
    assert len(block.rescue) + len(block.always) == ("[{" in more)
    assert (block.id == "x", block.needs == ()) == ("id" in more, "needs" in more)


def test_only_the_always_of_an_empty_block_is_left(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks:
    - block: [{import_tasks: empty.yml}]
      rescue: [{name: r, win_ping: }]
      always: [{name: a, win_ping: , when: y}]
      when: x
== empty.yml
# nothing
"""
    (only,) = play(tmp_path, text).tasks
    assert isinstance(only, Task)
    assert (only.name, only.conditions) == ("a", ("x", "y"))


def test_handing_down_into_all_three_sections(tmp_path: Path) -> None:
    text = """
- hosts: all
  environment: {A: 1}
  become: yes
  become_user: SYSTEM
  any_errors_fatal: yes
  port: 5986
  handlers: [{name: h, win_ping: }, {name: i, win_ping: }]
  tasks:
    - name: outer
      block:
        - block:
            - {name: one, win_ping: , environment: {C: 3}, become: no, diff: no, notify: i}
          environment: "{{ more }}"
          delegate_to: dc01
      rescue:
        - {name: two, win_ping: , any_errors_fatal: "{{ strict }}"}
      always:
        - {name: three, win_ping: , when: last, tags: t}
      when: [a, b]
      tags: [x]
      vars: {v: 1}
      notify: h
      run_once: yes
      throttle: 3
      timeout: "{{ limit }}"
      ignore_unreachable: yes
      diff: yes
      connection: local
      remote_user: ops
      become_method: runas
"""
    (block,) = play(tmp_path, text).tasks
    assert isinstance(block, Block)
    one, two, three = block.block[0], block.rescue[0], block.always[0]
    assert isinstance(one, Task)
    assert isinstance(two, Task)
    assert isinstance(three, Task)
    for task in (one, two, three):
        assert (task.vars, task.run_once, task.throttle) == ({"v": 1}, True, 3)
        assert (task.timeout, task.ignore_unreachable) == ("{{ limit }}", True)
        assert task.way == Way("local", "ops", 5986)
    assert one.environment == ({"A": 1}, "{{ more }}", {"C": 3})
    assert two.environment == ({"A": 1},)
    assert one.become == Become(False, "SYSTEM", "runas")
    assert two.become == Become(True, "SYSTEM", "runas")
    assert (one.delegate_to, two.delegate_to) == ("dc01", None)
    assert (one.diff, two.diff) == (False, True)
    assert (one.notify, two.notify) == (("i",), ("h",))
    assert (one.any_errors_fatal, two.any_errors_fatal) == (True, "{{ strict }}")
    assert (two.conditions, three.conditions) == (("a", "b"), ("a", "b", "last"))
    assert (two.tags, three.tags) == (frozenset("x"), frozenset("xt"))


def test_module_defaults(tmp_path: Path) -> None:
    text = """
- hosts: all
  module_defaults:
    ansible.windows.win_service: {state: started, start_mode: auto}
    win_file: {state: absent}
  tasks:
    - win_service: {name: a, state: stopped}
    - block:
        - community.windows.win_service: name=b
        - win_file: {path: x}
        - win_shell: dir
      module_defaults:
        - win_service: {state: paused}
        - win_shell: {chdir: "{{ x }}"}
    - win_service: {name: c}
      module_defaults: {win_service: }
"""
    one, two, file, shell, three = (
        task for task in play(tmp_path, text).tasks if isinstance(task, Task)
    )
    assert one.args == {"name": "a", "state": "stopped", "start_mode": "auto"}
    assert two.args == {"name": "b", "state": "paused"}
    assert file.args == {"path": "x", "state": "absent"}
    assert shell.args == {"_raw_params": "dir", "chdir": "{{ x }}"}
    assert three.args == {"name": "c"}
    assert one.arg_sources["start_mode"].line == 4
    assert (one.arg_sources["state"].line, two.arg_sources["state"].line) == (7, 13)
    assert one.arg_sources.keys() == one.args.keys()


def test_undo(tmp_path: Path) -> None:
    text = """
- hosts: all
  become: yes
  handlers: [{name: h, win_ping: }]
  tasks:
    - win_shell: start {{ x }}
      vars: {x: 1}
      environment: {A: 1}
      when: c
      notify: h
      ignore_errors: yes
      delegate_to: dc01
      undo:
        - win_shell: stop {{ x }}
          when: d
        - block: [{win_ping: }]
          always: [{win_ping: }]
"""
    (task,) = play(tmp_path, text).tasks
    assert isinstance(task, Task)
    first, second = task.undo
    assert isinstance(first, Task)
    assert isinstance(second, Block)
    assert (first.vars, first.environment) == ({"x": 1}, ({"A": 1},))
    assert (first.become.active, first.delegate_to) == (True, "dc01")
    assert (first.conditions, first.notify, first.ignore_errors) == (("d",), (), False)


def test_ids_and_needs_at_every_depth(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks:
    - block:
        - {win_ping: , id: inner}
      rescue:
        - {win_ping: , id: rescuer}
      id: outer
    - {win_ping: , needs: [inner, rescuer, {task: outer, state: finished}]}
"""
    block, task = play(tmp_path, text).tasks
    assert isinstance(block, Block)
    assert block.id == "outer"
    assert [need.target for need in task.needs or ()] == ["inner", "rescuer", "outer"]
