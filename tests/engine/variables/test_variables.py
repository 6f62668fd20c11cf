"""Which source of a variable wins, what is magic, and what it costs."""

import threading
import timeit
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.variables.host_state import HostState
from runner.engine.variables.layers import Layers
from runner.engine.variables.magic import RUN_MAGIC
from runner.engine.variables.variables import Variables
from runner.loading.templates.templates import JinjaTemplates
from runner.model.inventory import Group, Host, Inventory, LayeredVars
from runner.model.playbook import Play, Role, Task
from runner.model.source import Source

PLAY = Source("site.yml", 1, 3)
TASK = Source("roles/web/tasks/main.yml", 7, 3)
NAMES = ("web01.example.net", "10.0.0.1", "web03")

ORDER = (
    "play role defaults", "included role defaults", "parent role defaults", "role defaults",
    "inventory groups", "inventory host", "facts", "play vars", "prompt", "vars_files",
    "play role vars", "included role vars", "parent role vars", "role vars", "task vars",
    "include_vars", "registered", "parent role params", "role params", "include params", "extra",
    "loop",
)  # fmt: skip
"""Weakest first: docs.ansible.com, "Understanding variable precedence"."""


def _given(names: frozenset[str], name: str) -> dict[str, str]:
    return {"x": name} if name in names else {}


class World:
    """One host, one play and one task, where some sources give ``x`` a value."""

    def __init__(self, *names: str) -> None:
        there = frozenset(names)
        self.loop = _given(there, "loop")
        self.include = _given(there, "include params")
        parent = Role(
            "site", "/roles/site", _given(there, "parent role defaults"),
            _given(there, "parent role vars"), _given(there, "parent role params"),
        )  # fmt: skip
        role = Role(
            "web", "/roles/web", _given(there, "role defaults"), _given(there, "role vars"),
            _given(there, "role params"), (parent,),
        )  # fmt: skip
        self.task = Task("t", "debug", {}, TASK, vars=_given(there, "task vars"), role=role)
        self.play = Play(
            "p", "all", PLAY, PLAY, vars=_given(there, "play vars"), roles=("acme.web.site",),
            role_defaults=_given(there, "play role defaults"),
            role_vars=_given(there, "play role vars"),
        )  # fmt: skip
        variables = LayeredVars(_given(there, "inventory host"), _given(there, "inventory groups"))
        hosts = {name: Host(name, variables, ("web",), "/inv/hosts", "/inv") for name in NAMES}
        self.inventory = Inventory(
            hosts, {"all": Group("all", NAMES), "web": Group("web", NAMES)}, ("/inv/hosts",)
        )
        self.variables = Variables(
            self.inventory, _given(there, "extra"), check_mode=True, playbook_dir="/pb",
            play_hosts={PLAY: list(NAMES)}, batches={PLAY: [NAMES[:2], NAMES[2:]]},
            prompts={PLAY: _given(there, "prompt")}, as_data=JinjaTemplates().as_data,
            limit="web", skip_tags=("slow",), diff_mode=True, forks=7,
        )  # fmt: skip
        state = self.variables.state(NAMES[0])
        state.facts = _given(there, "facts")
        state.registered.update(_given(there, "registered"))
        state.included.update(_given(there, "include_vars"))
        state.role_defaults[PLAY] = _given(there, "included role defaults")
        state.role_vars[PLAY] = _given(there, "included role vars")
        state.vars_files[PLAY] = _given(there, "vars_files")

    def seen(self, host: str = NAMES[0]) -> Mapping[str, Any]:
        return self.variables.of_task(host, self.play, self.task, self.loop, self.include)


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_each_source_is_stronger_than_the_one_before(number: int) -> None:
    assert World(*ORDER[: number + 1]).seen()["x"] == ORDER[number]


