"""Random plays on a lab machine come to the same, whether anything travels together or not.

Unlike are only plays in which a change was made without an error and did not take: what stands
behind it in the same script is done then, and says so. See ``fusing.visit_run``.
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.model.job import Outcome, Status
from runner.model.task import Task
from tests.engine.fusing.bench import (
    Bench,
    Played,
    alone,
    fused,
    preview,
    preview_alone,
    task,
    value,
)
from tests.engine.makers import block

KEYS: Final = ("K", r"K\L", r"K\L\M", "N", "k", "P", "Q", "R", r"S\T", r"Classes\C")
BEFORE: Final = (
    r"reg add HKLM\SOFTWARE\K /v a /t REG_DWORD /d 1 /f",
    r"reg add HKLM\SOFTWARE\N /v b /t REG_DWORD /d 2 /f",
    r"reg add HKLM\SOFTWARE\N\O /f",
)
EXAMPLES: Final = int(os.environ.get("RUNNER_FUSE_EXAMPLES", "12"))
"""Plays for each test; ``make fuse-campaign`` asks for many, each time others."""
MANY: Final = EXAMPLES > 100
pytestmark = pytest.mark.timeout(0 if MANY else 120)
DID_NOT_TAKE: Final = "the commands reported success, but"

names = st.sampled_from(["a", "b", "c", "d", "e", "A", "x y", "100%", 'q"&|<>^()!', "locked"])
deaf = st.sampled_from(["a", "b", "c", "d", "deaf", "deaf", "locked"])
fields: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *({"conditions": (text,)} for text in (
            "r is changed", "true", "false", "n == 1", "nosuch", "r is defined",
            "s is defined and s is not changed", "lookup('pipe', 'echo yes') == 'yes'")),
        {"register": "r"}, {"register": "s"}, {"register": "r", "conditions": ("false",)},
        {"ignore_errors": True}, {"ignore_errors": True, "register": "r"},
        {"changed_when": ("false",)}, {"failed_when": ("true",)},
        {"notify": ("tell",)}, {"notify": ("tell",), "conditions": ("true",)},
        {"no_log": True}, {"timeout": 60}, {"rollback": False}, {"check_mode": True},
        {"environment": ({"A": "b"},)}, {"any_errors_fatal": True},
    ]
)  # fmt: skip
plain: st.SearchStrategy[dict[str, Any]] = st.integers(0, 4).flatmap(
    lambda n: fields if n == 4 else st.just({})
)


@st.composite
def registry(draw: st.DrawFn, names: st.SearchStrategy[str] = names) -> Task:
    key = draw(st.sampled_from(KEYS))
    path = rf"HKLM:\SOFTWARE\{key}"
    extra = draw(plain)
    what = draw(st.integers(0, 15))
    if what == 0:
        return task("win_regedit", {"path": path, "state": "absent"}, **extra)
    if what == 1:
        return task("win_regedit", {"path": path}, **extra)
    name = draw(names)
    if what == 2:
        return task("win_regedit", {"path": path, "name": name, "state": "absent"}, **extra)
    data: Any = draw(st.sampled_from([1, 2, "{{ n }}", "{{ r.changed | default(false) | int }}"]))
    if what == 3:
        args = {"path": path, "name": name, "data": draw(st.sampled_from(["x", "%OS%", "a&b\\"]))}
        return task("win_regedit", args, **extra)
    return value(name, key, data, **extra)


others = st.sampled_from(
    [
        task("set_fact", {"n": 1}),
        task("set_fact", {"n": "{{ 2 if r is defined else 3 }}"}),
        task("debug", {"msg": "{{ n }}"}),
        task("assert", {"that": ["n == 1"]}, ignore_errors=True),
        task("win_environment", {"name": "E", "value": "1", "level": "machine"}),
        task("win_environment", {"variables": {"E": "2", "F": "3"}, "level": "machine"}),
        task("win_environment", {"name": "G", "value": "4", "level": "user"}),
        task("win_service", {"name": "Spooler", "start_mode": "disabled"}),
        task("win_service", {"name": "Spooler", "state": "stopped"}),
        task("win_service", {"name": "nosuch", "state": "stopped"}, ignore_errors=True),
        task("win_service", {"name": "BITS", "start_mode": "manual", "description": "d"}),
        task("win_regedit", {"name": "Start", "type": "dword", "data": 4,
                             "path": r"HKLM:\SYSTEM\CurrentControlSet\Services\Spooler"}),
        task("win_command", {"_raw_params": r"reg add HKLM\SOFTWARE\K /v a /d 7 /f"}),
        task("win_reg_stat", {"path": r"HKLM:\SOFTWARE\K", "name": "a"}, register="r"),
    ]
)  # fmt: skip
lines = st.sampled_from(
    [
        "hostname", "sc query Spooler", "sc query nosuch", "nosuch", r"reg query HKLM\SOFTWARE\K",
        r"reg add HKLM\SOFTWARE\K /v c /d made /f", r"reg delete HKLM\SOFTWARE\K /v c /f",
        r"reg add HKLM\SOFTWARE\K /v p /d %OS% /f", r'reg add HKLM\SOFTWARE\N /v q /d "a & b" /f',
        "sc config Spooler start= demand", "netsh advfirewall show allprofiles",
    ]
)  # fmt: skip
scripts = st.sampled_from(
    [
        "cd", "cd \\&cd", "set A=1&set g=2&exit 0", "set A", "exit 3", "exit /b 4", "echo %OS%",
        "echo a&echo b>&2", 'echo "a & b" ^& (c)', "echo k7wqd2mzt4hxrb.1.0.y.", "ver&nosuch",
        "if defined g echo seen", "hostname|findstr WEB", "(echo x)", 'echo "', "echo a^",
        r"if exist C:\Windows echo there", "chcp", r"echo x>C:\made.txt", r"type C:\made.txt",
    ]
)  # fmt: skip
told: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {}, {}, {}, {}, {"changed_when": ("false",)}, {"changed_when": ("r.rc == 0",)},
        {"ignore_errors": True}, {"ignore_errors": True, "register": "r"}, {"register": "s"},
        {"failed_when": ("false",)}, {"failed_when": ("'x' in s.stdout",)},
        {"until": ("s.rc == 0",), "register": "s", "retries": 1, "delay": 0},
        {"conditions": ("hostvars[inventory_hostname].r is defined",)},
        {"conditions": ("vars.r is defined",)}, {"conditions": ("'r' in vars",)},
    ]
)  # fmt: skip


@st.composite
def command(draw: st.DrawFn) -> Task:
    extra = {**draw(plain), **draw(told)}
    if draw(st.integers(0, 3)):
        extra["ignore_errors"] = True  # else most of them are blocked by the first that fails
    if draw(st.booleans()):
        line = draw(st.one_of(lines, st.just("sc query {{ r.rc | default('BITS') }}")))
        args = {"_raw_params": line, **draw(guards)}
        return task("win_command", args, **extra)
    args = {"_raw_params": draw(scripts), "executable": "cmd", **draw(guards)}
    return task("win_shell", args, **extra)


guards: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *({} for _ in range(8)), {"creates": r"C:\made.txt"}, {"removes": r"C:\made.txt"},
        {"chdir": r"C:\Windows"}, {"chdir": r"C:\nosuch"}, {"check": "hostname"},
    ]
)  # fmt: skip
blocks = st.builds(
    lambda body, rescue: block(*body, rescue=rescue),
    st.lists(registry(), min_size=1, max_size=3),
    st.lists(registry(), max_size=1),
)
few_of = st.integers(0, 9).flatmap(
    lambda n: others if n == 9 else blocks if n == 8 else command() if n in (6, 7) else registry()
)
tasks = st.lists(few_of, min_size=5, max_size=12)
HANDLER = task("win_regedit", {"path": r"HKLM:\SOFTWARE\H", "name": "told", "data": "yes"},
               title="tell")  # fmt: skip
few = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize=not MANY, database=None,
)  # fmt: skip


def comparable(outcome: Outcome) -> Outcome:
    """Without what a clock says."""
    items = tuple(map(comparable, outcome.items))
    return dataclasses.replace(outcome, items=items, seconds=0.0, result=timeless(outcome.result))


def timeless(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: v for k, v in value.items() if k not in ("start", "end", "delta")}


def changes(played: Played) -> list[Any]:
    return [(intent, status, found, timeless(applied))
            for intent, status, found, applied in played.book.changes]  # fmt: skip


def same(one: Played, other: Played) -> None:
    assert one.events == other.events
    for step, outcome in other.outcomes.items():
        assert comparable(one.outcomes[step]) == comparable(outcome), step
    assert changes(one) == changes(other)
    assert one.state == other.state
    # Looking ahead for nothing may cost a round, where a change makes what was seen worthless.
    assert one.exchanges <= other.exchanges + len(other.outcomes)


@given(tasks)
@few
def test_all_is_as_if_each_were_sent_alone(found: list[Any]) -> None:
    together = Bench(*BEFORE).run(fused, *found, handlers=(HANDLER,))
    same(together, Bench(*BEFORE).run(alone, *found, handlers=(HANDLER,)))


@given(st.lists(command(), min_size=4, max_size=12))
@few
def test_commands_come_to_the_same(found: list[Any]) -> None:
    together = Bench(*BEFORE).run(fused, *found, handlers=(HANDLER,))
    same(together, Bench(*BEFORE).run(alone, *found, handlers=(HANDLER,)))


@given(tasks)
@few
def test_a_preview_is_as_if_each_were_asked_alone(found: list[Any]) -> None:
    together = Bench(*BEFORE).run(preview, *found, handlers=(HANDLER,))
    same(together, Bench(*BEFORE).run(preview_alone, *found, handlers=(HANDLER,)))


@given(st.lists(registry(deaf), min_size=3, max_size=9))
@few
def test_what_did_not_take_is_the_one_exception(found: list[Any]) -> None:
    together = Bench(*BEFORE).run(fused, *found)
    single = Bench(*BEFORE).run(alone, *found)
    if not any(DID_NOT_TAKE in outcome.message for outcome in single.outcomes.values()):
        same(together, single)
        return
    for step, outcome in single.outcomes.items():
        here = together.outcomes[step]
        if comparable(here) != comparable(outcome):
            assert outcome.status is Status.BLOCKED
            assert here.status in (Status.CHANGED, Status.FAILED)
            assert any("in one script with" in warning for warning in here.warnings)
            assert any(intent.job.step == step for intent, *_ in together.book.changes)
    assert len(together.book.settled) == len(together.book.intents)


@given(tasks)
@few
def test_a_rollback_is_as_if_each_were_taken_back_alone(found: list[Any]) -> None:
    one, other = Bench(*BEFORE), Bench(*BEFORE)
    there = one.run(fused, *found)
    same(there, other.run(fused, *found))
    together, single = one.back(there, together=True), other.back(there, together=False)
    same(together, single)
    assert together.book.back == single.book.back
