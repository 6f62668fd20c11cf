"""Outcomes of many jobs: as they were put there, and few of them in memory."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.events import JobFinished, RunStarted, StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting import kept
from runner.reporting.collect import Collector
from runner.reporting.kept import KeptOutcomes

TEXTS = st.sampled_from(["", "a", "ü\ud800", "x" * 100])
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1, 2**70, 0.1, "", "x", b"x", UNKNOWN, (1, "x"), [1, {"a": [None]}], {"k": 1.5}]
)
DIFFERENCES = st.builds(Difference, TEXTS, VALUES, VALUES)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(Status),
    "message": TEXTS,
    "differences": st.lists(DIFFERENCES, max_size=2).map(tuple),
    "commands": st.lists(TEXTS, max_size=2).map(tuple),
    "result": st.dictionaries(TEXTS, VALUES, max_size=2),
    "blocked_by": st.none() | st.builds(JobId, TEXTS, TEXTS),
    "ignored": st.booleans(),
    "rescued": st.booleans(),
    "warnings": st.lists(TEXTS, max_size=2).map(tuple),
    "said": st.booleans(),
    "seconds": st.sampled_from([0.0, 0.25, 1e6]),
}
ITEMS = st.lists(st.builds(Outcome, **PLAIN), max_size=1).map(tuple)
JOBS = [(step, host) for step in "ab" for host in "zyx"]


@settings(max_examples=60)
@given(st.lists(st.builds(Outcome, items=ITEMS, **PLAIN), max_size=len(JOBS)))
def test_what_comes_back_is_what_was_put_there(outcomes: list[Outcome]) -> None:
    jobs = list(zip(JOBS, outcomes, strict=False))
    found = KeptOutcomes()
    for (step, host), outcome in reversed(jobs):
        found.keep(JobId(step, host), Outcome(Status.CANCELLED))
        found.keep(JobId(step, host), outcome)
    assert len(found) == len(jobs)
    hosts = found.in_order("zyx")
    back = [
        ((step, host), outcome)
        for step in sorted(found.steps)
        for host, outcome in found.of(step, hosts, timed=True)
    ]
    assert back == jobs
    assert repr(back) == repr(jobs), "True is not 1"


def test_what_cannot_be_written_down_is_kept_as_it_is() -> None:
    outcome = Outcome(Status.CHANGED, differences=(Difference("f", None, lambda: 1),), seconds=2.0)
    found = KeptOutcomes()
    found.keep(JobId("s", "h"), outcome)
    assert list(found.of("s", [0], timed=True)) == [("h", outcome)]


def fleet(hosts: int, steps: int, collector: Collector, *, alike: bool) -> None:
    """A run in which each host has 16 kB of output from each task."""
    names = tuple(f"h{number}" for number in range(hosts))
    infos = tuple(StepInfo(f"s{n}", "p", f"task {n}", "win_command", hosts) for n in range(steps))
    collector.handle(RunStarted("r", "run", "x", names, infos, 0))
    for step in range(steps):
        for host in reversed(names):
            text = "x" * 15_000 + ("" if alike else f"{step} {host}")
            outcome = Outcome(Status.CHANGED, result={"stdout": text}, seconds=0.25)
            collector.handle(JobFinished(JobId(f"s{step}", host), outcome, 0))


def outcomes_in_memory() -> int:
    gc.collect()
    return sum(type(one) is Outcome for one in gc.get_objects())


def test_memory_is_bounded_however_many_hosts_and_tasks_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 100_000)
    collector = Collector(results=True, folder=tmp_path)
    before = outcomes_in_memory()
    fleet(200, 5, collector, alike=False)
    assert outcomes_in_memory() - before <= 1
    assert collector.kept.in_memory <= 100_000
    assert (len(collector.kept), collector.kept.different) == (1000, 1000)
    entries = collector.entries()
    for number, entry in enumerate(entries):
        step, host = divmod(number, 200)
        assert entry.job == (f"s{step}", f"h{host}")
        assert entry.title == f"task {step}"
        assert entry.outcome.result["stdout"].endswith(f"x{step} h{host}")
        assert entry.outcome.seconds == 0.25
    assert (len(entries), len(entries[-3:]), entries[0].job.host) == (1000, 3, "h0")
    assert outcomes_in_memory() - before <= kept._MOST_READ + 1
    assert list(tmp_path.iterdir()) == []  # the file has no name


def test_the_same_outcome_is_kept_once() -> None:
    collector = Collector(results=True)
    fleet(100, 3, collector, alike=True)
    assert (len(collector.kept), collector.kept.different) == (300, 1)
    assert [step.hosts for step in collector.steps] == [100, 100, 100]
    assert {e.outcome.seconds for e in collector.entries()} == {0.25}
    assert {e.outcome.seconds for e in collector.entries(timed=False)} == {0.0}


def test_a_disk_without_room_costs_memory_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr("runner.reporting.kept.ScratchFile.put", full)
    collector = Collector(results=True)
    fleet(2, 2, collector, alike=False)
    assert [e.outcome.result["stdout"][-4:] for e in collector.entries()] == [
        "0 h0", "0 h1", "1 h0", "1 h1",
    ]  # fmt: skip
