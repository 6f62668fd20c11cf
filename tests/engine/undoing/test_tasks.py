"""Tasks of ``undo:`` whose end nobody saw: in doubt, and not sent again until somebody says so."""

from __future__ import annotations

import dataclasses

import pytest

from runner.engine.graph.graph import JobGraph, Step, StepKind
from runner.engine.undoing.attempts import collected, last_tries
from runner.engine.undoing.tasks import WrittenUndos, steps_of
from runner.engine.undoing.undo import Doubt
from runner.engine.visits.rollback import RollbackVisit
from runner.engine.walk.walk import Walk
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from tests.engine.toy_ledgers import ToyUndoLedger
from tests.engine.toys import Fleet, ToyHost
from tests.engine.visits.visiting import writes

JOB = JobId("s", "a")
UNDO = [
    {"task": "first", "module": "shout", "params": {"text": "one", "code": 0}},
    {"task": "second", "module": "shout", "params": {"text": "two", "code": 0}},
]
MADE = ChangeRecord(
    id=1, run="r1", sequence=1, started=0.0, job=JOB, item="", task="t", module="shout",
    params={"text": "hi", "code": 0}, subject="", before=None, after=None, status="changed",
    undo=UNDO,
)  # fmt: skip


def attempt(number: int, step: int, status: str) -> ChangeRecord:
    """What a rollback recorded of one of the tasks."""
    said = UNDO[step]
    return dataclasses.replace(
        MADE, id=number, run="back", undo=[], status=status,
        task=str(said["task"]), module=str(said["module"]), params=said["params"],
    )  # fmt: skip


def roll_back(
    host: ToyHost, *attempts: ChangeRecord, doubt: Doubt = Doubt.LEAVE
) -> tuple[Outcome, ToyUndoLedger]:
    fleet, ledger = Fleet({"a": host}), ToyUndoLedger()
    graph = JobGraph(["a"])
    graph.add(Step("s", StepKind.TASK, "s", frozenset({0}), 0))
    runtime = fleet.runtime((), check=False)
    written = WrittenUndos(collected(attempts, doubt))
    visit = RollbackVisit(runtime, {JOB: [MADE]}, {}, ledger, lambda _record: True, written=written)
    Walk(graph, visit, 1, runtime.stop).run()
    return fleet.outcomes[JOB], ledger


def test_a_lost_answer_is_in_doubt_and_says_what_to_do() -> None:
    host = ToyHost(lose_answer_of="shout=two")
    outcome, ledger = roll_back(host)
    assert outcome.status is Status.IN_DOUBT
    assert "'second' of its undo: the answer was lost" in outcome.message
    assert "runner rollback r1" in outcome.advice
    assert "--retry-in-doubt or --mark-done" in outcome.advice
    assert outcome.commands == ("set shout=one", "set shout=two")
    assert (ledger.steps, ledger.back) == ([Status.CHANGED, Status.IN_DOUBT], [])


def test_what_never_began_is_unreachable() -> None:
    outcome, ledger = roll_back(ToyHost(never_start="shout=one"))
    assert outcome.status is Status.UNREACHABLE
    assert (ledger.steps, ledger.back) == ([Status.UNREACHABLE], [])


@pytest.mark.parametrize(
    ("attempts", "doubt", "status", "sent"),
    [
        ([(2, 0, "changed")], Doubt.LEAVE, Status.CHANGED, ["two"]),
        ([(2, 0, "changed"), (3, 1, "in doubt")], Doubt.LEAVE, Status.IN_DOUBT, []),
        ([(2, 0, "changed"), (3, 1, "in doubt")], Doubt.RETRY, Status.CHANGED, ["two"]),
        ([(2, 0, "changed"), (3, 1, "in doubt")], Doubt.DONE, Status.OK, []),
        ([(2, 0, "in doubt")], Doubt.LEAVE, Status.IN_DOUBT, []),
        ([(2, 0, "in doubt")], Doubt.DONE, Status.CHANGED, ["two"]),
        ([(2, 0, "in doubt"), (3, 0, "changed")], Doubt.LEAVE, Status.CHANGED, ["two"]),
        ([(2, 0, "in doubt"), (3, 0, "failed")], Doubt.LEAVE, Status.CHANGED, ["one", "two"]),
        ([(2, 0, "failed")], Doubt.LEAVE, Status.CHANGED, ["one", "two"]),
        # That rollback was taken back itself: nothing of it counts.
        ([(2, 0, "changed"), (3, 1, "undone")], Doubt.LEAVE, Status.CHANGED, ["one", "two"]),
        # Before the change was made (again).
        ([(0, 0, "changed")], Doubt.LEAVE, Status.CHANGED, ["one", "two"]),
    ],
)
def test_a_rollback_goes_on_where_an_earlier_one_ended(
    attempts: list[tuple[int, int, str]], doubt: Doubt, status: Status, sent: list[str]
) -> None:
    host = ToyHost()
    outcome, ledger = roll_back(host, *(attempt(*each) for each in attempts), doubt=doubt)
    assert outcome.status is status
    assert writes(host) == [f"set shout={text}" for text in sent]
    if status is Status.IN_DOUBT:
        assert "sent by rollback back" in outcome.message
        assert ledger.back == []
    else:
        assert ledger.back == [""], "the change is marked as taken back"


def test_two_tasks_that_are_the_same_are_two() -> None:
    twice = dataclasses.replace(MADE, undo=[UNDO[0], UNDO[0]])
    so_far = collected([attempt(2, 0, "changed")]).of(twice)
    first, second = steps_of(twice.undo)
    assert so_far.take(first) is not None
    assert so_far.take(second) is None


def test_an_undo_is_for_all_tries_together() -> None:
    failed = dataclasses.replace(MADE, id=1, status="failed")
    again = dataclasses.replace(MADE, id=2, status="changed")
    other = dataclasses.replace(MADE, id=3, item="x", status="failed")
    assert last_tries([failed, again, other]) == [again, other]
    assert last_tries([again, failed]) == [again, failed]
    module = [dataclasses.replace(each, undo=[]) for each in (failed, again)]
    assert last_tries(module) == module, "a state goes back through all of them"
