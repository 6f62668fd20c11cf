"""JUnit XML and CSV: whole whatever hosts say, and harmless where they are read."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import replace

import pytest

from runner.events import StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.reporting.collect import Entry
from runner.reporting.report.csv import COLUMNS, csv_lines
from runner.reporting.report.junit import junit_lines
from runner.reporting.report.report import Report, replayed
from tests.reporting.report_samples import everything, hostile


def one(outcome: Outcome) -> Report:
    """A report of this outcome."""
    entry = Entry(JobId("t", "web01"), "a task", outcome)
    step = StepInfo("t", "a play", "a task", "command", 1)
    return replace(everything(), entries=(entry,), steps=(step,), hosts=("web01",))


def junit(report: Report) -> ET.Element:
    return ET.fromstring("".join(junit_lines(report)))


def table(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_lines(report)), newline="")))


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        (Outcome(Status.OK), None),
        (Outcome(Status.CHANGED), None),
        (Outcome(Status.WOULD_CHANGE), None),
        (Outcome(Status.IRREVERSIBLE), None),
        (Outcome(Status.SKIPPED, "when is false"), "skipped"),
        (Outcome(Status.NOT_PREDICTABLE, "depends"), "skipped"),
        (Outcome(Status.BLOCKED, "by x"), "skipped"),
        (Outcome(Status.CANCELLED, "stopped"), "skipped"),
        (Outcome(Status.FAILED, "rc 1"), "failure"),
        (Outcome(Status.CONFLICT, "another state"), "failure"),
        (Outcome(Status.UNREACHABLE, "no answer"), "error"),
        (Outcome(Status.IN_DOUBT, "answer lost"), "error"),
        (Outcome(Status.FAILED, "rc 1", ignored=True), None),
        (Outcome(Status.FAILED, "rc 1", rescued=True), None),
        (Outcome(Status.IN_DOUBT, "answer lost", ignored=True), "error"),
    ],
    ids=lambda value: getattr(value, "status", value),
)
def test_what_a_build_server_makes_of_a_status(outcome: Outcome, tag: str | None) -> None:
    root = junit(one(outcome))
    (case,) = root.iter("testcase")
    found = [child.tag for child in case if child.tag != "system-out"]
    assert found == ([tag] if tag else [])
    names = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    for kind, name in names.items():
        assert root.get(name) == ("1" if kind == tag else "0")
    if tag:
        assert outcome.message in case[0].attrib["message"]


def test_there_is_a_suite_a_host_and_a_case_a_job() -> None:
    report = everything()
    root = junit(report)
    assert [suite.get("name") for suite in root] == list(dict.fromkeys(
        entry.job.host for entry in report.entries
    ))  # fmt: skip
    assert len(list(root.iter("testcase"))) == len(report.entries)
    assert root.get("tests") == str(len(report.entries))
    assert sum(int(suite.get("failures", "")) for suite in root) == int(root.get("failures", ""))
    failure = root.find(".//testcase[@classname='dc01']/error")
    assert failure is not None
    assert "nobody answered" in failure.get("message", "")
    assert "runner doctor dc01" in (failure.text or "")


def test_a_line_a_job() -> None:
    rows = table(everything())
    assert len(rows) == len(everything().entries)
    assert list(rows[0]) == list(COLUMNS)
    first = rows[0]
    assert (first["host"], first["status"]) == ("web01", "changed")
    assert first["changes"] == "state running -> stopped; start_mode auto -> disabled"
    assert first["started"] == "2017-05-15T08:00:00Z"
    assert first["seconds"] == "1.240"
    final = [row["host"] for row in rows if row["irreversible"]]
    assert final == ["web01"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r\n="])
def test_no_cell_is_a_formula(start: str) -> None:
    (row,) = table(one(Outcome(Status.FAILED, f"{start}cmd|' /c calc'!A0")))
    assert row["message"].startswith("'")


def every_text(rows: Iterable[dict[str, str]]) -> str:
    return "".join(value for row in rows for value in row.values())


def test_hostile_hosts() -> None:
    rows = table(hostile())
    assert len(rows) == 2
    root = junit(hostile())
    assert len(list(root.iter("testcase"))) == 2
    assert not list(root.iter("img"))
    for text in (every_text(rows), "".join(root.itertext())):
        assert not set("\x1b\u202e\u200f\u200b\ud800") & set(text)


def test_a_report_that_is_made_of_events_sees_the_run_again() -> None:
    collector = replayed(everything())
    assert list(collector.entries()) == list(everything().entries)
    assert collector.finished is not None
    assert collector.finished.seconds == 64.5
    assert not collector.finished.interrupted
    assert replayed(replace(everything(), finished=None)).finished is None