@given(st.sets(st.sampled_from(ORDER)))
def test_explain_says_what_a_template_sees(names: set[str]) -> None:
    world = World(*names)
    found = world.variables.explain(
        NAMES[0], world.play, world.task, "x", world.loop, world.include
    )
    strongest_first = [name for name in reversed(ORDER) if name in names]
    if {"inventory host", "inventory groups"} <= names:
        strongest_first.remove("inventory groups")  # the loader tells inventory layers apart
    assert [layer.value for layer in found] == strongest_first
    assert [layer.wins for layer in found] == [True, *[False] * len(found)][: len(found)]
    assert world.seen().get("x") == (found[0].value if found else None)
    assert ("x" in world.seen()) == bool(names)


def test_explain_names_layers_and_places() -> None:
    world = World(*ORDER)
    found = world.variables.explain(NAMES[0], world.play, world.task, "x")
    said = {layer.value: (layer.label, layer.place) for layer in found}
    assert said["extra"] == ("extra vars (-e)", None)
    assert said["play vars"] == ("play vars", PLAY)
    assert said["parent role params"] == ("params of role 'site'", TASK)
    assert said["role defaults"] == ("defaults of role 'web'", TASK)


def test_hostvars_are_of_the_host_alone() -> None:
    """No play, task or role is seen there (Ansible's HostVars)."""
    variables = World(*ORDER).variables
    assert variables.of_host(NAMES[0])["x"] == "extra"
    assert World(*ORDER[:-2]).variables.of_host(NAMES[0])["x"] == "registered"
    assert World(*ORDER[:9]).variables.of_host(NAMES[0])["x"] == "facts"
    assert "x" not in World("play vars", "task vars", "role vars").variables.of_host(NAMES[0])


def test_hostvars_know_this_machine() -> None:
    hostvars = World().seen()["hostvars"]
    assert list(hostvars) == list(NAMES)
    assert "localhost" in hostvars
    assert "nobody" not in hostvars
    assert hostvars["localhost"]["ansible_connection"] == "local"
    with pytest.raises(KeyError):
        hostvars["nobody"]


def test_magic_variables() -> None:
    world = World()
    seen = world.seen()
    expected = {
        "inventory_hostname": "web01.example.net",
        "inventory_hostname_short": "web01",
        "inventory_dir": "/inv",
        "inventory_file": "/inv/hosts",
        "group_names": ["web"],
        "groups": {"all": list(NAMES), "web": list(NAMES)},
        "ansible_play_name": "p",
        "ansible_play_hosts": list(NAMES),
        "ansible_play_hosts_all": list(NAMES),
        "ansible_play_batch": list(NAMES[:2]),
        "play_hosts": list(NAMES[:2]),
        "ansible_play_role_names": ["acme.web.site"],
        "role_name": "web",
        "ansible_role_name": "web",
        "role_path": "/roles/web",
        "ansible_parent_role_names": ["site"],
        "ansible_parent_role_paths": ["/roles/site"],
        "ansible_search_path": ["/roles/web", "/roles/site", "roles/web/tasks"],
        "ansible_check_mode": True,
        "ansible_diff_mode": True,
        "ansible_forks": 7,
        "ansible_limit": "web",
        "ansible_run_tags": ["all"],
        "ansible_skip_tags": ["slow"],
        "ansible_verbosity": 0,
        "ansible_inventory_sources": ["/inv/hosts"],
        "playbook_dir": "/pb",
    }
    assert {name: seen[name] for name in expected} == expected
    assert seen["ansible_version"]["full"].startswith("2.19")
    assert seen["ansible_playbook_python"]
    assert world.seen("10.0.0.1")["inventory_hostname_short"] == "10.0.0.1"
    bare = world.variables.of_task("web03", world.play, None)
    assert "role_name" not in bare
    assert bare["ansible_play_batch"] == ["web03"]
    assert set(bare) >= {"groups", "hostvars", "ansible_play_hosts"}


def test_no_magic_is_taken_for_a_setting_of_a_connection() -> None:
    named = {name for name in World().variables.of_host("localhost") if name.startswith("ansible_")}
    assert named - {"ansible_connection", "ansible_facts"} == RUN_MAGIC


