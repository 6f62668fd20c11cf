"""Random structures of keywords and junk, and playbooks with one thing wrong: never a crash."""

from __future__ import annotations

import copy
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loading.fuzz import JUNK, KEYS, TRAP, load, write

FEW = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process, no socket, and in the end no file that was not there before."""

    def refuse(*_args: object, **_named: object) -> None:
        raise AssertionError("loading a playbook must not do this")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", str(tmp_path / "nowhere"))
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path / "nowhere"))
    for home, name in ((subprocess, "Popen"), (os, "system"), (socket, "socket")):
        monkeypatch.setattr(home, name, refuse)
    yield
    assert {path.name for path in tmp_path.rglob("*")} <= {
        "play.yml", "other.yml", "roles", "main", "tasks", "main.yml", "vars", "defaults", "meta",
        "handlers",
    }  # fmt: skip
    assert not (tmp_path / TRAP).exists()


PLAYS = st.lists(
    st.dictionaries(KEYS, JUNK, max_size=6).map(lambda play: {"hosts": "all", **play}), max_size=3
)
TASKS = st.lists(st.dictionaries(KEYS, JUNK, max_size=4), max_size=3)


@FEW
@given(value=st.one_of(PLAYS, JUNK))
def test_any_structure(value: Any, tmp_path: Path) -> None:
    write(tmp_path / "play.yml", value)
    load(tmp_path / "play.yml")


@FEW
@given(tasks=TASKS, other=TASKS, play=st.dictionaries(KEYS, JUNK, max_size=2))
def test_any_tasks(tasks: Any, other: Any, play: Any, tmp_path: Path) -> None:
    write(tmp_path / "play.yml", [{**play, "hosts": "all", "tasks": tasks}])
    write(tmp_path / "other.yml", other)
    load(tmp_path / "play.yml")


@FEW
@given(
    parts=st.fixed_dictionaries(
        {},
        optional={
            "tasks": st.one_of(TASKS, JUNK),
            "handlers": st.one_of(TASKS, JUNK),
            "defaults": JUNK,
            "vars": st.one_of(st.dictionaries(st.text(max_size=3), JUNK, max_size=2), JUNK),
            "meta": st.one_of(
                st.fixed_dictionaries({"dependencies": st.lists(JUNK, max_size=2)}), JUNK
            ),
        },
    ),
    entry=st.one_of(st.just("main"), JUNK),
)
def test_any_role(parts: dict[str, Any], entry: Any, tmp_path: Path) -> None:
    role = tmp_path / "roles" / "main"
    for name in ("tasks", "handlers", "defaults", "vars", "meta"):
        (role / name).mkdir(parents=True, exist_ok=True)
        (role / name / "main.yml").unlink(missing_ok=True)
    for name, value in parts.items():
        write(role / name / "main.yml", value)
    write(tmp_path / "play.yml", [{"hosts": "all", "roles": [entry]}])
    load(tmp_path / "play.yml")


GOOD: list[dict[str, Any]] = [
    {
        "name": "harden",
        "hosts": "all",
        "serial": [1, "20%"],
        "vars": {"a": 1, "b": "{{ a }}"},
        "vars_files": ["other.yml"],
        "gather_facts": False,
        "roles": [{"role": "main", "tags": ["x"], "vars": {"c": 2}}],
        "handlers": [{"name": "restart", "listen": ["changed"], "win_reboot": None}],
        "tasks": [
            {
                "name": "stop",
                "id": "stop",
                "win_service": {"name": "{{ item.name }}", "state": "stopped"},
                "loop": [{"name": "x"}],
                "loop_control": {"loop_var": "item", "label": "{{ item.name }}"},
                "notify": ["changed"],
                "when": ["a == 1", "b is defined"],
                "register": "stopped",
                "until": "stopped is success",
                "retries": 3,
                "environment": {"A": "b"},
                "become": True,
            },
            {
                "block": [{"win_shell": "dir", "args": {"chdir": "C:\\"}, "changed_when": False}],
                "rescue": [{"debug": "msg=x"}],
                "always": [{"include_tasks": {"file": "{{ a }}.yml", "apply": {"tags": ["t"]}}}],
                "needs": [{"task": "stop", "hosts": "all", "state": "ok"}],
            },
            {"win_shell": "a", "undo": [{"win_shell": "b"}], "async": 10, "poll": 0},
        ],
    }
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*path, index))


@FEW
@given(data=st.data())
def test_one_thing_changed(data: st.DataObject, tmp_path: Path) -> None:
    plays = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 2))):
        places = sorted(_places(plays), key=repr)
        if not places:
            break
        *way, last = data.draw(st.sampled_from(places))
        at: Any = plays
        for step in way:
            at = at[step]
        match data.draw(st.sampled_from(["replace", "delete", "rename", "double"])):
            case "replace":
                at[last] = data.draw(JUNK)
            case "delete":
                del at[last]
            case "rename" if isinstance(at, dict):
                at[data.draw(KEYS)] = at.pop(last)
            case _ if isinstance(at, list):
                at.append(copy.deepcopy(at[last]))
            case _:
                at[f"{last}s"] = copy.deepcopy(at[last])
    write(tmp_path / "play.yml", plays)
    write(tmp_path / "other.yml", {"from_file": 1})
    (tmp_path / "roles" / "main" / "tasks").mkdir(parents=True, exist_ok=True)
    write(tmp_path / "roles" / "main" / "tasks" / "main.yml", [{"win_ping": None}])
    load(tmp_path / "play.yml")


def test_what_is_changed_above_is_good(tmp_path: Path) -> None:
    write(tmp_path / "play.yml", GOOD)
    write(tmp_path / "other.yml", {"from_file": 1})
    (tmp_path / "roles" / "main" / "tasks").mkdir(parents=True)
    write(tmp_path / "roles" / "main" / "tasks" / "main.yml", [{"win_ping": None}])
    assert load(tmp_path / "play.yml") is None
