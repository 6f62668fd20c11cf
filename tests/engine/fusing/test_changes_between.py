"""What becomes of the jobs of a script when something else comes in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.stop import Stop, StopLevel
from runner.engine.tasks.budget import Stopped
from runner.interfaces.shell import RawOutput
from runner.model.job import JobId, Status
from tests.engine.fusing.bench import Bench, alone, fused, value
from tests.engine.fusing.commanding import command, settled, some
from tests.engine.fusing.making import SCRIPT, statuses

READY = r"reg add HKLM\SOFTWARE\Ready /f"
FIRST = value("v", key="Ready")


@pytest.mark.parametrize("kind", ["commands", "changes"])
def test_what_was_not_wanted_when_others_passed_it_does_not_run_behind_them(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_TEST_WANTED", "no")

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if SCRIPT in line:
            monkeypatch.setenv("RUNNER_TEST_WANTED", "yes")
        return done()

    wanted = ("lookup('env', 'RUNNER_TEST_WANTED') == 'yes'",)
    tasks: list[Any] = []
    for n in range(1, 5):
        fields: Any = {"title": f"t{n}", "conditions": wanted if n % 2 == 0 else ()}
        one = command(**fields) if kind == "commands" else value(f"v{n}", **fields)
        tasks.append(one)
    played = Bench(r"reg add HKLM\SOFTWARE\K /f", fault=fault).run(fused, *tasks)
    assert played.book.groups[0] == 2
    kinds = [Status.CHANGED, Status.SKIPPED, Status.CHANGED, Status.CHANGED]
    assert statuses(played) == kinds, "what is last has nothing behind it"
    assert played.outcomes["t2"].result["false_condition"] == wanted[0]


@pytest.mark.parametrize(
    "between",
    [command(conditions=("false",)), value("there", conditions=("false",)), value("there")],
    ids=["command", "change", "as it should be"],
)
@pytest.mark.parametrize("kind", ["commands", "changes"])
def test_what_is_under_way_when_other_hosts_end_the_play_is_told(kind: str, between: Any) -> None:
    """Whatever stands in between gets no turn any more."""
    ended: list[bool] = []

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        ended.append(SCRIPT in line)
        return done()

    def make(*args: Any) -> FusedVisit:
        visit = fused(*args)
        stopped = Stopped(JobId("t1", "WEB02"), "and any error is fatal here")
        visit.budgets.refuses = lambda *_: stopped if any(ended) else None  # type: ignore[method-assign]
        return visit

    made: Callable[[str], Any] = (
        (lambda name: command(title=name))
        if kind == "commands"
        else (lambda name: value(name, title=name))
    )
    bench = Bench(r"reg add HKLM\SOFTWARE\K /v there /t REG_DWORD /d 1 /f", fault=fault)
    played = bench.run(make, made("a"), between, made("b"))
    assert played.outcomes["a"].status is Status.CHANGED
    assert "intended" not in [change[1] for change in played.book.changes]
    begun = len(played.book.changes)
    assert begun == [o.status for o in played.outcomes.values()].count(Status.CHANGED)


@pytest.mark.parametrize("said", ["The syntax of the command is incorrect.", "无效语法。"])
def test_a_host_whose_cmd_cannot_read_a_script_gets_each_alone(said: str) -> None:
    """With command extensions disabled, cmd takes no ``if defined``, and so nothing of the line."""

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        return RawOutput(1, b"", said.encode("gbk")) if SCRIPT in line else done()

    played = Bench(fault=fault).run(fused, *some("hostname", "hostname", "hostname"))
    assert statuses(played) == [Status.CHANGED] * 3
    assert [change[1] for change in played.book.changes] == ["changed"] * 3
    assert sum(SCRIPT in line for line in played.lines) == 1


@pytest.mark.parametrize(
    ("code", "stdout", "stderr"), [(1, b"", b""), (0, b"", b"x"), (1, b"x", b"x")]
)
def test_an_answer_without_marks_proves_nothing_otherwise(
    code: int, stdout: bytes, stderr: bytes
) -> None:
    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        return RawOutput(code, stdout, stderr) if SCRIPT in line else done()

    played = Bench(fault=fault).run(fused, *some("hostname", "hostname"))
    assert settled(played) == ["in doubt", "in doubt"]
    assert len(played.lines) == 1


@pytest.mark.parametrize("kind", ["commands", "changes", "rollback"])
def test_what_is_in_a_script_when_the_run_is_ended_at_once_is_in_doubt(kind: str) -> None:
    stop, release = Stop(), threading.Event()

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if SCRIPT in line:
            stop.ask(StopLevel.NOW)
            release.wait(60)
        return done()

    made = some(*["hostname"] * 3) if kind == "commands" else [value(n, title=n) for n in "abc"]
    behind = [value("z")] if kind == "commands" else [command()] if kind == "changes" else []
    bench = Bench(r"reg add HKLM\SOFTWARE\K /f")
    there = bench.run(fused, *made) if kind == "rollback" else None
    bench.fault = fault
    try:
        if there is not None:
            played = bench.back(there, together=True, stop=stop)
        else:
            played = bench.run(fused, *made, *behind, stop=stop)
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name.startswith("worker-"):
                thread.join(60)
    assert statuses(played) == [Status.IN_DOUBT] * 3 + [Status.CANCELLED] * len(behind)


def test_what_a_script_alters_for_those_behind_it_is_seen_with_what_it_did() -> None:
    tasks = (FIRST, *(value(f"v{n}") for n in range(4)))
    played = Bench(READY).run(fused, *tasks)
    # A look that takes two rounds where there is no key; the script that makes the key; a look at
    # that and at the three behind it; their script; a look.
    assert (played.exchanges, set(statuses(played))) == (6, {Status.CHANGED})
    assert played.book.groups == [2, 3]
    before = [cast(dict[str, Any], intent.before) for intent in played.book.intents]
    assert [each["key_present"] for each in before] == [True, False, True, True, True]
    one_by_one = Bench(READY).run(alone, *tasks)
    assert played.state == one_by_one.state


def test_what_was_seen_with_a_script_that_did_not_do_its_work_is_not_acted_upon() -> None:
    played = Bench(READY).run(fused, FIRST, value("deaf"), value("v"))
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.BLOCKED]
    assert [change[1] for change in played.book.changes] == ["changed", "failed"]
