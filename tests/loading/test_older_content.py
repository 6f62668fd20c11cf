"""What teams already have: older spellings, collections, and names that are known before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError, InputErrors, UnknownModule
from runner.model.playbook import tasks_in
from tests.loading.trees import load, named, names, play, said, write


def test_playbook_dir_and_role_path_are_known_before_the_run(folder: Path) -> None:
    found = play(
        folder,
        """
- hosts: all
  vars_files: ["{{ playbook_dir }}/facts.yml"]
  roles: [paths]
  tasks:
    - import_tasks: "{{ playbook_dir }}/shared/{{ which }}.yml"
== facts.yml
which: one
== shared/one.yml
- {name: from the playbook's folder, win_ping: }
== roles/paths/tasks/main.yml
- import_tasks: "{{ role_path }}/more/{{ role_name }}.yml"
== roles/paths/more/paths.yml
- {name: from the role's folder, win_ping: }
""",
    )
    assert names(found) == ["from the role's folder", "from the playbook's folder"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("3", 3), ('"{{ at_once }}"', 2), ('"{{ nothing | default(5) | int }}"', 5),
     ('"{{ nothing | default(omit) }}"', 0)],
)  # fmt: skip
def test_throttle_is_known_before_the_run(folder: Path, written: str, expected: int) -> None:
    text = f"- hosts: all\n  vars: {{at_once: 2}}\n  tasks: [{{win_ping: , throttle: {written}}}]\n"
    (task,) = tasks_in(play(folder, text).tasks)
    assert task.throttle == expected


def test_listen_may_be_a_template(folder: Path) -> None:
    found = play(
        folder,
        """
- hosts: all
  vars: {word: changed, more: [a, b]}
  tasks: [{name: t, win_ping: , notify: [changed, b]}]
  handlers:
    - {name: h, win_reboot: , listen: ["{{ word }}", "{{ more }}"]}
""",
    )
    assert found.handlers[0].listen == ("changed", "a", "b")


def test_defaults_for_a_group_of_modules_concern_no_module_that_is_here(folder: Path) -> None:
    found = play(
        folder,
        """
- hosts: all
  module_defaults:
    group/cloud.provider.all: {region: "{{ x }}"}
    win_file: {state: directory}
  tasks: [{win_file: {path: C:\\x}}]
""",
    )
    (task,) = tasks_in(found.tasks)
    assert task.args == {"path": "C:\\x", "state": "directory"}


@pytest.mark.parametrize("keyword", ["serial", "max_fail_percentage", "order", "strategy"])
def test_an_omitted_keyword_of_a_play_says_nothing(folder: Path, keyword: str) -> None:
    plain = play(folder, "- hosts: all\n  tasks: [win_ping: ]\n")
    omitted = f"- hosts: all\n  tasks: [win_ping: ]\n  {keyword}: '{{{{ x | default(omit) }}}}'\n"
    found = play(folder, omitted)
    assert (found.serial, found.max_fail_percentage) == (plain.serial, plain.max_fail_percentage)
    assert (found.order, found.linear) == (plain.order, plain.linear)


def test_vars_may_be_a_list_of_mappings(folder: Path) -> None:
    text = "- hosts: all\n  vars: [{a: 1, b: 1}, {b: 2}]\n  tasks: [{win_ping: , vars: [{c: 3}]}]\n"
    found = play(folder, text)
    assert found.vars == {"a": 1, "b": 2}
    assert next(tasks_in(found.tasks)).vars == {"c": 3}


def test_a_bare_include_takes_variables_behind_the_file(folder: Path) -> None:
    found = play(
        folder,
        """
- hosts: all
  tasks:
    - {include: one.yml kind=full file="C:\\\\x.txt", loop: [1]}
    - {include: one.yml level=2, static: yes}
    - {include: one.yml, static: no, tags: outer}
    - {include: "{{ x }}.yml"}
    - {include: one.yml level=3, tags: outer, when: x, become: yes}
== one.yml
- {name: in it, win_ping: }
""",
    )
    dynamic, imported, plain, unknown, tagged = tasks_in(found.tasks)
    assert (dynamic.args["file"], dynamic.vars) == (
        "one.yml",
        {"kind": "full", "file": "C:\\x.txt"},
    )
    assert (imported.name, imported.vars) == ("in it", {"level": "2"})
    assert (plain.module, plain.vars) == ("include_tasks", {})
    assert unknown.module == "include_tasks"
    assert (tagged.name, tagged.vars, tagged.conditions) == ("in it", {"level": "3"}, ("x",))
    assert (tagged.tags, tagged.become.active) == (frozenset({"outer"}), True)


def test_other_includes_take_no_variables_behind_the_file(folder: Path) -> None:
    with pytest.raises(InputError, match="'include_tasks' takes a file, not 'kind'"):
        play(folder, "- hosts: all\n  tasks: [include_tasks: one.yml kind=full]\n== one.yml\n[]\n")


COLLECTION = "collections/ansible_collections/ns/col"


def _collection(folder: Path) -> None:
    write(
        folder,
        f"""
== {COLLECTION}/roles/outer/meta/main.yml
dependencies: [inner]
== {COLLECTION}/roles/outer/tasks/main.yml
- {{name: outer, include_role: {{name: inner}}}}
- {{name: call, win_ping: , notify: ["inner : restart", "ns.col.inner : restart", "inner : word"]}}
== {COLLECTION}/roles/inner/tasks/main.yml
- {{name: inner, win_ping: }}
== {COLLECTION}/roles/inner/handlers/main.yml
- {{name: restart, win_reboot: , listen: word}}
== {COLLECTION}/playbooks/site.yml
- {{hosts: all, roles: [inner]}}
""",
    )


def test_a_role_finds_those_of_its_own_collection_first(folder: Path) -> None:
    _collection(folder)
    found = play(folder, "- {hosts: all, roles: [ns.col.outer]}\n")
    assert names(found) == ["inner", "outer", "call"]
    inner = named(tasks_in(found.tasks), "inner")
    assert inner.role is not None
    assert inner.role.name == "ns.col.inner"


def test_collections_is_a_search_path_for_roles(folder: Path) -> None:
    _collection(folder)
    found = play(folder, "- {hosts: all, collections: [other.col, ns.col], roles: [inner]}\n")
    assert names(found) == ["inner"]
    with pytest.raises(InputError, match="there is no role 'inner'"):
        play(folder, "- {hosts: all, collections: [other.col], roles: [inner]}\n")


@pytest.mark.parametrize("name", ["ns.col.site", "ns.col.site.yml"])
def test_a_playbook_of_a_collection(folder: Path, name: str) -> None:
    _collection(folder)
    found = play(folder, f"- import_playbook: {name}\n")
    assert names(found) == ["inner"]


def test_a_role_may_hold_nothing_but_plugins(folder: Path) -> None:
    (folder / "roles" / "filters" / "filter_plugins").mkdir(parents=True)
    assert names(play(folder, "- {hosts: all, roles: [filters]}\n")) == []


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("win_servce: {}", "did you mean 'win_service'?"),
        ("ansible.windows.win_servce: {}", "did you mean 'win_service'?"),
        ("win_acl: {path: C:\\}", "ansible.windows has it, but it is not here; those"),
        ("community.windows.win_toast: {}", "community.windows has it, but it is not here"),
        ("win_chocolatey: {}", "chocolatey.chocolatey has it, but it is not here"),
        ("win_regmerg: {}", "did you mean 'win_regmerge'? It is not here either"),
        ("cloud.provider.thing: {}", "those that are here: runner modules"),
        ("thing: {}", "those that are here: runner modules"),
        ("vendor_tag: {a: b}", "those that are here: runner modules"),
        ("vendor_rollback: a=b", "those that are here: runner modules"),
        ("action: thing a=b", "those that are here: runner modules"),
        ("local_action: {module: thing}", "those that are here: runner modules"),
    ],
)  # fmt: skip
def test_an_unknown_module(folder: Path, key: str, hint: str) -> None:
    with pytest.raises(UnknownModule) as caught:
        play(folder, f"- hosts: all\n  tasks:\n    - {key}\n")
    assert caught.value.hint.startswith(hint)
    name = key.partition(":")[0]
    assert caught.value.name == ("thing" if "action" in name else name)
    assert caught.value.source is not None
    assert caught.value.source.line == 3


@pytest.mark.parametrize(
    "key", ["wen: x", "tag: x", "notfy: [x]", "loops: [1]", "vras: {a: 1}", "enviroment: {a: b}"]
)
def test_a_misspelt_keyword_without_a_module_is_no_module(folder: Path, key: str) -> None:
    with pytest.raises(InputError, match="is not a keyword of a task") as caught:
        play(folder, f"- hosts: all\n  tasks:\n    - {key}\n")
    assert not isinstance(caught.value, UnknownModule)
    assert "did you mean" in caught.value.hint


def test_the_rest_of_a_task_with_an_unknown_module_is_read_too(folder: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load(
            folder,
            """
- hosts: all
  tasks:
    - name: a
      vendor_thing: {text: "{{ x | nope }}"}
    - {name: aa, vendor_thing: , notify: nobody}
    - {name: b, vendor.col.thing: , wen: x}
    - {name: c, vendor_thing: , retries: many}
    - {name: d, vendor_thing: , register: found}
  handlers:
    - {name: e, vendor_thing: }
""",
        )
    assert [line.partition(" | ")[0] for line in said(caught.value, folder)] == [
        "play.yml:5:7: there is no module 'vendor_thing'",
        "play.yml:5:28: there is no filter 'nope'",
        "play.yml:6:18: there is no module 'vendor_thing'",
        "play.yml:6:42: no handler is named or listens to 'nobody'",
        "play.yml:7:17: there is no module 'vendor.col.thing'",
        "play.yml:7:37: 'wen' is not a keyword of a task",
        "play.yml:8:17: there is no module 'vendor_thing'",
        "play.yml:8:42: 'retries' is a number, found 'many'",
        "play.yml:9:17: there is no module 'vendor_thing'",
        "play.yml:11:17: there is no module 'vendor_thing'",
    ]


def test_a_loop_that_is_a_lookup(folder: Path) -> None:
    play(folder, "- hosts: all\n  tasks: [{win_ping: , with_ini: x}]\n")
    with pytest.raises(InputError, match="there is no loop 'with_dnstxt'") as caught:
        play(folder, "- hosts: all\n  tasks: [{win_ping: , with_dnstxt: x}]\n")
    assert "it asks another system" in caught.value.hint


def test_hosts_that_only_a_run_could_know(folder: Path) -> None:
    with pytest.raises(InputError, match="this pattern names nobody") as caught:
        play(folder, "- hosts: \"{{ hostvars['a'].found | default([]) }}\"\n")
    assert "before any host is contacted, this template gives nothing" in caught.value.hint


@pytest.mark.parametrize("line", ["hosts: {}", "name: x\n  hosts: all\n  throttle: {}"])
def test_a_dry_run_runs_no_program_to_know_a_name(folder: Path, line: str) -> None:
    mark = folder / "ran"
    text = "- " + line.format(f"\"{{{{ lookup('pipe', 'touch {mark}') }}}}\"") + "\n"
    with pytest.raises(InputError, match="this must be known before any host is contacted, but it"):
        load(folder, text, {"ansible_check_mode": True})
    assert not mark.exists()


@pytest.mark.parametrize("element", ["[]", "~", "[[]]"])
def test_a_file_of_variables_without_a_name(folder: Path, element: str) -> None:
    with pytest.raises(InputError):
        play(folder, f"- hosts: all\n  vars_files: [a.yml, {element}]\n== a.yml\nx: 1\n")


def test_a_name_cannot_steer_the_terminal(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        play(folder, '- hosts: all\n  "\\e[2Jtasks\\u202e": []\n')
    assert "'\\u001b[2Jtasks\\u202e' is not a keyword of a play" in str(caught.value)
    assert "\x1b" not in str(caught.value)
