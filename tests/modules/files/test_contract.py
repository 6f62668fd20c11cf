"""What every change of a file module keeps, on this machine, for the tasks that are compared with
Ansible: probing changes nothing, doing it twice changes nothing, undo gives back exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConnectionLost, HostError, InputError
from runner.interfaces.codec import from_json, to_json
from runner.model.state import UNKNOWN, Change, differences
from tests.modules.files.against_ansible import CASES, Case
from tests.modules.files.hosting import Cut, Task, snapshot
from tests.modules.files.test_against_ansible import args, lay_out
from tests.modules.posix_host import FACTS
from tests.modules.taking_back import take_back

_TEXTS = {
    "line-append", "line-create", "line-link", "line-mode", "line-not-valid", "line-absent",
    "line-umlaut", "line-no-newline", "block-replace", "block-create", "replace-all",
    "replace-mode",
}  # fmt: skip
"""Of the tasks that edit a text; what they make of it is tested in test_texts."""


_CUTS = 2


def start(case: Case, room: Path) -> Task | None:
    """The task on its files; None where it is refused."""
    lay_out(room / "d", case.files)
    try:
        task = Task(case.module, args(case, room / "d"))
        task.change()
    except (HostError, InputError):
        return None
    return task


def by_name() -> pytest.MarkDecorator:
    cases = [case for case in CASES if case.module in ("copy", "file") or case.name in _TEXTS]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@by_name()
def test_what_every_change_keeps(case: Case, room: Path) -> None:
    task = start(case, room)
    if task is None:
        return
    before = snapshot(room)
    change = task.change()
    assert snapshot(room) == before
    survives_json(task, change)
    if not change.differences():
        return
    try:
        done = task.run()
    except HostError:
        assert snapshot(room) == before
        return
    assert done.changed
    again = [d for d in Task(case.module, task.raw).differences() if d.after is not UNKNOWN]
    assert not again
    end = contents(room)
    done.undo()
    assert snapshot(room) == before
    for cut in range(1, len(task.sent)):
        cut_and_repeated(case, room / f"cut{cut}", cut, end)
        if cut <= _CUTS:
            cut_and_taken_back(case, room / f"cut{cut}back", cut)
    cut_on_the_way_back(case, room)


def survives_json(task: Task, change: Change[Any]) -> None:
    for state in (change.before, change.after):
        kept = json.loads(json.dumps(to_json(state)))
        found = from_json(task.module.state, kept)
        assert not [d for d in differences(state, found) if d.field not in ("content", "accessed")]
    kept = json.loads(json.dumps(to_json(task.params)))
    assert to_json(from_json(task.module.params, kept)) == to_json(task.params)
    to_json(dict(task.module.result(task.params, change, FACTS, {})))


def cut_and_repeated(case: Case, room: Path, cut: int, end: dict[str, Any]) -> None:
    """The line is cut after so many commands; done again, it ends the same."""
    lay_out(room / "d", case.files)
    task = Task(case.module, args(case, room / "d"))
    change = task.change()
    with pytest.raises(ConnectionLost):
        Cut(task.link, cut).drive(task.module.apply(task.params, change, FACTS))
    Task(case.module, args(case, room / "d")).run()
    assert contents(room) == end, f"cut after {cut}"


def cut_and_taken_back(case: Case, room: Path, cut: int) -> None:
    """The line is cut after so many commands; a rollback gives back what was there."""
    lay_out(room / "d", case.files)
    first = snapshot(room, times=False)
    task = Task(case.module, args(case, room / "d"))
    change = task.change()
    with pytest.raises(ConnectionLost):
        Cut(task.link, cut).drive(task.module.apply(task.params, change, FACTS))
    take_back(task.link, task.module, task.params, FACTS, change)
    assert snapshot(room, times=False) == first, f"cut after {cut}"


def cut_on_the_way_back(case: Case, room: Path) -> None:
    """The same of a rollback whose line is cut, after each of its commands: the next ends it."""
    for cut in range(1, _CUTS + 1):
        here = room / f"cut{cut}undo"
        lay_out(here / "d", case.files)
        first = snapshot(here, times=False)
        task = Task(case.module, args(case, here / "d"))
        change = task.change()
        done = task.run()
        try:
            Cut(task.link, cut).drive(task.module.undo(task.params, done.change, FACTS))
        except ConnectionLost:
            left = done.change.after
            take_back(task.link, task.module, task.params, FACTS, change, left=left, half=True)
            assert snapshot(here, times=False) == first, f"cut after {cut}"
        else:
            return


def contents(folder: Path) -> dict[str, Any]:
    """What is in a folder, but for other attempts, with times left out."""
    found = snapshot(folder, times=False)
    return {name: what for name, what in found.items() if not name.startswith("cut")}
