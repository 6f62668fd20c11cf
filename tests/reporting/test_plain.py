"""Plain lines: stable, greppable, harmless."""

from __future__ import annotations

import io
import re
import threading
import time
from datetime import UTC

import pytest

from runner.events import Event, JobFinished, JobStarted
from runner.model.job import JobId, Outcome, Status
from runner.reporting.page import Printer
from runner.reporting.plain import PlainView
from tests.reporting.samples import (
    START,
    assert_harmless,
    check_golden,
    events,
    hostile_events,
    hostile_finished,
    started,
)

LINE = re.compile(r"^\d\d:\d\d:\d\d  (\S[^ ]*(?: \S+)*?) {2,}(\S+) {2,}(.*)$")


def played(found: list[Event], verbosity: int = 0) -> str:
    """What the plain view writes about these events."""
    stream = io.StringIO()
    view = PlainView(Printer(stream), verbosity=verbosity, timezone=UTC, heartbeat=0)
    for event in found:
        view.handle(event)
    view.close()
    return stream.getvalue()


@pytest.mark.parametrize("verbosity", [0, 1, 2])
def test_golden(verbosity: int) -> None:
    check_golden(f"plain-v{verbosity}", played(events(), verbosity))


def test_golden_check() -> None:
    check_golden("plain-check", played(events("check")))


def test_the_line_that_is_promised() -> None:
    assert (
        "08:00:02  changed          web01       stop the Server service"
        "  service lanmanserver: state running -> stopped; start_mode auto -> disabled\n"
    ) in played(events())


def test_one_line_starts_with_a_time_for_each_job_that_matters() -> None:
    lines = [match for text in played(events()).splitlines() if (match := LINE.match(text))]
    words = [match[1] for match in lines]
    assert words.count("changed") == 6
    assert "blocked" not in words
    assert words.count("failed") == 1
    assert words.count("ignored") == 1
    assert "ok" not in words
    assert "skipped" not in words
    every = [m[1] for text in played(events(), 1).splitlines() if (m := LINE.match(text))]
    assert every.count("skipped") == 1
    assert every.count("blocked") == 4


def test_hostile_strings() -> None:
    text = played([*hostile_events(), hostile_finished()], 2)
    assert_harmless(text)
    assert "[bold red]not markup[/]" in text


class Watched(io.StringIO):
    """A stream that tells when a word was written."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.seen = threading.Event()
        self._word = word

    def write(self, text: str) -> int:
        """Look for the word."""
        count = super().write(text)
        if self._word in text:
            self.seen.set()
        return count


def test_heartbeat_names_the_slowest_while_nothing_else_is_written() -> None:
    stream = Watched("working")
    view = PlainView(Printer(stream), timezone=UTC, heartbeat=0.05)
    now = time.time()
    view.handle(started())
    view.handle(JobStarted(JobId("patch", "web01"), now - 200))
    view.handle(JobStarted(JobId("patch", "web02"), now - 5))
    assert stream.seen.wait(10)
    view.close()
    beat = next(text for text in stream.getvalue().splitlines() if "working" in text)
    assert "2 hosts  slowest: web01 install MS17-010 3m2" in beat
    assert "web02 install MS17-010" in beat


def test_no_heartbeat_when_nothing_is_under_way() -> None:
    stream = io.StringIO()
    view = PlainView(Printer(stream), timezone=UTC, heartbeat=0.01)
    view.handle(started())
    view.handle(JobStarted(JobId("patch", "web01"), START))
    view.handle(JobFinished(JobId("patch", "web01"), Outcome(Status.OK), START))
    before = stream.getvalue().count("working")
    time.sleep(0.1)
    view.close()
    assert stream.getvalue().count("working") == before
    assert "plain-heartbeat" not in {thread.name for thread in threading.enumerate()}
