"""Going on with a run: what is done is not done again, what is in doubt is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from runner.engine.undoing.undo import Doubt
from runner.engine.visits.resume import Past, ResumeVisit
from runner.engine.visits.run import RunVisit
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from tests.engine.tasks.test_forecasts import planned
from tests.engine.toy_ledgers import ToyLedger
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import writes

SET = task("t", "key", {"key": "k", "value": "new"}, notify=("h",))
HANDLER = task("h", "key", {"key": "h", "value": "1"})
SHOUT = task("s", "shout", {"text": "hi"}, register="said")


class Run:
    """A run of these tasks that may be resumed."""

    def __init__(self, *tasks: Any, **keys: str) -> None:
        self.fleet = Fleet({"a": ToyHost(dict(keys))})
        self.memory = ToyLedger()
        self.tasks = tasks
        self.outcomes: Mapping[JobId, Outcome] = {}

    def first(self) -> dict[str, Outcome]:
        found = self.fleet.walk(
            lambda r: RunVisit(r, self.memory), *self.tasks, handlers=(HANDLER,)
        )
        self.outcomes = dict(self.fleet.outcomes)
        self.fleet.outcomes.clear()
        self.fleet.hosts["a"].lines.clear()
        return found

    def forget_the_end(self) -> None:
        """As if the controller had been killed before it heard the answer."""
        for number, record in self.memory.records.items():
            fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
            fields |= {"status": "in doubt", "found": None, "applied": None}
            self.memory.records[number] = ChangeRecord(**fields)

    def resume(
        self, doubt: Doubt = Doubt.LEAVE, complete: frozenset[str] = frozenset()
    ) -> dict[str, Outcome]:
        past = Past(list(self.memory.records.values()), self.outcomes, complete)
        return self.fleet.walk(
            lambda r: ResumeVisit(r, self.memory, past, doubt), *self.tasks, handlers=(HANDLER,)
        )

    @property
    def sent(self) -> list[str]:
        return writes(self.fleet.hosts["a"])


def test_what_is_done_is_not_done_again_and_still_notifies() -> None:
    run = Run(SET, k="old")
    run.first()
    run.fleet.hosts["a"].keys.pop("h")
    found = run.resume()
    assert found["t"].status is Status.CHANGED
    assert run.sent == ["set h=1"], "the handler is pending: it was notified"
    assert run.memory.records[1].before == {"value": "old", "owner": None}


def test_what_was_never_begun_is_done() -> None:
    run = Run(SET, k="old")
    found = run.resume()
    assert [found["t"].status, found["h"].status] == [Status.CHANGED, Status.CHANGED]


def test_a_state_in_doubt_that_the_host_shows_as_done() -> None:
    run = Run(SET, k="old")
    run.first()
    run.forget_the_end()
    found = run.resume()
    assert found["t"].status is Status.CHANGED
    assert "the host says yes" in found["t"].warnings[0]
    assert "set k=new" not in run.sent
    assert run.memory.records[1].status == "changed"


def test_a_state_in_doubt_that_is_not_done_is_done_now() -> None:
    run = Run(SET, k="old")
    run.first()
    run.forget_the_end()
    run.fleet.hosts["a"].keys["k"] = "old"
    assert run.resume()["t"].status is Status.CHANGED
    assert "set k=new" in run.sent


def test_what_somebody_changed_since_is_done_again() -> None:
    run = Run(SET, k="old")
    run.first()
    run.fleet.hosts["a"].keys["k"] = "by hand"
    assert run.resume()["t"].status is Status.CHANGED
    assert "set k=new" in run.sent
    befores = [r.before["value"] for r in run.memory.records.values() if r.job.step == "t"]
    assert befores == ["old", "by hand"], "a rollback goes back through both"


def test_a_command_that_ran_is_not_run_again_and_its_output_is_known() -> None:
    after = task("t", "key", {"key": "k", "value": "rc {{ said.rc }}"})
    run = Run(SHOUT, after, k="old")
    run.first()
    run.fleet.hosts["a"].keys["k"] = "by hand"
    found = run.resume()
    assert [found["s"].status, found["t"].status] == [Status.CHANGED, Status.CHANGED]
    assert run.sent == ["set k=rc 0"]


@pytest.mark.parametrize(
    ("doubt", "status", "sent"),
    [
        (Doubt.LEAVE, Status.IN_DOUBT, []),
        (Doubt.RETRY, Status.CHANGED, ["set shout=hi"]),
        (Doubt.DONE, Status.CHANGED, []),
    ],
)
def test_a_command_in_doubt_waits_for_a_person(
    doubt: Doubt, status: Status, sent: list[str]
) -> None:
    run = Run(SHOUT)
    run.first()
    run.forget_the_end()
    found = run.resume(doubt)
    assert found["s"].status is status
    assert run.sent == sent
    if doubt is Doubt.LEAVE:
        assert "--mark-done" in found["s"].advice
    else:
        assert run.resume()["s"].status is Status.CHANGED
        assert run.sent == sent, "the second time it is on record"


def test_a_command_whose_words_became_others_does_not_run_twice() -> None:
    run = Run(SHOUT)
    run.first()
    run.tasks = (task("s", "shout", {"text": "later"}),)
    assert run.resume()["s"].status is Status.CHANGED
    assert run.sent == []


def test_a_failed_command_runs_again() -> None:
    run = Run(task("s", "shout", {"text": "hi", "code": 3}))
    assert run.first()["s"].status is Status.FAILED
    run.tasks = (task("s", "shout", {"text": "hi", "code": 3}),)
    assert run.resume()["s"].status is Status.FAILED
    assert run.sent == ["set shout=hi"]


def test_the_elements_of_a_loop_are_told_apart() -> None:
    loop = task("s", "shout", {"text": "{{ item }}"}, loop=["one", "two", "three"])
    run = Run(loop)
    run.first()
    run.memory.records.pop(3)
    run.resume()
    assert run.sent == ["set shout=three"]


def test_a_host_on_which_all_is_done_is_not_contacted() -> None:
    run = Run(SET, SHOUT, k="old")
    run.first()
    found = run.resume(complete=frozenset({"a"}))
    assert {name: o.status for name, o in found.items()} == {
        "t": Status.CHANGED, "s": Status.CHANGED, "h": Status.CHANGED
    }  # fmt: skip
    assert run.fleet.hosts["a"].lines == []


TWICE = (
    task("absent", "key", {"key": "k"}),
    task("one", "key", {"key": "k", "value": "1"}),
    task("two", "key", {"key": "k", "value": "2"}),
)


def test_what_a_later_task_of_the_run_made_of_it_is_nobody_elses_doing() -> None:
    """Else a service that one task stops and a later one starts would be stopped once more."""
    run = Run(*TWICE)
    run.first()
    found = run.resume()
    assert run.sent == []
    statuses = [found[name].status for name in ("absent", "one", "two")]
    assert statuses == [Status.OK, Status.CHANGED, Status.CHANGED]


def test_what_somebody_else_made_of_it_is() -> None:
    run = Run(*TWICE)
    run.first()
    run.fleet.hosts["a"].keys["k"] = "by hand"
    run.resume()
    assert run.sent[-1] == "set k=2"


@pytest.mark.parametrize(
    ("status", "by_hand", "expected"),
    [
        ("in doubt", False, Status.CHANGED),
        ("failed", False, Status.CHANGED),
        ("in doubt", True, Status.CONFLICT),
        ("undone", False, Status.CONFLICT),
    ],
)
def test_what_an_apply_left_by_half_itself_is_no_drift(
    status: str, by_hand: bool, expected: Status
) -> None:
    """The plan is held against what the run began with, not against its own half."""
    pair = task("t", "pair", {"one": "1", "two": "2"})
    run = Run(pair, one="0", two="0")
    approval = planned(run.fleet, pair)
    run.first()
    run.forget_the_end()
    run.memory.records[1] = dataclasses.replace(run.memory.records[1], status=status)
    run.fleet.hosts["a"].keys |= {"one": "theirs" if by_hand else "1", "two": "0"}
    past = Past(list(run.memory.records.values()), {}, frozenset())
    found = run.fleet.walk(
        lambda r: ResumeVisit(r, run.memory, past, Doubt.LEAVE, approval.require), pair
    )
    assert found["t"].status is expected
    assert (run.sent == []) is (expected is Status.CONFLICT)
