"""A run as CSV (RFC 4180): a line a job, for spreadsheets and for ``join``.

In UTF-8. A cell that a spreadsheet would take for a formula begins with an apostrophe (CWE-1236):
what hosts send must not be executed where it is read.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from typing import Final

from runner.reporting.collect import Entry
from runner.reporting.describe import reason_of, short_difference
from runner.reporting.report.report import Report
from runner.reporting.statuses import is_rescued
from runner.reporting.text import one_line

COLUMNS: Final = (
    "host", "play", "task", "module", "status", "subject", "changes", "message", "advice",
    "irreversible", "ignored", "rescued", "started", "seconds", "items", "step", "run",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@")


def csv_lines(report: Report) -> Iterator[str]:
    """The document, line by line, each with its end. Times are UTC, as in RFC 3339."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    modules, plays = report.modules, report.plays
    writer.writerow(COLUMNS)
    for entry in report.entries:
        job = entry.job
        cells = _cells(report, entry, modules.get(job.step, ""), plays.get(job.step, ""))
        writer.writerow([_harmless(cell) for cell in cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cells(report: Report, entry: Entry, module: str, play: str) -> list[str]:
    job, title, outcome = entry
    end = report.ended.get(job)
    parts = outcome.items or (outcome,)
    changes = "; ".join(short_difference(d) for part in parts for d in part.differences)
    final = "; ".join(dict.fromkeys(p.irreversible for p in (outcome, *parts) if p.irreversible))
    return [
        job.host, play, title, module, outcome.status.value, outcome.subject, changes,
        reason_of(outcome), outcome.advice, final, _yes(outcome.ignored), _yes(is_rescued(outcome)),
        moment(end - outcome.seconds) if end else "", f"{outcome.seconds:.3f}",
        str(len(outcome.items)), job.step, report.run,
    ]  # fmt: skip


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _harmless(text: str) -> str:
    text = one_line(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def moment(seconds: float) -> str:
    """``2017-05-15T08:00:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
