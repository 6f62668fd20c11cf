"""What a change in doubt may have left beside its subject is cleared up, on record, with care."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runner.engine.visits.rollback import RollbackVisit
from runner.engine.visits.run import RunVisit
from runner.interfaces.shell import Invocation
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from tests.engine.fusing.bench import Bench, fused, value
from tests.engine.fusing.making import KEY, statuses
from tests.engine.toy_ledgers import ToyLedger, ToyUndoLedger
from tests.engine.toys import Fleet, ToyHost
from tests.engine.toys import task as toy_task

JOB = JobId("one", "a")
CUT = {"k": "0", "beside-k": "1"}
"""A host whose controller died between the two commands of the change."""


class Noting(ToyUndoLedger):
    """Notes what had been sent by then as well."""

    def __init__(self, host: ToyHost) -> None:
        super().__init__()
        self._host = host
        self.sent_at_intent: list[list[str]] = []
        self.states: list[tuple[Any, Any]] = []

    def intend(self, record: ChangeRecord, before: Any, after: Any) -> int:
        self.sent_at_intent.append(sent(self._host))
        self.states.append((before.value, after.value))
        return super().intend(record, before, after)


def sent(host: ToyHost) -> list[str]:
    return [line for line in host.lines if not line.startswith("get ")]


def back(
    host: ToyHost,
    status: str,
    *,
    module: str = "shelf",
    ledger: ToyUndoLedger | None,
    **fields: Any,
) -> Outcome:
    """Take back one change of ``k`` from 0 to 1 of which the record says ``status``."""
    state = {"value": "0", "owner": None}
    record = ChangeRecord(
        id=1, run="r", sequence=1, started=0.0, job=JOB, item="", task="t", module=module,
        params={"key": "k", "value": "1", "forever": False}, subject="key k", before=state,
        after={**state, "value": "1"}, status=status, **fields,
    )  # fmt: skip
    fleet = Fleet({"a": host})
    runtime = fleet.runtime((), ledger is None)
    visit = RollbackVisit(runtime, {JOB: [record]}, {}, ledger, lambda _record: True)
    return visit._one(JOB, record)


@pytest.mark.parametrize("status", ["in doubt", "intended"])
def test_what_lies_beside_goes_and_the_intent_is_durable_before_anything_is_sent(
    status: str,
) -> None:
    host = ToyHost(dict(CUT))
    ledger = Noting(host)
    outcome = back(host, status, ledger=ledger)
    assert outcome.status is Status.OK
    assert "as it was before" in outcome.message
    assert outcome.commands == ("unset beside-k", "set swept-k=1")
    assert host.keys == {"k": "0", "swept-k": "1"}
    assert (ledger.sent_at_intent, ledger.states) == ([[]], [("0", "0")])
    assert ledger.settled == [("key k", Status.CHANGED)]


def test_a_change_that_is_put_back_is_swept_after_that() -> None:
    host = ToyHost({"k": "1", "beside-k": "1"})
    ledger = Noting(host)
    assert back(host, "in doubt", ledger=ledger).status is Status.CHANGED
    assert sent(host) == ["set k=0", "unset beside-k", "unset beside-k", "set swept-k=1"]
    assert ledger.sent_at_intent == [[]]


UNSWEPT: Sequence[tuple[str, dict[str, Any], Status]] = [
    ("changed", {}, Status.OK),
    ("failed", {}, Status.OK),
    ("undone", {}, Status.OK),
    ("in doubt", {"irreversible": "it is for ever"}, Status.IRREVERSIBLE),
    ("in doubt", {"rollback": False}, Status.IRREVERSIBLE),
    ("in doubt", {"module": "key"}, Status.OK),
]


@pytest.mark.parametrize(("status", "fields", "expected"), UNSWEPT)
def test_nothing_is_swept_of_what_is_not_in_doubt_or_stays(
    status: str, fields: dict[str, Any], expected: Status
) -> None:
    host = ToyHost(dict(CUT))
    ledger = Noting(host)
    assert back(host, status, ledger=ledger, **fields).status is expected
    assert (sent(host), ledger.states, ledger.settled) == ([], [], [])


@pytest.mark.parametrize("value", ["0", "1"])
def test_a_preview_sweeps_nothing(value: str) -> None:
    host = ToyHost({**CUT, "k": value})
    outcome = back(host, "in doubt", ledger=None)
    assert sent(host) == []
    if value == "0":
        assert outcome.status is Status.OK
        assert "would be cleared up" in outcome.message
    else:
        assert outcome.status is Status.WOULD_CHANGE


@pytest.mark.parametrize("value", ["0", "1"])
def test_a_sweep_that_fails_says_so_and_the_change_stays_in_doubt(value: str) -> None:
    host = ToyHost({**CUT, "k": value, "stuck-k": "1"})
    ledger = Noting(host)
    outcome = back(host, "in doubt", ledger=ledger)
    assert outcome.status is Status.FAILED
    assert "beside k is stuck" in outcome.message
    assert ledger.settled == [("key k", Status.FAILED)]
    assert ledger.back == []


@pytest.mark.parametrize("line", ["unset beside-k", "set swept-k"])
def test_a_lost_answer_leaves_it_in_doubt(line: str) -> None:
    host = ToyHost(dict(CUT), lose_answer_of=line)
    ledger = Noting(host)
    assert back(host, "in doubt", ledger=ledger).status is Status.IN_DOUBT
    assert ledger.settled == [("key k", Status.IN_DOUBT)]


def test_what_surely_never_began_is_not_in_doubt_unless_something_went_before_it() -> None:
    for line, expected in (("unset", Status.UNREACHABLE), ("set swept", Status.IN_DOUBT)):
        host = ToyHost(dict(CUT), never_start=line)
        ledger = Noting(host)
        assert back(host, "in doubt", ledger=ledger).status is expected
        assert ledger.settled == [("key k", expected)]


def test_an_element_of_a_loop_cut_in_the_middle_comes_back_with_the_elements_before_it() -> None:
    host = ToyHost({"k": "0", "l": "0", "m": "0"})
    fleet = Fleet({"a": host})
    memory = ToyLedger()
    host.never_start = "set l=1"  # the controller's connection is gone between two commands
    each = toy_task("one", "shelf", {"key": "{{ item }}", "value": "1"}, loop=["k", "l", "m"])
    fleet.walk(lambda r: RunVisit(r, memory), each)
    assert [record.status for record in memory.records.values()] == ["changed", "in doubt"]
    assert host.keys == {"k": "1", "beside-k": "1", "l": "0", "beside-l": "1", "m": "0"}
    host.never_start = ""
    records = list(memory.records.values())
    job = records[0].job
    runtime, ledger = fleet.runtime((), False), ToyUndoLedger()
    visit = RollbackVisit(runtime, {job: records}, {}, ledger, lambda _record: True)
    items = [visit._one(job, record) for record in reversed(records)]
    assert [item.status for item in items] == [Status.OK, Status.CHANGED]
    assert host.keys == {"k": "0", "l": "0", "m": "0", "swept-l": "1"}


def test_what_is_to_be_swept_does_not_travel_with_others() -> None:
    bench = Bench(KEY)
    before = bench.host.state
    there = bench.run(fused, *(value(f"v{n}", title=f"t{n}") for n in range(5)))
    there.book.settled[2] = ("in doubt", None, None)
    back = bench.back(there, together=True)
    assert bench.host.state == before
    assert (set(statuses(back)), back.book.groups) == ({Status.CHANGED}, [2, 1, 2])


def test_what_is_as_before_and_in_doubt_ends_what_travels_together() -> None:
    bench = Bench(KEY)
    before = bench.host.state
    there = bench.run(fused, *(value(f"v{n}", title=f"t{n}") for n in range(5)))
    there.book.settled[2] = ("in doubt", None, None)
    line = Invocation(r"reg delete HKLM\SOFTWARE\K /v v2 /f")
    assert bench.host.link.open().run(line, timeout=10).code == 0
    back = bench.back(there, together=True)
    assert bench.host.state == before
    assert back.outcomes["t2"].status is Status.OK
    assert back.book.groups == [2, 1, 2]
