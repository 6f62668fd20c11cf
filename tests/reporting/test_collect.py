"""The collector keeps order, and no more than it may."""

from __future__ import annotations

from typing import Any

import pytest

from runner.events import JobFinished, Notice
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting.bounds import bounded_outcome, bounded_value
from runner.reporting.collect import Collector
from tests.reporting.samples import events, stopped


def test_entries_come_by_task_then_by_host() -> None:
    collector = Collector()
    found = events()
    collector.handle(found[0])
    for event in reversed(found[1:-1]):
        collector.handle(event)
    collector.handle(JobFinished(JobId("later", "web01"), Outcome(Status.OK), 0))
    entries = collector.entries()
    assert [str(entry.job) for entry in entries[:5]] == [
        "stop-smb@web01",
        "stop-smb@web02",
        "stop-smb@dc01",
        "stop-smb@files-中文",
        "rules@web01",
    ]
    assert entries[0].title == "stop the Server service"
    assert entries[-1].title == "later"
    assert [notice.text for notice in collector.notices] == ["2 hosts are held by another run"]


def test_results_are_kept_only_on_request() -> None:
    for results, kept in ((False, {}), (True, {"rc": 0})):
        collector = Collector(results=results)
        collector.handle(JobFinished(JobId("s", "h"), Outcome(Status.OK, result={"rc": 0}), 0))
        assert collector.entries()[0].outcome.result == kept


def test_a_small_outcome_is_kept_as_it_is() -> None:
    outcome = stopped(Status.CHANGED)
    assert bounded_outcome(outcome, results=True) == outcome


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, "x", {"b": None}], "c": (1, 2)},
        [UNKNOWN, True, 1.5],
        "text",
        b"bytes",
        7,
    ],
)
def test_small_values_stay_the_same(value: Any) -> None:
    assert bounded_value(value, 1000) == value


def test_memory_of_a_job_is_bounded() -> None:
    big = "x" * 1_000_000
    nested: Any = "end"
    for _ in range(1000):
        nested = [nested]
    outcome = Outcome(
        Status.FAILED,
        big,
        advice=big,
        differences=tuple(Difference(str(n), big, [big] * 9) for n in range(1000)),
        commands=(big,) * 1000,
        result={
            "stdout": big,
            "lines": [big] * 1000,
            "many": dict.fromkeys(range(100_000), 1),
            "deep": nested,
        },
        items=(*[Outcome(Status.OK, big)] * 1000, Outcome(Status.FAILED, "bad")),
        warnings=(big,) * 1000,
    )
    kept = bounded_outcome(outcome, results=True)
    assert len(repr(kept)) < 6_000_000 < len(repr(outcome.message)) * 7
    assert len(repr(kept.result)) < 40_000
    assert kept.message.endswith("… (996,000 characters more)")
    assert kept.commands[-1] == "… (950 commands more)"
    assert len(kept.items) == 500
    assert kept.items[-1].message == "bad"  # what is in trouble is kept first
    assert kept.warnings[-1] == "501 loop items are left out of the reports"
    assert len(kept.result["stdout"]) < 20_000


def test_notices_are_bounded() -> None:
    collector = Collector()
    for number in range(5000):
        collector.handle(Notice(str(number), 0))
    assert len(collector.notices) == 1000
    assert collector.notices[-1].text == "4999"
