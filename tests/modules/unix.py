"""Tasks on this machine, taken through what the engine does: apply, verify, record, roll back."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from runner.engine.hosts.session import Reader, Writer
from runner.errors import ConnectionLost
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Command, Output
from runner.interfaces.module import Module, Params
from runner.model.state import UNKNOWN, Change, differences
from tests.modules.posix_host import FACTS, link
from tests.modules.scripted import task
from tests.modules.taking_back import take_back

ROOT: Final = os.geteuid() == 0
_MOST_WRITES: Final = 12
_CUTS: Final = _MOST_WRITES if "RUNNER_TEST_EVERYTHING" in os.environ else 2
"""After how many commands a way back is cut at most; programs of this machine take their time."""


def needs(present: object, what: str) -> None:
    """Skip the test without ``what``; where CI runs, that is a failure."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"this machine lacks {what}", pytrace=False)
    pytest.skip(f"this machine lacks {what}")


class Task:
    """One task on this machine."""

    def __init__(self, name: str, /, **raw: Any) -> None:
        self.module: Module[Any, Any]
        self.params: Params
        self.module, self.params = task(name, **raw)
        self.sent: list[str] = []
        self.applied: Mapping[str, Any] = {}

    def probe(self) -> Any:
        return Reader(link()).drive(self.module.probe(self.params, FACTS))

    def plan(self) -> Change[Any]:
        found = self.probe()
        after = self.module.plan(self.params, found, FACTS)
        return Change(self.module.subject(self.params), found, after)

    def run(self) -> Change[Any]:
        """Apply and verify; the change as it is recorded, with what is really there after it."""
        change = self.plan()
        assert change.differences(), "there is nothing to do"
        recorded(self, change)
        writer = Writer(link())
        self.applied = writer.drive(self.module.apply(self.params, change, FACTS)) or {}
        self.sent = writer.sent
        found = self.probe()
        wrong = [d for d in differences(change.after, found) if d.before is not UNKNOWN]
        assert not wrong
        return Change(change.subject, change.before, found)

    def result(self, change: Change[Any]) -> dict[str, Any]:
        result = dict(self.module.result(self.params, change, FACTS, self.applied))
        json.dumps(to_json(result))
        return result

    def message(self, change: Change[Any]) -> str:
        return self.module.message(self.params, change, FACTS)

    def why_not(self, change: Change[Any]) -> str:
        return self.module.irreversible(self.params, change, FACTS)

    def roll_back(self, change: Change[Any]) -> None:
        """As ``runner rollback`` does it: everything from JSON, against what is there now."""
        assert self.why_not(change) == ""
        before, params = recorded(self, change)
        later = Task.__new__(Task)
        later.module, later.params = self.module, params
        found = later.probe()
        touched = {d.field for d in change.differences()}
        foreign = [d for d in differences(change.after, found) if d.field in touched]
        assert not foreign
        others = {d.field: d.after for d in differences(before, found) if d.field not in touched}
        back: Change[Any] = Change(change.subject, dataclasses.replace(before, **others), found)
        Writer(link()).drive(self.module.undo(params, back, FACTS))
        wrong = [d for d in differences(before, later.probe()) if d.field in touched]
        assert not wrong

    def take_back(self, change: Change[Any], left: Any = None, *, half: bool = False) -> None:
        """As a rollback does it that knows no more than what is on record."""
        before, params = recorded(self, change)
        kept = dataclasses.replace(change, before=before)
        take_back(link(), self.module, params, FACTS, kept, left=left, half=half)

    def ok(self) -> None:
        """Nothing is left to do."""
        assert not self.plan().differences()

    def cut(self, after: int) -> bool:
        """Apply, and lose the connection after so many writes; whether it came to that."""
        try:
            _CutWriter(after).drive(self.module.apply(self.params, self.plan(), FACTS))
        except ConnectionLost:
            return True
        return False


def recorded(task: Task, change: Change[Any]) -> tuple[Any, Params]:
    """The state before and the parameters, there and back through the journal's JSON."""
    for state in (change.before, change.after):
        kept = from_json(task.module.state, json.loads(json.dumps(to_json(state))))
        assert not differences(state, kept)
    before = json.loads(json.dumps(to_json(change.before)))
    params = json.loads(json.dumps(to_json(task.params)))
    return from_json(task.module.state, before), from_json(task.module.params, params)


def obeys_contract(
    fresh: Callable[[], None], task: Callable[[], Task], look: Callable[[], Any]
) -> None:
    """What every module that brings a state promises, on a host that ``fresh`` makes anew.

    ``look`` sees the host by other means than the module's.
    """
    fresh()
    was = look()
    one = task()
    assert one.probe() == one.probe()
    change = one.plan()
    one.result(change)
    assert isinstance(one.message(change), str)
    assert look() == was, "looking changed something"
    change = one.run()
    one.result(change)
    end = look()
    assert end != was
    one.ok()
    one.roll_back(change)
    assert look() == was, "undo did not give back what was there"
    back = Change(change.subject, change.after, one.probe())
    if not one.module.irreversible_back(one.params, change, FACTS):
        Writer(link()).drive(one.module.undo(one.params, back, FACTS))
        assert look() == end, "what was taken back did not come again"
    for check in (_cut_and_repeated, _cut_and_gone_back, _cut_on_the_way_back):
        for writes in range(1, _MOST_WRITES):
            if check is not _cut_and_repeated and writes > _CUTS:
                break
            fresh()
            one = task()
            if not check(one, writes):
                break
            wanted = end if check is _cut_and_repeated else was
            assert look() == wanted, f"{check.__name__}: cut after write {writes}"
        else:
            pytest.fail("the task never came to its end")


def _cut_and_repeated(one: Task, writes: int) -> bool:
    """What was cut short is done again; whether it came to that."""
    if not one.cut(writes):
        return False
    if one.plan().differences():
        one.run()
    return True


def _cut_and_gone_back(one: Task, writes: int) -> bool:
    """The controller dies; the rollback knows what it was about to do, and looks. After every
    other write a resume comes in between: what was begun stays on record beside what that did."""
    change = one.plan()
    if not one.cut(writes):
        return False
    if writes % 2:
        one.take_back(change)
        return True
    rest = one.plan()
    if not rest.differences():  # the resume found that it is done, and put that on record
        one.take_back(change, one.probe())
        return True
    Writer(link()).drive(one.module.apply(one.params, rest, FACTS))
    one.take_back(rest, one.probe())
    one.take_back(change)
    return True


def _cut_on_the_way_back(one: Task, writes: int) -> bool:
    """The controller dies in a rollback; the next one ends it."""
    change = one.plan()
    done = one.run()
    try:
        _CutWriter(writes).drive(one.module.undo(one.params, done, FACTS))
    except ConnectionLost:
        one.take_back(change, done.after, half=True)
        return True
    return False


class _CutWriter(Writer):
    """Loses the connection once, right after its n-th write was carried out."""

    def __init__(self, after: int) -> None:
        super().__init__(link())
        self._after = after

    def _write(self, command: Command) -> Output:
        output = super()._write(command)
        if len(self.sent) == self._after:
            raise ConnectionLost("the line was cut", may_have_started=True)
        return output