def test_nothing_is_stronger_than_magic_but_a_loop() -> None:
    world = World()
    world.variables.state(NAMES[0]).registered["groups"] = "mine"
    assert world.seen()["groups"] != "mine"
    seen = world.variables.of_task(NAMES[0], world.play, world.task, {"groups": "mine"})
    assert seen["groups"] == "mine"


def test_hosts_that_fail_leave_the_lists() -> None:
    world = World()
    before = world.seen()
    assert before["ansible_play_hosts"] == list(NAMES)
    world.variables.leave(world.play, NAMES[0])
    world.variables.leave(world.play, NAMES[0])
    for seen in (before, world.seen()):
        assert seen["ansible_play_hosts"] == list(NAMES[1:])
        assert seen["ansible_play_batch"] == [NAMES[1]]
        assert seen["ansible_play_hosts_all"] == list(NAMES)


def test_hosts_leave_from_many_threads() -> None:
    names = [f"h{i}" for i in range(400)]
    inventory = Inventory({n: Host(n) for n in names}, {"all": Group("all", tuple(names))})
    play = Play("p", "all", PLAY, PLAY)
    variables = Variables(
        inventory, {}, check_mode=False, playbook_dir="/", play_hosts={PLAY: names}
    )
    wrong: list[str] = []

    def work(mine: list[str]) -> None:
        for name in mine:
            variables.leave(play, name)
            if name in variables.of_task(name, play, None)["ansible_play_hosts"]:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(names[i:390:4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert variables.of_task("h0", play, None)["ansible_play_hosts"] == names[390:]


def test_a_host_that_only_delegation_knows() -> None:
    world = World("extra", "play vars")
    seen = world.variables.of_task("dc.example.net", world.play, world.task)
    assert seen["inventory_hostname"] == "dc.example.net"
    assert seen["group_names"] == []
    assert seen["x"] == "extra"
    assert world.variables.state("dc.example.net") is world.variables.state("dc.example.net")


def test_names_of_hosts_are_no_templates() -> None:
    name = "{{ 1 / 0 }}"
    inventory = Inventory({name: Host(name)}, {"all": Group("all", (name,))})
    templates = JinjaTemplates()
    variables = Variables(
        inventory, {}, check_mode=False, playbook_dir="/", play_hosts={PLAY: [name]},
        as_data=templates.as_data,
    )  # fmt: skip
    seen = variables.of_task(name, Play("p", "all", PLAY, PLAY), None)
    for expression in ("groups.all[0]", "ansible_play_hosts[0]", "inventory_hostname"):
        assert templates.expression(expression, seen) == name


def test_variables_are_shared_not_copied() -> None:
    world = World("inventory host")
    big = {"x": 1}
    world.variables.state(NAMES[0]).registered["big"] = big
    assert world.seen()["big"] is big
    turns = 2_000
    spent = min(timeit.repeat(lambda: world.seen(), number=turns, repeat=5)) / turns
    assert spent < 50e-6, "putting a task's variables together must stay cheap"


def test_layers() -> None:
    layers = Layers([{"a": 1}, None, {}, LayeredVars({"a": 2}, {"b": 2}), {"c": 3}])
    assert dict(layers) == {"a": 1, "b": 2, "c": 3}
    assert (len(layers), layers.get("z", 9), "b" in layers, "z" in layers) == (3, 9, True, False)
    assert repr(layers) == "{'c': 3, 'b': 2, 'a': 1}"
    with pytest.raises(KeyError):
        layers["z"]


def test_layers_while_another_thread_writes() -> None:
    state = HostState()
    state.registered["start"] = 1
    seen = Layers([state.registered])
    stop = threading.Event()

    def write() -> None:
        for i in range(20_000):
            state.registered[f"v{i}"] = i
        stop.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not stop.is_set():
        assert "start" in dict.fromkeys(seen)
    thread.join()
