"""Steps that includes bring in while a run goes on, and rescued failures, in each view."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from rich.console import Console

from runner.events import (
    Event,
    JobFinished,
    JobStarted,
    RunFinished,
    RunStarted,
    StepAdded,
    StepInfo,
)
from runner.model.job import JobId, Outcome, Status
from runner.reporting.board import Board
from runner.reporting.collect import Collector, Entry, in_order
from runner.reporting.ending import Ending
from runner.reporting.frame import frame
from runner.reporting.json_report import JsonReport
from runner.reporting.live import LiveView
from runner.reporting.page import Line, Printer, plain_text
from runner.reporting.plain import PlainView
from runner.reporting.preview import preview
from runner.reporting.recap import recap, usual_commands
from runner.reporting.statuses import RESCUED, WORDS, is_cause, look_of, style_of, word
from tests.reporting.samples import RUN, START, check_golden

STEPS = (
    StepInfo("prepare", "harden", "look around", "win_ping", 2, "site.yml:4"),
    StepInfo("include", "harden", "what this OS needs", "include_tasks", 2, "site.yml:6"),
    StepInfo("after", "harden", "check the result", "win_shell", 2, "site.yml:9"),
    StepInfo("other", "report", "write a report", "debug", 2, "site.yml:14"),
)
STOP = StepInfo("include/stop", "harden", "stop the service", "win_service", 1, "2008.yml:1")
RULES = StepInfo("include/rules", "harden", "close ports", "win_firewall_rule", 1, "2008.yml:5")
LATE = StepInfo("handler", "harden", "restart it", "win_service", 1, "site.yml:20")

REFUSED = Outcome(
    Status.FAILED,
    "the service refused to stop",
    advice="Try again after a restart.",
    category="module",
    rescued=True,
    seconds=1.0,
)
PORTS = Outcome(
    Status.FAILED,
    "445: netsh answered 1",
    rescued=True,
    items=(
        Outcome(Status.CHANGED, item="139", subject="rule 139"),
        Outcome(Status.FAILED, "netsh answered 1", item="445", subject="rule 445"),
    ),
    warnings=("the firewall is off",),
)


def included_events() -> list[Event]:
    """Two hosts meet an include; on web02 two of its tasks fail and are rescued."""
    found: list[Event] = [RunStarted(RUN, "run", "site.yml", ("web01", "web02"), STEPS, START)]
    time = START

    def job(step: str, host: str, outcome: Outcome) -> None:
        nonlocal time
        time += 1
        found.append(JobStarted(JobId(step, host), time))
        found.append(JobFinished(JobId(step, host), outcome, time + 0.5))

    ok, changed = Outcome(Status.OK), Outcome(Status.CHANGED, subject="service x")
    job("prepare", "web01", ok)
    job("include", "web01", ok)
    found.append(StepAdded(STOP, time))
    job("include/stop", "web01", changed)
    job("prepare", "web02", ok)
    job("include", "web02", ok)
    found.append(StepAdded(RULES, time))
    job("include/rules", "web01", ok)
    job("include/stop", "web02", REFUSED)
    found.append(StepAdded(LATE, time))
    job("handler", "web01", changed)
    job("include/rules", "web02", PORTS)
    for step in ("after", "other"):
        job(step, "web01", ok)
        job(step, "web02", ok)
    return found


def the_end() -> RunFinished:
    """The last event, with the counts of the walk: it knows statuses only."""
    counts: dict[str, dict[Status, int]] = {
        "web01": {Status.OK: 5, Status.CHANGED: 2},
        "web02": {Status.OK: 4, Status.FAILED: 2},
    }
    return RunFinished(RUN, "run", counts, False, 20, 14.0, START + 14)


def collected() -> Collector:
    """What the collector keeps of it."""
    collector = Collector(results=True)
    for event in (*included_events(), the_end()):
        collector.handle(event)
    return collector


def test_steps_stand_behind_what_brought_them_in() -> None:
    collector = collected()
    assert [step.step for step in collector.steps] == [
        "prepare", "include", "include/stop", "include/rules", "after", "handler", "other",
    ]  # fmt: skip
    assert [step.hosts for step in collector.steps] == [2, 2, 2, 2, 2, 1, 2]
    assert [str(e.job) for e in collector.entries()[2:8]] == [
        "include@web01", "include@web02", "include/stop@web01", "include/stop@web02",
        "include/rules@web01", "include/rules@web02",
    ]  # fmt: skip
    assert collector.entries()[4].title == "stop the service"


def test_jobs_of_steps_that_nobody_announced() -> None:
    jobs = [("new", "b"), ("include/x", "b"), ("after", "a"), ("new", "a"), ("include/x", "a")]
    found = [Entry(JobId(*job), "", Outcome(Status.OK)) for job in jobs]
    placed = in_order(found, ["include", "after"], ["a", "b"])
    assert [str(entry.job) for entry in placed] == [
        "include/x@a", "include/x@b", "after@a", "new@a", "new@b",
    ]  # fmt: skip


def test_nested_includes() -> None:
    board = Board()
    board.take(RunStarted(RUN, "run", "t", ("a",), (StepInfo("i", "p", "", "", 1),), START))
    for name in ("i/one", "i/two", "i/one/deep", "elsewhere"):
        board.take(StepAdded(StepInfo(name, "p", "", "", 1), START))
    assert list(board.tasks) == ["i", "i/one", "i/one/deep", "i/two", "elsewhere"]


def test_board() -> None:
    board = Board()
    found = included_events()
    for event in found[:5]:
        board.take(event)
    assert "include/stop" not in board.tasks
    board.take(found[5])
    assert list(board.tasks) == ["prepare", "include", "include/stop", "after", "other"]
    assert board.jobs == 9
    for event in found[6:]:
        board.take(event)
    assert (board.finished_jobs, board.jobs, board.hosts_done) == (13, 13, 2)
    assert board.counts == {Status.OK: 9, Status.CHANGED: 2, RESCUED: 2}
    assert board.tasks["include/stop"].counts == {Status.CHANGED: 1, RESCUED: 1}
    assert board.trouble_count == 0
    assert board.hosts_by_worst == {Status.CHANGED: 1, Status.OK: 1}


def test_a_host_is_not_done_when_its_last_include_brings_more() -> None:
    board = Board()
    board.take(RunStarted(RUN, "run", "t", ("a", "b"), (StepInfo("i", "", "", "", 2),), START))

    def finish(step: str, host: str) -> None:
        board.take(JobFinished(JobId(step, host), Outcome(Status.OK), START))

    finish("i", "a")
    assert board.hosts_done == 1
    board.take(StepAdded(StepInfo("i/x", "", "", "", 1), START))
    board.take(JobStarted(JobId("i/x", "a"), START))
    assert board.hosts_done == 0
    finish("i/x", "a")
    assert board.hosts_done == 1
    finish("i", "b")
    assert board.hosts_done == 2
    board.take(StepAdded(StepInfo("i/x", "", "", "", 2), START))
    board.take(JobStarted(JobId("i/x", "b"), START))
    assert (board.hosts_done, board.tasks["i/x"].is_complete) == (1, False)
    finish("i/x", "b")
    assert (board.hosts_done, board.finished_jobs, board.jobs) == (2, 4, 4)


def test_frame() -> None:
    board = Board()
    for event in included_events():
        board.take(event)
    lines = frame(board, cells=100, height=30, now=START + 20)
    check_golden("frame-included", lines)
    assert not any("red" in style for style in styles(lines))


def styles(lines: list[Line]) -> set[str]:
    """Every style that these lines use."""
    return {piece.style for content in lines for piece in content.spans}


@pytest.mark.parametrize("verbosity", [0, 1])
def test_plain(verbosity: int) -> None:
    stream = io.StringIO()
    view = PlainView(Printer(stream), verbosity=verbosity, timezone=UTC, heartbeat=0)
    for event in (*included_events(), the_end()):
        view.handle(event)
    view.close()
    check_golden(f"plain-included-v{verbosity}", stream.getvalue())


def test_recap() -> None:
    lines = recap(the_end(), collected().entries(), title="site.yml")
    check_golden("recap-included", lines)
    assert not any("red" in style for style in styles(lines))


def test_preview() -> None:
    lines = preview(collected().entries(), predicted=False)
    check_golden("preview-included", lines)
    assert not any("red" in style for style in styles(lines))


def test_hints_do_not_speak_of_what_was_rescued() -> None:
    entries = [entry for entry in collected().entries() if entry.job.host == "web02"]
    assert usual_commands(the_end(), entries) == [f"runner show {RUN}"]
    stream = io.StringIO()
    collector = collected()
    Ending(collector, Printer(stream), next_commands=usual_commands).handle(the_end())
    assert "Try again" not in stream.getvalue()
    assert "Trouble" not in stream.getvalue()


def test_live() -> None:
    screen = Console(
        file=io.StringIO(), force_terminal=True, width=100, height=30, _environ={},
        legacy_windows=False,
    )  # fmt: skip
    assert isinstance(screen.file, io.StringIO)
    view = LiveView(screen.file, verbosity=1, console=screen, timezone=UTC, now=lambda: START)
    for event in included_events():
        view.handle(event)
    picture = plain_text(view.picture(100, 30))
    view.handle(the_end())
    assert "stop the service" in picture
    assert "rescued" in picture
    said = screen.file.getvalue()
    assert "web02  stop the service  failed: the service refused to stop" in said


def test_json() -> None:
    collector = Collector(results=True)
    stream = io.StringIO()
    report = JsonReport(collector, stream)
    for event in (*included_events(), the_end()):
        collector.handle(event)
        report.handle(event)
    found: dict[str, Any] = json.loads(stream.getvalue())
    assert found["schema"] == 1
    assert [task["step"] for task in found["tasks"]][2:4] == ["include/stop", "include/rules"]
    assert (found["counts"], found["rescued"]) == ({"ok": 9, "changed": 2, "failed": 2}, 2)
    jobs = {job["id"]: job for job in found["jobs"]}
    assert (jobs["include/stop@web02"]["status"], jobs["include/stop@web02"]["rescued"]) == (
        "failed", True,
    )  # fmt: skip
    assert jobs["include/stop@web01"]["rescued"] is False
    assert [item["item"] for item in jobs["include/rules@web02"]["items"]] == ["139", "445"]


def test_a_rescued_failure_and_one_that_is_not_are_two_groups() -> None:
    found = [
        Entry(JobId("s", "a"), "t", replace(REFUSED, rescued=False)),
        Entry(JobId("s", "b"), "t", REFUSED),
    ]
    lines = [line.plain for line in preview(found)]
    assert "  failed           a  the service refused to stop" in lines
    assert "  rescued          b  failed: the service refused to stop" in lines
    text = plain_text(recap(RunFinished(RUN, "run", {}, False, 0, 1.0, START), found))
    assert "a  failed 1\nb  rescued 1\n" in text
    assert "2 jobs on 2 hosts: rescued 1  failed 1" in text
    assert "1 failure was rescued by tasks of the playbook" in text


def test_what_is_in_doubt_is_trouble_in_spite_of_a_rescue() -> None:
    doubtful = Outcome(Status.IN_DOUBT, "the answer was lost", rescued=True)
    assert is_cause(doubtful)
    assert word(doubtful) == "in doubt"
    assert "magenta" in style_of(doubtful)
    lost = Outcome(Status.UNREACHABLE, "nobody answers", rescued=True)
    assert (is_cause(lost), word(lost)) == (False, "rescued")
    assert word(Outcome(Status.OK, rescued=True)) == "ok"


def test_every_word_has_a_look() -> None:
    assert set(WORDS) == {*(status.value for status in Status), RESCUED}
    assert all(look_of(counted).short and look_of(counted).tiny for counted in WORDS)
