"""The factory gives what the command line asks for, and it works together."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runner.events import Event
from runner.reporting.bus import EventBus, Subscriber
from runner.reporting.live import LiveView
from runner.reporting.plain import PlainView
from runner.reporting.recap import usual_commands
from runner.reporting.views import views
from tests.reporting.samples import RUN, events


def play(subscribers: list[Subscriber], found: list[Event]) -> None:
    """Publish a run."""
    with EventBus(subscribers) as bus:
        for event in found:
            bus.publish(event)
    assert bus.dropped == []


def kinds(subscribers: list[Subscriber]) -> set[type]:
    """What kinds of subscribers these are."""
    return {type(subscriber) for subscriber in subscribers}


def test_live_on_a_terminal_plain_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert LiveView in kinds(views(terminal=True, stream=io.StringIO()))
    assert PlainView in kinds(views(terminal=False, stream=io.StringIO()))
    monkeypatch.setenv("TERM", "dumb")
    assert PlainView in kinds(views(terminal=True, stream=io.StringIO()))


def test_a_run_in_a_pipe() -> None:
    stream = io.StringIO()
    play(views(stream=stream, next_commands=usual_commands), events())
    text = stream.getvalue()
    assert "  changed          web01" in text
    assert "Preview" not in text
    commands = ("show {}", "resume {}", "rollback {} --check")
    assert text.endswith("Next:\n" + "".join(f"  runner {c.format(RUN)}\n" for c in commands))


def test_a_check_in_a_pipe() -> None:
    short, full = io.StringIO(), io.StringIO()
    play(views(stream=short, check=True), events("check"))
    play(views(stream=full, check=True, diff=True), events("check"))
    assert "Preview of the run, nothing was changed: playbooks/site.yml" in short.getvalue()
    assert "Predicted: 12 of 16 jobs (75.0 %)" in short.getvalue()
    assert "                   start_mode  auto -> disabled\n" not in short.getvalue()
    assert "                   start_mode  auto -> disabled\n" in full.getvalue()
    assert short.getvalue().count("20 jobs on 4 hosts") == 1


def test_diff_after_a_real_run() -> None:
    stream = io.StringIO()
    play(views(stream=stream, diff=True), events())
    assert "What happened: playbooks/site.yml" in stream.getvalue()
    assert "Predicted" not in stream.getvalue()


def test_a_terminal_keeps_the_recap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    play(views(terminal=True, stream=stream), events())
    after = stream.getvalue().rpartition("\x1b[2K")[2]
    assert "playbooks/site.yml" in after
    assert "tried:" in after
    assert "1m04s, 84 round trips (21.0 a host)" in after


def test_json_on_standard_output_and_people_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    play(views(json_file="-"), events())
    out, err = capsys.readouterr()
    assert len(json.loads(out)["jobs"]) == 20
    assert "  changed          web01" in err
    assert "Trouble" in err


def test_json_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    play(views(json_file=str(path), stream=io.StringIO()), events())
    assert json.loads(path.read_text())["jobs"][0]["result"]["rc"] == 0


def test_an_end_that_never_comes_is_said() -> None:
    stream, others = io.StringIO(), set(threading.enumerate())
    play(views(stream=stream), events()[:8])
    assert stream.getvalue().endswith("\nThe run ended early, after 2 finished jobs.\n")
    left = {thread.name for thread in set(threading.enumerate()) - others}
    assert {"event-bus", "plain-heartbeat"}.isdisjoint(left)


def test_rich_is_loaded_only_for_a_terminal() -> None:
    code = (
        "import sys, io\n"
        "from runner.reporting.views import views\n"
        "views(stream=io.StringIO(), check=True, diff=True, verbosity=2, json_file='-')\n"
        "assert 'rich' not in sys.modules\n"
        "views(stream=io.StringIO(), terminal=True)\n"
        "assert 'rich' in sys.modules\n"
    )
    environment = {**os.environ, "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=60)
