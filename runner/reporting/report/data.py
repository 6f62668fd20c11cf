"""The part of the HTML report that its script reads: every job, in little room.

Hosts, tasks and statuses are numbers; what became of a job is kept once, however many hosts it is
the same on. All text from hosts is cleaned here, and stays data: the script only ever makes text
nodes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from runner.model.job import Outcome
from runner.model.state import Difference
from runner.reporting.bounds import bounded_outcome, bounded_text
from runner.reporting.describe import is_text_block, reason_of, result_lines, show_pair, text_diff
from runner.reporting.report.report import Report
from runner.reporting.statuses import WORDS, counted_as, gravity, items_of, look_of
from runner.reporting.text import clean, one_line

_MOST_LINES: Final = 60
_LONGEST_LINE: Final = 400
_MOST_ITEMS: Final = 60
MOST_EVIDENCE: Final = 16_000_000
"""Characters of output and commands in one page; the gravest jobs get theirs first."""


def page_data(report: Report, most: int = MOST_EVIDENCE) -> dict[str, Any]:
    """What the page's script needs, in JSON's terms."""
    hosts = {host: place for place, host in enumerate(_hosts(report))}
    steps = {step: place for place, step in enumerate(_steps(report))}
    words = {word: place for place, word in enumerate(WORDS)}
    bodies = _Bodies(most)
    found: list[tuple[int, list[int]]] = []
    by_gravity = sorted(
        range(len(report.entries)), key=lambda i: gravity(report.entries[i].outcome.status)
    )
    for place in by_gravity:
        job, _, outcome = report.entries[place]
        end = report.ended.get(job)
        length = round(max(0.0, outcome.seconds) * 1000)
        start = -1 if end is None else max(0, round((end - report.started) * 1000) - length)
        row = [hosts[job.host], steps[job.step], words[counted_as(outcome)], start, length]
        found.append((place, [*row, bodies.add(outcome)]))
    return {
        "hosts": [one_line(host) for host in hosts],
        "steps": list(_tasks(report)),
        "words": [[word, css_class(word), look_of(word).symbol] for word in WORDS],
        "jobs": [row for _, row in sorted(found)],
        "bodies": bodies.all,
    }


def _hosts(report: Report) -> list[str]:
    return list(dict.fromkeys((*report.hosts, *(e.job.host for e in report.entries))))


def _steps(report: Report) -> dict[str, str]:
    """The tasks that something is known of, in order, and how they are called."""
    return {entry.job.step: entry.title for entry in report.entries}


def _tasks(report: Report) -> Iterator[list[str]]:
    modules, plays = report.modules, report.plays
    for step, title in _steps(report).items():
        texts = (title or step, modules.get(step, ""), plays.get(step, ""))
        yield [bounded_text(one_line(text), _LONGEST_LINE) for text in texts]


def css_class(word: str) -> str:
    """A status as the name of a class."""
    return f"s-{word.replace(' ', '-')}"


def script_json(value: Any) -> str:
    """JSON that cannot end, nor comment out, the script element it stands in."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)  # ASCII only
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class _Bodies:
    """What became of jobs, each kept once."""

    def __init__(self, most: int) -> None:
        self.all: list[dict[str, Any]] = []
        self._left = most
        self._known: dict[str, int] = {}

    def add(self, outcome: Outcome) -> int:
        """Its number."""
        kept = bounded_outcome(outcome, results=True)
        body = _body(kept, evidence=True)
        key = json.dumps(body)
        if key not in self._known and len(key) > self._left:
            body = _body(kept, evidence=False)
            key = json.dumps(body)
        if key not in self._known:
            self._known[key] = len(self.all)
            self.all.append(body)
            self._left -= len(key)
        return self._known[key]


def _body(outcome: Outcome, *, evidence: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "subject": one_line(outcome.subject),
        "message": reason_of(outcome),
        "advice": clean(outcome.advice) if outcome.status.is_trouble else "",
        "category": one_line(outcome.category),
        "final": one_line(outcome.irreversible),
        "ignored": outcome.ignored,
        "warnings": [one_line(text) for text in outcome.warnings],
        "changes": [_difference(d) for d in outcome.differences],
    }
    if evidence:
        found["commands"] = [_short(clean(command)) for command in outcome.commands]
        found["output"] = [_short(text) for text in result_lines(outcome.result, most=_MOST_LINES)]
    elif outcome.commands or outcome.result:
        found["left_out"] = True
    items = items_of(outcome)
    found["items"] = [
        {"item": one_line(item.item), "word": WORDS.index(counted_as(item)),
         **_body(item, evidence=evidence)}
        for item in items[:_MOST_ITEMS]
    ]  # fmt: skip
    if len(items) > _MOST_ITEMS:
        found["more_items"] = len(items) - _MOST_ITEMS
    return {name: value for name, value in found.items() if value}


def _difference(difference: Difference) -> dict[str, Any]:
    field = one_line(difference.field)
    if is_text_block(difference):
        return {"field": field, "lines": [[m, _short(t)] for m, t in text_diff(difference)]}
    before, after = show_pair(difference)
    return {"field": field, "before": _short(before), "after": _short(after)}


def _short(text: str) -> str:
    return bounded_text(text, _LONGEST_LINE) if "\n" not in text else bounded_text(text, 4_000)
