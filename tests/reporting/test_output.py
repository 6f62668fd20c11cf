"""What commands print while they run, on a terminal and in a log."""

from __future__ import annotations

import io
import time
from datetime import UTC

import pytest

from runner.events import Event, JobFinished, JobOutput, JobStarted
from runner.model.job import JobId, Outcome, Status
from runner.reporting.board import MOST_LINES, Board
from runner.reporting.bus import EventBus
from runner.reporting.frame import frame
from runner.reporting.page import Printer
from runner.reporting.plain import PlainView
from tests.reporting.samples import START, assert_harmless, started

JOB = JobId("check", "web01")
OTHER = JobId("check", "files-中文")
HOSTILE = "\x1b[2J\x1b]0;owned\x07red\rfake: ok\x00\u202eevil\x9b31m"


def said(text: str, after: float, job: JobId = JOB) -> JobOutput:
    return JobOutput(job, text, START + after)


def played(verbosity: int, *found: Event) -> list[str]:
    """The lines after the first one, which only says that the run began."""
    stream = io.StringIO()
    view = PlainView(Printer(stream), verbosity=verbosity, timezone=UTC, heartbeat=0)
    for event in (started(), *found):
        view.handle(event)
    view.close()
    return stream.getvalue().splitlines()[1:]


def test_a_log_shows_the_output_of_what_takes_long() -> None:
    lines = played(1, JobStarted(JOB, START), said("early", 0.2), said("one\ntwo", 1.5),
                   said("three", 2))  # fmt: skip
    assert lines == ["web01 | early", "web01 | one", "web01 | two", "web01 | three"]


def test_a_log_leaves_out_the_output_of_what_ends_at_once() -> None:
    done = JobFinished(JOB, Outcome(Status.OK), START + 0.5)
    assert not [line for line in played(1, JobStarted(JOB, START), said("x", 0.2), done)
                if "|" in line]  # fmt: skip
    assert "web01 | x" in played(2, JobStarted(JOB, START), said("x", 0.2), done)


def test_without_v_there_is_no_output() -> None:
    assert played(0, JobStarted(JOB, START), said("x", 5)) == []


def test_output_that_waits_is_shown_though_nothing_more_comes() -> None:
    stream = io.StringIO()
    view = PlainView(Printer(stream), verbosity=1, timezone=UTC, heartbeat=0)
    now = time.time()
    view.handle(started())
    view.handle(JobStarted(JOB, now))
    view.handle(JobOutput(JOB, "starting", now + 0.1))
    assert "starting" not in stream.getvalue()
    end = time.monotonic() + 5
    while "starting" not in stream.getvalue() and time.monotonic() < end:
        time.sleep(0.02)
    view.close()
    assert "web01 | starting" in stream.getvalue()


@pytest.mark.parametrize("verbosity", [1, 2])
def test_a_log_is_harmless(verbosity: int) -> None:
    (line,) = played(verbosity, JobStarted(JOB, START), said(HOSTILE, 3))
    assert_harmless(line)
    assert line.startswith("web01 | red fake: ok")


def board(*found: Event) -> Board:
    kept = Board(tail=True)
    kept.take(started())
    for event in found:
        kept.take(event)
    return kept


def picture(kept: Board, height: int = 40, cells: int = 80) -> list[str]:
    return ["".join(part.text for part in line.spans).rstrip()
            for line in frame(kept, cells=cells, height=height, now=START + 20)]  # fmt: skip


def test_the_last_lines_stand_under_their_host() -> None:
    kept = board(JobStarted(JOB, START), JobStarted(OTHER, START + 1),
                 said("\n".join(f"line {n}" for n in range(9)), 5),
                 said("其他", 6, OTHER))  # fmt: skip
    shown = picture(kept)
    place = next(n for n, line in enumerate(shown) if line.startswith("web01"))
    assert [line.strip() for line in shown[place + 1 : place + 6]] == [
        f"| line {n}" for n in range(9 - MOST_LINES, 9)
    ]
    assert shown[place + 6].startswith("files-中文")
    assert shown[place + 7].strip() == "| 其他"


def test_when_rows_are_few_every_host_comes_before_any_output() -> None:
    kept = board(*(JobStarted(JobId("check", f"h{n}"), START + n) for n in range(4)),
                 *(said("a\nb\nc", 5, JobId("check", f"h{n}")) for n in range(4)))  # fmt: skip
    for height in range(8, 40):
        shown = picture(kept, height)
        assert len(shown) <= height
        hosts = [line for line in shown if line.startswith("h") and line[1:2].isdigit()]
        if any(line.strip().startswith("| ") for line in shown):
            assert len(hosts) == 4


def test_output_of_a_job_that_is_over_is_forgotten_and_a_late_line_harms_nothing() -> None:
    done = JobFinished(JOB, Outcome(Status.OK), START + 6)
    kept = board(JobStarted(JOB, START), said("gone", 5), done, said("late", 7))
    assert not any("gone" in line or "late" in line for line in picture(kept))


def test_the_picture_is_harmless() -> None:
    for line in picture(board(JobStarted(JOB, START), said(HOSTILE, 3))):
        assert_harmless(line)


def test_a_slow_terminal_leaves_output_out_and_nothing_else() -> None:
    seen: list[Event] = []

    class Slow:
        def handle(self, event: Event) -> None:
            time.sleep(0.001)
            seen.append(event)

        def close(self) -> None:
            pass

    bus = EventBus([Slow()], most_waiting=10)
    for _ in range(200):
        bus.publish(said("x", 1))
    bus.publish(JobFinished(JOB, Outcome(Status.OK), START))
    bus.close()
    assert sum(isinstance(event, JobOutput) for event in seen) < 150
    assert sum(isinstance(event, JobFinished) for event in seen) == 1
