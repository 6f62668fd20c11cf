"""The JSON report: valid, complete, private, whole or not there."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.events import JobFinished
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting.collect import Collector
from runner.reporting.json_report import JsonReport, to_json
from tests.reporting.samples import HOSTS, RUN, events, hostile_events, hostile_finished


def report(found: list[Any], target: Path | io.StringIO) -> None:
    """Play a run into a report."""
    collector = Collector(results=True)
    subscriber = JsonReport(collector, target)
    for event in found:
        collector.handle(event)
        subscriber.handle(event)
    collector.close()
    subscriber.close()


def test_the_whole_document(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    report(events(), path)
    found = json.loads(path.read_text("ascii"))
    assert found["schema"] == 1
    assert (found["run"], found["verb"], found["title"]) == (RUN, "run", "playbooks/site.yml")
    assert (found["finished"], found["interrupted"]) == (True, False)
    assert (found["seconds"], found["exchanges"]) == (64.5, 84)
    assert found["hosts"] == list(HOSTS)
    assert found["tasks"][0] == {
        "step": "stop-smb",
        "play": "close SMB",
        "name": "stop the Server service",
        "module": "win_service",
        "hosts": 4,
        "place": "site.yml:5",
    }
    assert found["counts"]["changed"] == 6
    assert found["host_counts"]["dc01"] == {"unreachable": 1, "blocked": 4}
    assert "coverage" not in found
    assert found["notices"] == [
        {"text": "2 hosts are held by another run", "time": 1494835201.0, "host": ""}
    ]
    jobs = {job["id"]: job for job in found["jobs"]}
    assert len(jobs) == 20
    assert jobs["stop-smb@web01"] == {
        "id": "stop-smb@web01",
        "step": "stop-smb",
        "host": "web01",
        "task": "stop the Server service",
        "status": "changed",
        "message": "",
        "advice": "",
        "subject": "service lanmanserver",
        "differences": [
            {"field": "state", "before": "running", "after": "stopped"},
            {"field": "start_mode", "before": "auto", "after": "disabled"},
        ],
        "commands": ["sc stop lanmanserver", "sc config lanmanserver start= disabled"],
        "result": {"rc": 0, "stdout": "STATE: 1\r\nSTOPPED\r\n", "stdout_lines": ["STATE: 1"]},
        "items": [],
        "blocked_by": None,
        "category": "",
        "irreversible": "",
        "ignored": False,
        "warnings": [],
        "seconds": 1.24,
        "rescued": False,
    }
    assert jobs["patch@web01"]["differences"][0]["after"] == {"unknown": True}
    assert jobs["rules@dc01"]["blocked_by"] == "stop-smb@dc01"
    assert [item["item"] for item in jobs["rules@web02"]["items"]] == [
        "in-tcp",
        "in-udp",
        "out-tcp",
    ]
    assert jobs["rules@web02"]["items"][2]["status"] == "failed"
    assert jobs["check@web01"]["ignored"] is True


def test_coverage_of_a_dry_run() -> None:
    stream = io.StringIO()
    report(events("check"), stream)
    assert json.loads(stream.getvalue())["coverage"] == {"predicted": 12, "jobs": 16, "blocked": 4}


def test_the_file_is_private_and_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    path.chmod(0o644)
    report(events(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["schema"] == 1
    assert os.listdir(tmp_path) == ["run.json"]  # noqa: PTH208 - names only


def test_a_failure_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        report(events(), path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        JsonReport(Collector(), tmp_path / "missing" / "run.json")
    with pytest.raises(IsADirectoryError):
        JsonReport(Collector(), tmp_path)


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        report(events()[:2], pipe)
        assert json.loads(os.read(reader, 1_000_000))["run"] == RUN
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)


def test_a_run_without_an_end_is_written_as_such(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    report(events()[:10], path)
    found = json.loads(path.read_text())
    assert (found["finished"], found["interrupted"], found["seconds"]) == (False, True, None)
    assert len(found["jobs"]) == 2


def test_a_run_that_never_began_writes_nothing(tmp_path: Path) -> None:
    report([], tmp_path / "run.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (UNKNOWN, {"unknown": True}),
        ({"a": [UNKNOWN]}, {"a": [{"unknown": True}]}),
        (b"\x00\xff", {"base64": "AP8="}),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ({1: {"b", "a"}}, {"1": ["a", "b"]}),
        (Status.OK, "ok"),
        (Path("/x"), "/x"),
        (Difference("f", None, (1, 2)), {"field": "f", "before": None, "after": [1, 2]}),
        ("half \ud800", "half ?"),
        (2**70, 2**70),
    ],
)
def test_to_json(value: Any, expected: Any) -> None:
    assert to_json(value) == expected
    assert json.loads(json.dumps(to_json(value), allow_nan=False)) == expected


def test_a_value_that_holds_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)
    json.dumps(to_json(value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_json_can_hold_comes_back_as_it_was(value: Any) -> None:
    if "\ud800" not in str(value):
        assert json.loads(json.dumps(to_json(value))) == value


def test_hostile_strings_stay_inside_json() -> None:
    stream = io.StringIO()
    report([*hostile_events(), hostile_finished()], stream)
    text = stream.getvalue()
    assert text.isascii()
    assert all(char >= " " or char == "\n" for char in text)
    assert json.loads(text)["jobs"][0]["message"].startswith("\x1b[2J")


def test_secrets_wrapped_in_objects_are_written_as_they_show_themselves() -> None:
    class Wrapped:
        def __str__(self) -> str:
            return "********"

    stream = io.StringIO()
    outcome = Outcome(Status.OK, result={"password": Wrapped()})
    report([*events()[:1], JobFinished(JobId("s", "h"), outcome, 0)], stream)
    assert json.loads(stream.getvalue())["jobs"][0]["result"] == {"password": "********"}
