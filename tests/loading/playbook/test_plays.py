"""Plays: every keyword, what it hands down, variable files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError
from runner.model.playbook import Become, OnFailure, Order, Play, VarsFile, Way, tasks_in
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.trees import load, play, said

HEAD = "- hosts: all\n"


VARS = "- hosts: all\n  vars: {two: 2, third: 30%, how: free, yes_: true, names: [a, b]}\n"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("name: close SMB", "name", "close SMB"),
        ("name: close {{ two }} on {{ inventory_hostname }}", "name",
         "close {{ two }} on {{ inventory_hostname }}"),
        ("name: close {{ two }}", "name", "close 2"),
        ("id: close-smb", "id", "close-smb"),
        ("gather_facts: no", "gather_facts", False),
        ("gather_facts: '{{ yes_ }}'", "gather_facts", "{{ yes_ }}"),
        ("gather_subset: '!all,!min'", "gather_subset", ("!all", "!min")),
        ("gather_subset: [network, '{{ how }}']", "gather_subset", ("network", "free")),
        ("gather_timeout: 30", "gather_timeout", 30.0),
        ("tags: a,b", "tags", frozenset({"a", "b"})),
        ("tags: ['{{ how }}']", "tags", frozenset({"free"})),
        ("become: yes\n  become_user: SYSTEM\n  become_method: runas\n  become_flags: x", "become",
         Become(True, "SYSTEM", "runas", "x")),
        ("become: '{{ b }}'\n  become_exe: /x", "become", Become("{{ b }}", exe="/x")),
        ("connection: ssh\n  remote_user: me\n  port: 22", "way", Way("ssh", "me", 22.0)),
        ("user: me", "way", Way(user="me")),
        ("environment: {A: '{{ x }}'}", "environment", ({"A": "{{ x }}"},)),
        ("environment: [{A: b}, '{{ more }}']", "environment", ({"A": "b"}, "{{ more }}")),
        ("serial: 5", "serial", (5,)),
        ("serial: '5'", "serial", (5,)),
        ("serial: 20%", "serial", (0.2,)),
        ("serial: [1, 5, 30%]", "serial", (1, 5, 0.3)),
        ("serial: ['{{ two }}', '{{ third }}']", "serial", (2, 0.3)),
        ("serial: 0", "serial", ()),
        ("serial: [1, 0]", "serial", (1, 1.0)),
        ("serial: 100%", "serial", ()),
        ("serial: []", "serial", ()),
        ("canary: [2, 10%]", "canary", (2, 0.1)),
        ("canary: 1", "canary", (1,)),
        ("order: reverse_sorted", "order", Order.REVERSE_SORTED),
        ("order: shuffle", "order", Order.SHUFFLE),
        ("order:", "order", Order.INVENTORY),
        ("strategy: linear", "linear", True),
        ("strategy: free", "linear", False),
        ("strategy: ansible.builtin.host_pinned", "linear", False),
        ("strategy: '{{ how }}'", "linear", False),
        ("any_errors_fatal: true", "any_errors_fatal", True),
        ("any_errors_fatal: '{{ yes_ }}'", "any_errors_fatal", "{{ yes_ }}"),
        ("max_fail_percentage: 30", "max_fail_percentage", 30.0),
        ("max_fail_percentage: 0", "max_fail_percentage", 0.0),
        ("max_fail_percentage: '{{ third }}'", "max_fail_percentage", 30.0),
        ("force_handlers: yes", "force_handlers", True),
        ("ignore_unreachable: yes", "ignore_unreachable", True),
        ("max_in_flight: {cluster: 1, site: '{{ two }}'}", "max_in_flight",
         {"cluster": 1, "site": 2}),
        ("on_failure: rollback_all", "on_failure", OnFailure.ROLLBACK_ALL),
        ("on_failure: stop", "on_failure", OnFailure.STOP),
        ("collections: [ansible.windows, my.own]", "roles", ()),
        ("vars_prompt: []", "prompts", ()),
        ("roles:", "roles", ()),
        ("needs: []", "needs", ()),
    ],
)  # fmt: skip
def test_keywords(tmp_path: Path, text: str, field: str, value: Any) -> None:
    found = getattr(play(tmp_path, f"{VARS}  {text}\n"), field)
    assert found == value
    assert type(found) is type(value)


def test_defaults(tmp_path: Path) -> None:
    source, hosts = Source("play.yml", 1, 3), Source("play.yml", 1, 10)
    found = play(tmp_path, HEAD)
    assert (found.source.line, found.source.column) == (source.line, source.column)
    plain = Play("all", "all", found.source, found.hosts_source)
    assert (found.hosts_source.line, found.hosts_source.column) == (hosts.line, hosts.column)
    assert found == plain


def test_what_a_play_hands_down(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- hosts: all
  tags: t
  become: yes
  environment: {A: 1}
  no_log: yes
  check_mode: yes
  diff: no
  ignore_errors: yes
  throttle: 2
  run_once: "{{ once }}"
  timeout: 9
  any_errors_fatal: yes
  connection: ssh
  vars: {v: 1}
  module_defaults: {win_service: {state: started}}
  pre_tasks: [{win_ping: }]
  tasks: [{win_service: {name: x}, become: no, environment: {B: 2}}]
  handlers: [{name: h, win_ping: }]
""",
    )
    first, second = tasks_in(found.tasks)
    (handler,) = found.handlers
    for task in (first, second, handler):
        assert (task.tags, task.no_log, task.check_mode) == (frozenset({"t"}), True, True)
        assert (task.diff, task.ignore_errors, task.throttle) == (False, True, 2)
        assert (task.run_once, task.timeout, task.any_errors_fatal) == ("{{ once }}", 9.0, True)
        assert (task.way.connection, task.vars) == ("ssh", {})
    assert (first.become.active, first.environment) == (True, ({"A": 1},))
    assert (second.become.active, second.environment) == (False, ({"A": 1}, {"B": 2}))
    assert second.args == {"name": "x", "state": "started"}


def test_variable_files(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- hosts: all
  vars: {a: 0, which: one}
  vars_files:
    - "{{ which }}.yml"
    - [missing.yml, two.yml]
    - "{{ ansible_os_family }}.yml"
    - ["{{ inventory_hostname }}.yml", one.yml]
    - one.yml
== one.yml
a: 1
b: 1
== vars/two.yml
b: 2
ansible_password: geheim
== two.yml
b: the one in vars comes first
""",
    )
    assert found.vars == {"a": 1, "b": 1, "which": "one", "ansible_password": Secret("geheim")}
    assert [entry.names for entry in found.vars_files] == [
        ("{{ ansible_os_family }}.yml",),
        ("{{ inventory_hostname }}.yml", "one.yml"),
        ("one.yml",),
    ]
    assert isinstance(found.vars_files[0], VarsFile)
    assert found.vars_files[0].source.line == 7


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("vars_files: v.yml", "play.yml:2:15: cannot find the variable file v.yml | looked in"),
        ("vars_files: [[a.yml, b.yml]]", "cannot find the variable file a.yml, b.yml"),
        ("vars_files: ['{{ x | nope }}']", "nope"),
        ("vars_files: [{a: b}]", "'vars_files' is a text, found a mapping"),
        ("vars_files: bad.yml", "bad.yml:1:1: not YAML"),
    ],
)
def test_wrong_variable_files(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, f"{HEAD}  {text}\n== bad.yml\na: [\n")
    assert error in said(caught.value, tmp_path)[0]
