"""A controller that dies anywhere in an undo or an apply: the next rollback gives everything back.

What the next rollback knows is what the engine knows: the record of the change, and a new probe.
"""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.state import Change
from tests.modules.contract.cases import Case
from tests.modules.contract.test_contract import STATE_CASES, by_name, comparable, start
from tests.modules.labhost import LabTask
from tests.modules.taking_back import take_back

CASES = tuple(case for case in STATE_CASES if not case.again and not case.restart)
_MOST = 40


def back(task: LabTask, change: Change[Any], left: Any = None, *, half: bool = False) -> None:
    host = task.host
    take_back(host.link, task.module, task.params, task.facts, change, left=left, half=half)


@by_name(CASES)
def test_a_rollback_sees_that_there_is_something_to_take_back(case: Case) -> None:
    task = start(case)
    first = comparable(task.host)
    change = task.plan()
    if change.differences():
        task.apply(change)
        back(task, change, task.probe())
        assert comparable(task.host) == first


@by_name(CASES)
def test_an_undo_cut_at_any_command_is_finished_by_the_next(case: Case) -> None:
    for writes in range(1, _MOST):
        task = start(case)
        first = comparable(task.host)
        change = task.plan()
        if not change.differences():
            return
        task.apply(change)
        left = task.probe()
        undone: Change[Any] = Change(change.subject, change.before, left)
        if not task.host.write_cut(task.module.undo(task.params, undone, task.facts), writes):
            return
        back(task, change, left, half=True)
        assert comparable(task.host) == first, f"cut after write {writes}"
    pytest.fail("the undo never came to its end")


@by_name(CASES)
def test_an_apply_cut_at_any_command_is_taken_back(case: Case) -> None:
    for writes in range(1, _MOST):
        task = start(case)
        first = comparable(task.host)
        change = task.plan()
        if not change.differences():
            return
        if not task.host.write_cut(task.module.apply(task.params, change, task.facts), writes):
            return
        back(task, change)
        assert comparable(task.host) == first, f"cut after write {writes}"
    pytest.fail("the task never came to its end")


@by_name(CASES)
def test_an_apply_cut_at_any_command_resumed_and_taken_back_comes_to_the_first_state(
    case: Case,
) -> None:
    """What was begun stays on record with the state before it, beside what the resume did."""
    for writes in range(1, _MOST):
        task = start(case)
        first = comparable(task.host)
        change = task.plan()
        if not change.differences():
            return
        if not task.host.write_cut(task.module.apply(task.params, change, task.facts), writes):
            return
        rest = task.plan()
        if rest.differences():
            task.apply(rest)
            back(task, rest, task.probe())
            back(task, change)
        else:  # the resume found that it is done, and put that on record
            back(task, change, task.probe())
        assert comparable(task.host) == first, f"cut after write {writes}"
    pytest.fail("the task never came to its end")
