"""A run as JUnit XML, which build servers show: a suite a host, a test case a job.

A job that failed, or found another state than recorded, is a ``failure``; one whose host did not
answer, or whose end is unknown, an ``error``. What never began (skipped, blocked, cancelled) is
``skipped``, and says why. What the playbook itself handles (ignored, rescued) passes and says so.
The words are those of the schema that Jenkins publishes for its JUnit plug-in.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from typing import Final

from runner.model.job import Status
from runner.reporting.bounds import bounded_text
from runner.reporting.collect import Entry
from runner.reporting.describe import reason_of, result_lines, short_difference
from runner.reporting.report.csv import moment
from runner.reporting.report.report import Report
from runner.reporting.statuses import is_handled, word
from runner.reporting.text import clean, one_line

_TAGS: Final = {
    Status.FAILED: "failure",
    Status.CONFLICT: "failure",
    Status.UNREACHABLE: "error",
    Status.IN_DOUBT: "error",
    Status.BLOCKED: "skipped",
    Status.CANCELLED: "skipped",
    Status.SKIPPED: "skipped",
    Status.NOT_PREDICTABLE: "skipped",
}
_MOST_OUTPUT: Final = 4_000


def junit_lines(report: Report) -> Iterator[str]:
    """The document in pieces, a suite each."""
    by_host: dict[str, list[Entry]] = {}
    for entry in report.entries:
        by_host.setdefault(entry.job.host, []).append(entry)
    top = {"name": one_line(f"{report.verb} {report.title}"), **_counts(report.entries)}
    head = ET.tostring(ET.Element("testsuites", top), encoding="unicode").removesuffix(" />")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>\n'
    for host, entries in by_host.items():
        suite = _suite(report, host, entries)
        ET.indent(suite)
        yield ET.tostring(suite, encoding="unicode") + "\n"
    yield "</testsuites>\n"


def _suite(report: Report, host: str, entries: Sequence[Entry]) -> ET.Element:
    ends = [report.ended[e.job] - e.outcome.seconds for e in entries if e.job in report.ended]
    suite = ET.Element("testsuite", {"name": one_line(host), **_counts(entries)})
    suite.set("timestamp", moment(min(ends, default=report.started)).removesuffix("Z"))
    suite.set("hostname", one_line(host))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("run", report.run), ("verb", report.verb), ("user", report.user)):
        ET.SubElement(properties, "property", name=name, value=one_line(value))
    for entry in entries:
        suite.append(_case(entry))
    return suite


def _counts(entries: Sequence[Entry]) -> dict[str, str]:
    tags = [tag_of(entry) for entry in entries]
    return {
        "tests": str(len(entries)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(entry.outcome.seconds for entry in entries):.3f}",
    }


def tag_of(entry: Entry) -> str:
    """``failure``, ``error``, ``skipped``; empty for a test that passed."""
    outcome = entry.outcome
    # As for the exit code: what is in doubt is nobody's to wave through.
    if is_handled(outcome) and outcome.status is not Status.IN_DOUBT:
        return ""
    return _TAGS.get(outcome.status, "")


def _case(entry: Entry) -> ET.Element:
    outcome = entry.outcome
    case = ET.Element(
        "testcase",
        classname=one_line(entry.job.host),
        name=one_line(entry.title),
        time=f"{max(0.0, outcome.seconds):.3f}",
    )
    said = reason_of(outcome) or word(outcome)
    if tag := tag_of(entry):
        child = ET.SubElement(case, tag, message=said)
        if tag != "skipped":
            child.set("type", one_line(outcome.category) or outcome.status.value)
            child.text = clean(outcome.advice)
    parts = outcome.items or (outcome,)
    lines = [f"status: {word(outcome)}"]
    lines += [said] if said != word(outcome) else []
    lines += [short_difference(d) for part in parts for d in part.differences]
    lines += result_lines(outcome.result, most=60)
    ET.SubElement(case, "system-out").text = bounded_text("\n".join(lines), _MOST_OUTPUT)
    return case
