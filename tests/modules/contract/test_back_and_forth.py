"""A rollback is a run: taking it back brings what the run made, or the rollback said why not."""

from __future__ import annotations

import json
from typing import Any

from runner.interfaces.codec import from_json, to_json
from runner.model.state import UNKNOWN, Change, differences
from tests.modules.contract.cases import Case
from tests.modules.contract.test_contract import by_name, comparable, start
from tests.modules.contract.test_cut import CASES


@by_name(CASES)
def test_a_rollback_is_itself_taken_back_or_says_why_not(case: Case) -> None:
    task = start(case)
    change = task.plan()
    if not change.differences() or task.module.irreversible(task.params, change, task.facts):
        return
    task.apply(change)
    made, left = comparable(task.host), task.probe()
    task.undo(Change(change.subject, change.before, left))
    back = Change(change.subject, left, task.probe())
    if task.module.irreversible_back(task.params, back.reversed(), task.facts):
        return
    state = task.module.state
    kept: Any = from_json(state, json.loads(json.dumps(to_json(left))))
    task.undo(Change(change.subject, kept, task.probe()))
    wrong = [d for d in differences(left, task.probe()) if d.before is not UNKNOWN]
    assert not wrong
    assert comparable(task.host) == made
