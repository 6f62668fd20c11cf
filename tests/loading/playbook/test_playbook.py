"""Playbooks that are right: what they become."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.loading.templates.templates import JinjaTemplates
from runner.model.playbook import FREE_FORM, NeedState
from runner.model.secret import Secret
from tests.loading.playbooks import load, play, task, tasks


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
  collections: [ansible.windows, some.other]
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
    (only,) = tasks(found)
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
    assert found.loop is not None
    assert (found.loop.kind, found.loop.terms, found.loop.var) == ("loop", ["a", "b"], "svc")
    assert (found.loop.label, found.loop.index_var) == ("{{ svc }}", "i")
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
    ("text", "module", "args"),
    [
        ("action: win_service name=x state=y", "win_service", {"name": "x", "state": "y"}),
        ("action: win_shell dir /b chdir=d", "win_shell", {FREE_FORM: "dir /b", "chdir": "d"}),
        ("action: ansible.builtin.win_ping", "win_ping", {}),
        ("action: {module: win_file path=a, state: x}", "win_file", {"path": "a", "state": "x"}),
        ("action: {module: win_file, args: {path: p}}", "win_file", {"path": "p"}),
        ("action: win_file state=b\nargs: {path: p}", "win_file", {"state": "b", "path": "p"}),
        ("local_action: debug msg='{{ x }}'", "debug", {"msg": "{{ x }}"}),
        ("local_action: {module: debug, msg: 1}", "debug", {"msg": 1}),
    ],
)
def test_actions(tmp_path: Path, text: str, module: str, args: dict[str, Any]) -> None:
    found = task(tmp_path, text)
    assert (found.module, found.args) == (module, args)
    assert found.delegate_to == ("localhost" if text.startswith("local") else None)
    assert found.arg_sources.keys() == args.keys()
    for name, place in found.arg_sources.items():
        assert place.text[place.column - 1 :].startswith((name, str(args[name])))


def test_what_a_host_decides_is_kept(tmp_path: Path) -> None:
    found = task(
        tmp_path,
        """
win_shell: x
ignore_errors: "{{ a }}"
ignore_unreachable: "{{ b }}"
any_errors_fatal: "{{ c }}"
no_log: "{{ d }}"
check_mode: "{{ e }}"
diff: "{{ f }}"
run_once: "{{ g }}"
delegate_to: "{{ h }}"
delegate_facts: "{{ i }}"
timeout: "{{ j }}"
retries: "{{ k }}"
delay: "{{ l }}"
async: "{{ m }}"
poll: "{{ n }}"
become: "{{ o }}"
become_user: "{{ p }}"
connection: "{{ q }}"
port: "{{ r }}"
environment: "{{ s }}"
loop: "{{ t }}"
loop_control: {pause: "{{ u }}", extended: "{{ v }}", extended_allitems: "{{ w }}"}
""",
    )
    assert (found.ignore_errors, found.ignore_unreachable) == ("{{ a }}", "{{ b }}")
    assert (found.any_errors_fatal, found.no_log) == ("{{ c }}", "{{ d }}")
    assert (found.check_mode, found.diff, found.run_once) == ("{{ e }}", "{{ f }}", "{{ g }}")
    assert (found.delegate_to, found.delegate_facts) == ("{{ h }}", "{{ i }}")
    assert (found.timeout, found.retries, found.delay) == ("{{ j }}", "{{ k }}", "{{ l }}")
    assert (found.async_seconds, found.poll) == ("{{ m }}", "{{ n }}")
    assert (found.become.active, found.become.user) == ("{{ o }}", "{{ p }}")
    assert (found.way.connection, found.way.port) == ("{{ q }}", "{{ r }}")
    assert found.environment == ("{{ s }}",)
    assert found.loop is not None
    assert (found.loop.terms, found.loop.pause) == ("{{ t }}", "{{ u }}")
    assert (found.loop.extended, found.loop.extended_allitems) == ("{{ v }}", "{{ w }}")


def test_the_rarer_keywords(tmp_path: Path) -> None:
    found = task(
        tmp_path,
        """
win_shell: x
async: 600
poll: 0
retries: 2
throttle: 4
delegate_facts: yes
debugger: never
become_method: runas
become_flags: logon_type=batch
become_exe: x.exe
remote_user: ops
environment: [{A: 1}, "{{ b }}"]
tags: "{{ ['a', 'b,c'] }}"
notify: "restart {{ x }}"
loop: [1]
loop_control: {break_when: [item == 1, stop]}
""",
    )
    assert (found.async_seconds, found.poll, found.retries, found.until) == (600, 0, 2, None)
    assert (found.throttle, found.delegate_facts) == (4, True)
    assert (found.become.active, found.become.method) == (None, "runas")
    assert (found.become.flags, found.become.exe) == ("logon_type=batch", "x.exe")
    assert (found.way.user, found.way.connection) == ("ops", None)
    assert found.environment == ({"A": 1}, "{{ b }}")
    assert (found.tags, found.notify) == (frozenset("abc"), ("restart {{ x }}",))
    assert found.loop is not None
    assert found.loop.break_when == ("item == 1", "stop")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("loop: '{{ x }}'", "loop"),
        ("with_items: x", "items"),
        ("with_list: [1, [2]]", "list"),
        ("with_dict: {a: 1}", "dict"),
        ("with_dict: [{a: 1}, '{{ b }}']", "dict"),
        ("with_nested: [[1], [2]]", "nested"),
        ("with_cartesian: [[1], [2]]", "cartesian"),
        ("with_together: ['{{ a }}', '{{ b }}']", "together"),
        ("with_sequence: start=1 end=5", "sequence"),
        ("with_first_found: [a.yml, {files: [b]}]", "first_found"),
        ("with_fileglob: files/*.cmd", "fileglob"),
        ("with_flattened: [[1], 2]", "flattened"),
        ("with_community.general.flattened: [[1], 2]", "flattened"),
        ("with_indexed_items: [1, 2]", "indexed_items"),
        ("with_subelements: ['{{ users }}', keys, {skip_missing: yes}]", "subelements"),
        ("with_random_choice: [1, 2]", "random_choice"),
        ("with_file: [a.txt]", "file"),
        ("with_inventory_hostnames: all", "inventory_hostnames"),
        ("with_ansible.builtin.items: [1]", "items"),
    ],
)
def test_loops(tmp_path: Path, text: str, kind: str) -> None:
    loop = task(tmp_path, f"win_ping:\n{text}").loop
    assert loop is not None
    assert (loop.kind, loop.var, loop.index_var, loop.label) == (kind, "item", None, None)
    assert (loop.pause, loop.extended, loop.extended_allitems) == (0.0, False, True)
    assert loop.source.line == 5
    assert loop.terms == yaml.safe_load(text.partition(": ")[2])


@pytest.mark.parametrize(
    ("text", "variables", "items"),
    [
        ("loop: '{{ names }}'", {"names": [1, 2]}, [1, 2]),
        ("with_items: ['{{ names }}', 3]", {"names": [1, [2]]}, [1, [2], 3]),
        ("with_dict: '{{ d }}'", {"d": {"a": "{{ 1 }}"}}, [{"key": "a", "value": 1}]),
    ],
)
def test_elements(tmp_path: Path, text: str, variables: dict[str, Any], items: list[Any]) -> None:
    loop = task(tmp_path, f"win_ping:\n{text}").loop
    assert loop is not None
    assert JinjaTemplates().loop_items(loop.kind, loop.terms, variables) == items


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
