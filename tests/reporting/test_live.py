"""The live view on rich's own terminal."""

from __future__ import annotations

import io
import re
import sys
import threading
import time
from datetime import UTC

import pytest
from rich.console import Console

from runner.events import Event, JobFinished, JobStarted, RunFinished, RunStarted, StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.reporting.bus import EventBus
from runner.reporting.live import LiveView
from runner.reporting.text import width
from tests.reporting.samples import START, events, hostile_events, hostile_finished


def console(cells: int, height: int) -> Console:
    """A terminal of this size that records what is drawn."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=cells,
        height=height,
        record=True,
        markup=False,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )


def sink(screen: Console) -> io.StringIO:
    """Where the terminal's bytes end up."""
    assert isinstance(screen.file, io.StringIO)
    return screen.file


def text_of(screen: Console) -> str:
    """Everything that was sent to the terminal."""
    return sink(screen).getvalue()


def rows_of(sent: str) -> list[str]:
    """The same, cut where the cursor moves, without colours."""
    rows = re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-HJKhl]", sent)
    return [re.sub(r"\x1b\[[0-9;]*m", "", row) for row in rows]


@pytest.mark.parametrize(("cells", "height"), [(80, 24), (140, 50)])
def test_the_picture_is_drawn_and_goes_away(cells: int, height: int) -> None:
    screen = console(cells, height)
    view = LiveView(sink(screen), console=screen, now=lambda: START + 20)
    found = events()
    for event in found[:-1]:
        view.handle(event)
    deadline = time.monotonic() + 10
    while "install MS17-010" not in text_of(screen) and time.monotonic() < deadline:
        time.sleep(0.02)
    view.handle(found[-1])
    drawn = screen.export_text(styles=False)
    assert "RUN  playbooks/site.yml" in drawn
    assert "防火墙 block SMB" in drawn
    assert max(width(text) for text in rows_of(text_of(screen))) < cells
    assert text_of(screen).endswith("\x1b[2K")  # the last thing done is to wipe the picture
    assert "\x1b[?25h" in text_of(screen)  # and the cursor is back
    assert not {"live-view"} & {thread.name for thread in threading.enumerate()}


def test_finished_jobs_scroll_by_with_v() -> None:
    screen = console(140, 50)
    view = LiveView(sink(screen), verbosity=1, console=screen, timezone=UTC)
    for event in events():
        view.handle(event)
    drawn = screen.export_text(styles=False)
    assert "08:00:02  changed  web01  stop the Server service  service lanmanserver" in drawn
    assert "          $ sc config lanmanserver start= disabled" in drawn
    assert "08:00:12  skipped  files-中文  防火墙 block SMB  condition false" in drawn


def test_notices_stay_on_the_screen() -> None:
    screen = console(80, 24)
    view = LiveView(sink(screen), console=screen, timezone=UTC)
    for event in events():
        view.handle(event)
    assert "08:00:01  notice  2 hosts are held by another run" in screen.export_text(styles=False)


def test_it_is_closed_without_an_end_too() -> None:
    screen = console(80, 24)
    errors = sys.stderr
    view = LiveView(sink(screen), console=screen)
    view.close()
    view.handle(events()[0])
    assert sys.stderr is not errors  # so that a library's warning does not tear the picture
    view.close()
    view.close()
    assert sys.stderr is errors
    assert text_of(screen).count("\x1b[?25h") == 1


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    view = LiveView(stream)
    for event in events():
        view.handle(event)
    assert "\x1b[3" not in stream.getvalue().replace("\x1b[3m", "")
    assert "unreachable" in stream.getvalue()


def test_hostile_strings_send_nothing_to_the_terminal() -> None:
    screen = console(140, 50)
    view = LiveView(sink(screen), console=screen, verbosity=2)
    for event in hostile_events():
        view.handle(event)
    time.sleep(0.3)
    view.handle(hostile_finished())
    sent = text_of(screen)
    assert "not markup" in sent
    for bad in ("\x1b]", "\x1b[2J", "\x1bP", "\x07", "\x08", "\x9b", "\u202e", "\ud800"):
        assert bad not in sent


class Broken(io.StringIO):
    """A terminal that went away."""

    def write(self, text: str) -> int:
        """Nobody is there."""
        raise BrokenPipeError


def test_a_terminal_that_went_away_does_not_stop_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = Console(file=Broken(), force_terminal=True, width=80, height=24)
    with EventBus([LiveView(sink(screen), console=screen)]) as bus:
        for event in events():
            bus.publish(event)
    assert len(bus.dropped) == 1
    assert "LiveView" in capsys.readouterr().err


def stream_of(jobs: int, tasks: int = 10) -> list[Event]:
    """A run of this many jobs."""
    hosts = tuple(f"host{number:05}" for number in range(jobs // tasks))
    steps = tuple(StepInfo(f"s{n}", "p", f"task {n}", "m", len(hosts)) for n in range(tasks))
    found: list[Event] = [RunStarted("r", "run", "t", hosts, steps, START)]
    for step in steps:
        for host in hosts:
            job = JobId(step.step, host)
            found.append(JobStarted(job, START))
            found.append(JobFinished(job, Outcome(Status.CHANGED, subject="x"), START))
    return [*found, RunFinished("r", "run", {}, False, 0, 1, START + 1)]


def test_10_000_jobs_are_fast() -> None:
    screen = console(80, 24)
    view = LiveView(sink(screen), console=screen)
    found = stream_of(10_000)
    began = time.process_time()
    for event in found:
        view.handle(event)
    assert time.process_time() - began < 3  # takes about 0.1 s
    assert text_of(screen).count("\x1b[2K") < 5_000  # drawn now and then, not with every event


def test_drawing_costs_little() -> None:
    screen = console(140, 50)
    view = LiveView(sink(screen), console=screen)
    for event in stream_of(10_000)[:-1]:
        view.handle(event)
    began = time.process_time()
    time.sleep(1)
    used = time.process_time() - began
    view.close()
    assert used < 0.25  # about 0.03 s; the machine may be busy
