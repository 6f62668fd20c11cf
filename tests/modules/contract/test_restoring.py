"""What a written rollback would do: for every case, the tasks of ``restore`` give back the before.

They are loaded as tasks of a playbook and run on the same simulated host.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from runner.interfaces.module import Module
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.model.state import Change, differences
from runner.modules import load
from tests.modules.contract.cases import STATE_CASES as PLAIN_CASES
from tests.modules.contract.cases import Case
from tests.modules.contract.cases_remedies import REMEDY_CASES
from tests.modules.contract.cases_security import SECURITY_CASES
from tests.modules.contract.test_contract import restart, start
from tests.modules.labhost import LabTask

HERE: Final = Source("the written rollback", 1, 1)
STATE_CASES: Final = (*PLAIN_CASES, *REMEDY_CASES, *SECURITY_CASES)
NEVER: Final = {
    "win_acl_inheritance": "only the whole list of permissions, as SDDL, says it",
    "win_hotfix": "an installed fix stays",
    "win_process": "what is in quarantine is not to come back by itself",
    "win_reboot": "a restart has no way back",
    "win_shadow_copy": "no task deletes one",
    "win_unzip": "many files at once",
    "win_wait_for": "it only waits",
    "wait_for_connection": "it only waits",
}
"""Modules of which no task says what was there, and why."""
SOMETIMES: Final = {
    "copy-tree": "many files at once",
    "copy-tree-new": "many files at once",
    "copy-folder-on-host": "many files at once",
    "file-absent": "win_copy gives a file neither attributes nor permissions of its own",
    "file-absent-folder": "a folder that was moved aside is no source for win_copy",
    "shortcut-gone": "the same",
    "service-recovery": "no parameter says that a setting was not there",
}
"""Cases of other modules in which none does."""


def tasks_of(case: Case) -> tuple[LabTask, Change[Any], list[LabTask]]:
    task = start(case)
    change = task.plan()
    if not change.differences():
        return task, change, []
    task.apply(change)
    if case.restart:
        restart(task.host)
    left: Change[Any] = Change(change.subject, change.before, task.probe())
    back = []
    for one in task.module.restore(task.params, left):
        module: Module[Any, Any] = load(one.module or case.module)
        raw = {**one.arguments, **module.filled_in(one.arguments, lambda data, _: data)}
        back.append(LabTask(task.host, module, parse(module, raw, {}, HERE)))
    return task, left, back


@pytest.mark.parametrize("case", STATE_CASES, ids=lambda case: case.name)
def test_its_tasks_give_back_what_was_there(case: Case) -> None:
    if case.module in NEVER:
        assert "restore" not in vars(type(load(case.module)))
        return
    task, left, back = tasks_of(case)
    if not left.differences():
        return
    assert bool(back) is (case.name not in SOMETIMES)
    if not back:
        return
    for one in back:
        one.apply(one.plan())
    if case.restart:
        restart(task.host)
    touched = {d.field for d in left.differences()}
    wrong = [d for d in differences(left.before, task.probe()) if d.field in touched]
    assert not wrong
