"""The contract that every module passes by being in the folder, on simulated hosts.

Every command really goes through the engine's session, the quoting of the cmd shell and the lab's
cmd to the lab's tools; nothing is compared with text that we wrote ourselves.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.interfaces.codec import from_json, to_json
from runner.interfaces.module import CommandState, Effect, Nothing
from runner.model.state import UNKNOWN, Change, differences
from runner.modules import load, names
from tests.modules.contract.cases import COMMAND_CASES, ELSEWHERE, LOCAL, ON_POSIX, ONE_WAY, Case
from tests.modules.contract.cases import READ_CASES as PLAIN_READS
from tests.modules.contract.cases import STATE_CASES as PLAIN_CASES
from tests.modules.contract.cases_remedies import REMEDY_CASES, REMEDY_READS
from tests.modules.contract.cases_security import SECURITY_CASES, SECURITY_READS
from tests.modules.labhost import LabHost, LabTask

STATE_CASES = (*PLAIN_CASES, *REMEDY_CASES, *SECURITY_CASES)
READ_CASES = (*PLAIN_READS, *REMEDY_READS, *SECURITY_READS)
ALL_CASES = (*STATE_CASES, *COMMAND_CASES, *READ_CASES)
_UNSIMULATED = {"powershell"}
"""The lab has no PowerShell; on a host without wmic it is asked for the boot time first."""


def comparable(host: LabHost) -> dict[str, Any]:
    """The machine's state; the number that Windows gives a rule anew is not part of it."""
    state = host.state
    rules = state["firewall"]["rules"]
    state["firewall"] = {**state["firewall"], "rules": sorted(rules.values())}
    registry = dict(state["registry"])
    for path, values in registry.items():
        if path.lower().endswith("\\firewallrules"):
            registry[path] = sorted(str(value) for value in values.values())
    return {**state, "registry": registry}


def start(case: Case) -> LabTask:
    return LabHost(case.os, **dict(case.state)).task(case.module, **dict(case.raw))


def by_name(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def test_every_module_has_a_case() -> None:
    tested = {case.module for case in ALL_CASES} | ELSEWHERE
    assert tested | LOCAL | ON_POSIX | ONE_WAY == set(names())


def test_effects_are_what_the_suite_takes_them_for() -> None:
    groups = {Effect.STATE: STATE_CASES, Effect.COMMAND: COMMAND_CASES, Effect.READ: READ_CASES}
    for effect, cases in groups.items():
        assert {load(case.module).effect for case in cases} == {effect}
    for name in LOCAL:
        assert load(name).effect is Effect.LOCAL
        assert load(name).state is Nothing


@by_name(ALL_CASES)
def test_a_probe_finds_the_same_twice_and_changes_nothing(case: Case) -> None:
    task = start(case)
    before, writes = comparable(task.host), task.host.writes
    found = task.probe()
    again = task.probe()
    if case.module != "setup":  # facts tell the time
        assert found == again
    assert comparable(task.host) == before
    assert task.host.writes == writes
    assert set(task.host.not_simulated) <= _UNSIMULATED


@by_name(ALL_CASES)
def test_states_and_parameters_survive_json(case: Case) -> None:
    task = start(case)
    change = task.plan()
    for state in (change.before, change.after):
        kept = json.loads(json.dumps(to_json(state)))
        found = from_json(task.module.state, kept)
        assert not differences(state, found)
        assert to_json(found) == to_json(state)
    kept = json.loads(json.dumps(to_json(task.params)))
    # What is not kept (a content) comes back as its default.
    assert to_json(from_json(task.module.params, kept)) == to_json(task.params)


@by_name(STATE_CASES)
def test_after_apply_the_plan_is_empty(case: Case) -> None:
    task = start(case)
    change = task.plan()
    if case.module == "wait_for_connection":
        assert not change.differences()
        return
    assert change.differences()
    assert task.module.subject(task.params)
    task.apply(change)
    found = task.probe()
    wrong = [d for d in differences(change.after, found) if d.before is not UNKNOWN]
    assert not wrong
    again = task.plan(found).differences()
    if case.again:
        assert [d.after for d in again] == [UNKNOWN]
    else:
        assert not again


@by_name(STATE_CASES)
def test_undo_gives_back_exactly_what_was_there(case: Case) -> None:
    task = start(case)
    before = comparable(task.host)
    change = task.plan()
    if not change.differences():
        return
    task.apply(change)
    if case.restart:
        restart(task.host)
    found = task.probe()
    task.undo(Change(change.subject, change.before, found))
    if case.restart:
        restart(task.host)
    assert not differences(change.before, task.probe())
    assert comparable(task.host) == before


@by_name(STATE_CASES)
def test_a_recorded_change_can_be_undone(case: Case) -> None:
    """As a rollback does it: everything read back from JSON, the states found by a new probe."""
    task = start(case)
    before = comparable(task.host)
    change = task.plan()
    if not change.differences() or case.restart:
        return
    record = json.loads(json.dumps(to_json(change.before)))
    task.apply(change)
    params = from_json(task.module.params, json.loads(json.dumps(to_json(task.params))))
    later = LabTask(task.host, task.module, params)
    kept: Change[Any] = Change(change.subject, from_json(task.module.state, record), later.probe())
    later.undo(kept)
    assert comparable(task.host) == before


@by_name(tuple(case for case in STATE_CASES if not case.again))
def test_cut_at_any_command_and_repeated_it_ends_the_same(case: Case) -> None:
    whole = start(case)
    wanted = whole.plan()
    whole.apply(wanted)
    end = comparable(whole.host)
    for writes in range(1, 20):
        task = start(case)
        change = task.plan()
        if not task.host.write_cut(task.module.apply(task.params, change, task.facts), writes):
            return
        again = task.plan()
        if again.differences():
            task.apply(again)
        assert comparable(task.host) == end, f"cut after write {writes}"
    pytest.fail("the task never came to its end")


def restart(host: LabHost) -> None:
    task = host.task("win_reboot")
    task.apply(task.plan())


@by_name(STATE_CASES)
def test_results_and_messages_never_fail(case: Case) -> None:
    """In a dry run too, where nothing has been applied yet."""
    task = start(case)
    change = task.plan()
    to_json(dict(task.module.result(task.params, change, task.facts, {})))
    assert isinstance(task.module.message(task.params, change, task.facts), str)
    assert isinstance(task.module.irreversible(task.params, change, task.facts), str)


@by_name(COMMAND_CASES)
def test_commands_run_and_return_ansibles_keys(case: Case) -> None:
    task = start(case)
    before = task.probe()
    assert isinstance(before, CommandState)
    if before.done or case.module == "win_powershell":
        assert task.module.result(task.params, Change("", before, before), {}, {})["skipped"]
        return
    change = Change("", before, task.module.plan(task.params, before, {}))
    applied = task.apply(change)
    result = task.module.result(task.params, change, {}, applied)
    assert result["rc"] == 0
    assert result["stdout_lines"] == result["stdout"].splitlines() != []
    assert {"stdout", "stderr", "stderr_lines", "cmd", "start", "end", "delta"} <= set(result)
    assert "failed" not in result
