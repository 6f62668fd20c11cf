"""Playbooks that are right: what they become."""

from pathlib import Path
from typing import Any

import pytest

from runner.loading.templates import JinjaTemplates
from runner.model.playbook import FREE_FORM, NeedState
from runner.model.secret import Secret
from tests.loading.playbooks import load, play, task


def test_a_play(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- name: close SMB
  id: close-smb
  hosts: [windows, "!dc01"]
  gather_facts: no
  strategy: linear
  ignore_unreachable: yes
  tags: a, b
  vars: {x: 1, y: "{{ x }}", ansible_password: geheim}
  vars_files: [v.yml, [none.yml, w.yml]]
  collections: [ansible.windows]
  become: false
""",
        v_yml="x: 2\nz: 1\n",
        w_yml='{"z": 3}',
    )
    assert (found.name, found.id, found.hosts) == ("close SMB", "close-smb", "windows,!dc01")
    assert (found.gather_facts, found.linear, found.ignore_unreachable) == (False, True, True)
    assert found.tags == frozenset({"a", "b"})
    assert found.vars == {"x": 2, "y": "{{ x }}", "ansible_password": Secret("geheim"), "z": 3}
    assert (found.source.line, found.source.column) == (2, 3)
    assert (found.hosts_source.line, found.hosts_source.column) == (4, 10)
    assert found.needs is None


def test_defaults(tmp_path: Path) -> None:
    found = play(tmp_path, "- hosts: all\n  tasks:\n    - win_ping:\n")
    assert (found.name, found.gather_facts, found.linear) == ("all", True, False)
    (only,) = found.tasks
    assert (only.name, only.module, only.args, only.id) == ("win_ping", "win_ping", {}, None)
    assert (only.needs, only.loop, only.changed_when, only.until) == (None, None, None, None)
    assert (only.retries, only.delay, only.timeout, only.rollback) == (None, 5.0, None, True)


def test_all_of_a_task(tmp_path: Path) -> None:
    found = task(
        tmp_path,
        """
name: stop {{ item }}
id: stop
ansible.windows.win_service: {name: "{{ item }}", state: stopped}
when: [x is defined, true, 1]
loop: [a, b]
loop_control: {loop_var: svc, label: "{{ svc }}", index_var: i}
register: out
vars: {v: 1}
tags: [t, "u,w"]
changed_when: no
failed_when: out.rc == 1
until: out is success
retries: "5"
delay: 2.5
ignore_errors: "yes"
ignore_unreachable: on
no_log: true
check_mode: no
timeout: 30
rollback: false
needs: []
""",
    )
    assert (found.name, found.id, found.module) == ("stop {{ item }}", "stop", "win_service")
    assert found.args == {"name": "{{ item }}", "state": "stopped"}
    assert found.conditions == ("x is defined", "true", "1")
    assert (found.loop, found.loop_var, found.loop_label, found.index_var) == (
        ["a", "b"], "svc", "{{ svc }}", "i",
    )  # fmt: skip
    assert (found.register, found.vars, found.tags) == ("out", {"v": 1}, frozenset({"t", "u", "w"}))
    assert (found.changed_when, found.failed_when) == (("false",), ("out.rc == 1",))
    assert (found.until, found.retries, found.delay) == (("out is success",), 5, 2.5)
    assert (found.ignore_errors, found.ignore_unreachable, found.no_log) == (True, True, True)
    assert (found.check_mode, found.timeout, found.rollback) == (False, 30.0, False)
    assert found.needs == ()
    assert {k: (s.line, s.column) for k, s in found.arg_sources.items()} == {
        "name": (7, 37),
        "state": (7, 57),
    }


@pytest.mark.parametrize(
    ("text", "module", "args"),
    [
        ("win_reboot: reboot_timeout=600", "win_reboot", {"reboot_timeout": "600"}),
        ("ansible.builtin.debug: msg='a b'", "debug", {"msg": "a b"}),
        ("community.windows.win_firewall_rule: {name: x}", "win_firewall_rule", {"name": "x"}),
        (r"win_shell: dir c:\ chdir=D:\\x", "win_shell", {FREE_FORM: "dir c:\\", "chdir": "D:\\x"}),
        ("win_shell: $x = 1; a=b", "win_shell", {FREE_FORM: "$x = 1; a=b"}),
        (
            "win_shell: hostname\nargs: {chdir: x}",
            "win_shell",
            {FREE_FORM: "hostname", "chdir": "x"},
        ),
        ("win_shell: |\n  one\n  two\n", "win_shell", {FREE_FORM: "one\ntwo"}),
        ("win_command: 5", "win_command", {FREE_FORM: "5"}),
        ("meta: flush_handlers", "meta", {FREE_FORM: "flush_handlers"}),
        ("win_ping:\nargs: {data: x}", "win_ping", {"data": "x"}),
        ("set_fact:\n  a: 0644\n  b: !unsafe '{{ x }}'", "set_fact", {"a": 420, "b": "{{ x }}"}),
    ],
)
def test_arguments(tmp_path: Path, text: str, module: str, args: dict[str, Any]) -> None:
    found = task(tmp_path, text)
    assert (found.module, found.args) == (module, args)
    assert found.arg_sources.keys() == args.keys()


def test_places_of_arguments_in_a_text(tmp_path: Path) -> None:
    found = task(tmp_path, "win_shell: |\n  hostname\n  dir chdir=x\n")
    places = {k: (s.line, s.column) for k, s in found.arg_sources.items()}
    assert places == {FREE_FORM: (5, 9), "chdir": (6, 13)}


@pytest.mark.parametrize(
    ("text", "variables", "items"),
    [
        ("loop: '{{ names }}'", {"names": [1, 2]}, [1, 2]),
        ("loop: [1, '{{ x }}']", {"x": 2}, [1, 2]),
        ("with_items: [1, [2, [3]]]", {}, [1, 2, [3]]),
        ("with_items: '{{ names }}'", {"names": [1, [2]]}, [1, 2]),
        (
            "with_items: ['{{ names }}', 3, '{{ one }}']",
            {"names": [1, 2], "one": "x"},
            [1, 2, 3, "x"],
        ),
        ("with_items: '{{ one }}'", {"one": "x"}, ["x"]),
        ("with_items: x", {}, ["x"]),
        ("with_list: [1, [2]]", {}, [1, [2]]),
        ("with_dict: {a: 1}", {}, [{"key": "a", "value": 1}]),
        ("with_dict: '{{ d }}'", {"d": {"a": "{{ 1 }}"}}, [{"key": "a", "value": 1}]),
    ],
)
def test_loops(tmp_path: Path, text: str, variables: dict[str, Any], items: list[Any]) -> None:
    found = task(tmp_path, f"win_ping:\n{text}")
    assert JinjaTemplates().render(found.loop, {**variables, **found.vars}) == items


def test_needs(tmp_path: Path) -> None:
    one, two = load(
        tmp_path,
        """
- hosts: all
  id: one
  tasks:
    - win_ping:
      id: ping
    - win_ping:
      needs: [ping, {task: ping, hosts: "web:!db", state: finished}]
- hosts: all
  needs: one
  tasks:
    - win_ping:
      needs: [{play: one, hosts: all}]
""",
    ).plays
    plain, full = one.tasks[1].needs or ()
    assert (plain.target, plain.hosts, plain.state) == ("ping", None, NeedState.OK)
    assert (full.target, full.hosts, full.state) == ("ping", "web:!db", NeedState.FINISHED)
    assert (plain.source.line, plain.source.column) == (8, 15)
    assert [n.target for n in two.needs or ()] == ["one"]
