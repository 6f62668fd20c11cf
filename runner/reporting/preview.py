"""What would change, task by task: the end of a dry run, a rollback's preview, ``runner show``.

Everything here is made from outcomes, not from live events: give it plain entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runner.model.job import Outcome, Status
from runner.model.state import Difference
from runner.reporting.collect import Entry
from runner.reporting.describe import (
    ARROW,
    advice_lines,
    command_lines,
    is_text_block,
    reason_of,
    result_lines,
    short_difference,
    show_pair,
    text_diff,
)
from runner.reporting.grouping import Group, TaskGroups, by_task
from runner.reporting.page import EMPTY, Line, Span, line, span
from runner.reporting.statuses import (
    COLUMNS,
    LOOKS,
    WORD_WIDTH,
    WORDS,
    counted_as,
    is_rescued,
    items_of,
    look_of,
    style_of,
    word,
)
from runner.reporting.text import host_list, one_line, pad, percent, plural, width

_INDENT: Final = 2 + WORD_WIDTH + 2
_MOST_GROUPS: Final = 20
_MOST_NAMED: Final = 5
_WIDEST_FIELD: Final = 24
_DIFF_STYLES: Final = {"+": "green", "-": "red", "@": "dim"}
_UNPREDICTED: Final = frozenset(
    {Status.NOT_PREDICTABLE, Status.UNREACHABLE, Status.IN_DOUBT, Status.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a run a dry run could predict; blocked jobs are not counted."""

    predicted: int
    jobs: int
    blocked: int

    @property
    def text(self) -> str:
        """One line that states what the number means."""
        said = (
            f"Predicted: {self.predicted:,} of {plural(self.jobs, 'job')}"
            f" ({percent(self.predicted, self.jobs)})"
        )
        if self.blocked:
            many = "blocked job is" if self.blocked == 1 else "blocked jobs are"
            said += f"; {self.blocked:,} {many} not counted"
        return said


def coverage(counts: Mapping[Status, int]) -> Coverage:
    """Coverage from jobs by status. A job that is sure to fail is predicted, too."""
    blocked = counts.get(Status.BLOCKED, 0)
    jobs = sum(counts.values()) - blocked
    unknown = sum(counts.get(status, 0) for status in _UNPREDICTED)
    return Coverage(jobs - unknown, jobs, blocked)


def tally(entries: Sequence[Entry]) -> dict[Status, int]:
    """Jobs by status, in the order of columns."""
    found = dict.fromkeys(COLUMNS, 0)
    for entry in entries:
        found[entry.outcome.status] += 1
    return {status: count for status, count in found.items() if count}


def shown_counts(entries: Iterable[Entry]) -> dict[str, int]:
    """Jobs by what they are counted as, for people: rescued failures are not among the failed."""
    return dict(Counter(counted_as(entry.outcome) for entry in entries))


def counts_spans(counts: Mapping[str, int]) -> list[str | Span]:
    """``would change 3  ok 1``, each in its colour."""
    parts: list[str | Span] = []
    for counted in WORDS:
        if counts.get(counted):
            if parts:
                parts.append("  ")
            parts.append(Span(f"{counted} {counts[counted]:,}", look_of(counted).style))
    return parts


def preview(
    entries: Sequence[Entry],
    *,
    heading: str = "",
    diff: bool = True,
    verbosity: int = 0,
    predicted: bool = True,
) -> list[Line]:
    """The page: what would change (or, for a past run, what changed), then counts and coverage.

    ``diff`` shows every field on its own line and texts line by line; without it, a line an
    outcome. ``verbosity`` 1 adds the exact commands and all host names, 2 the results.
    ``predicted`` adds the coverage; leave it out for what has really happened.
    """
    lines: list[Line] = []
    if heading:
        lines += [line(span(heading, "bold")), EMPTY]
    writer = _Writer(diff=diff, verbosity=verbosity)
    settled: list[str] = []
    for task in by_task(entries):
        if not verbosity and _is_settled(task):
            settled.append(task.title)
        else:
            lines += [*writer.task(task), EMPTY]
    if settled:
        lines += [_settled_line(settled), EMPTY]
    return lines + totals(entries, predicted=predicted)


def totals(entries: Sequence[Entry], *, predicted: bool) -> list[Line]:
    """Jobs by status and, for a prediction, how much of the run it covers."""
    hosts = len({entry.job.host for entry in entries})
    size = f"{plural(len(entries), 'job')} on {plural(hosts, 'host')}"
    if not entries:
        return [line("Nothing to do: no job at all")]
    lines = [line(f"{size}: ", *counts_spans(shown_counts(entries)), hang=2)]
    if predicted:
        lines.append(line(coverage(tally(entries)).text, hang=2))
    return lines


def _is_settled(task: TaskGroups) -> bool:
    return all(
        group.outcome.status is Status.OK
        and not group.outcome.warnings
        and not group.outcome.speaks
        and not group.outcome.irreversible
        for group in task.groups
    )


def _settled_line(titles: Sequence[str]) -> Line:
    if len(titles) <= _MOST_NAMED:
        which = "; ".join(one_line(title) for title in titles)
    else:
        which = f"{plural(len(titles), 'task')} (-v names them)"
    return line(span(f"Already so on all their hosts: {which}", "green"), hang=2)


class _Writer:
    """Makes a task's lines."""

    def __init__(self, *, diff: bool, verbosity: int) -> None:
        self._diff = diff
        self._verbosity = verbosity

    def task(self, task: TaskGroups) -> Iterator[Line]:
        """The task's title, then its groups, the gravest first."""
        yield line(span(task.title, "bold"), hang=2)
        shown = task.groups if self._verbosity else task.groups[:_MOST_GROUPS]
        for group in shown:
            yield self._group_line(group)
            yield from self._body(group.outcome, _INDENT, group.advice)
        if hidden := task.groups[len(shown) :]:
            hosts = sum(len(group.hosts) for group in hidden)
            said = (
                f"… {len(hidden)} more kinds of outcome on {plural(hosts, 'host')} (-v shows all)"
            )
            yield line(" " * _INDENT, span(said, "bold"), hang=_INDENT)

    def _group_line(self, group: Group) -> Line:
        outcome = group.outcome
        most = len(group.hosts) if self._verbosity else 3
        parts: list[str | Span] = [
            "  ",
            Span(pad(word(outcome), WORD_WIDTH), style_of(outcome)),
            f"  {host_list(group.hosts, most)}",
        ]
        if self._verbosity and len(group.hosts) > 3:
            parts.append(f" ({plural(len(group.hosts), 'host')})")
        if said := self._headline(outcome, group.reason):
            parts.append(f"  {said}")
        return line(*parts, hang=_INDENT)

    def _headline(self, outcome: Outcome, reason: str) -> str:
        subject = one_line(outcome.subject) if outcome.status is not Status.SKIPPED else ""
        if outcome.differences and not self._diff:
            fields = "; ".join(short_difference(d) for d in outcome.differences)
            subject = f"{subject}: {fields}" if subject else fields
        return "  ".join(part for part in (subject, one_line(reason)) if part)

    def _body(self, outcome: Outcome, indent: int, advice: str) -> Iterator[Line]:
        if self._diff:
            yield from _differences(outcome.differences, indent)
        if outcome.irreversible:
            said = f"cannot be taken back: {one_line(outcome.irreversible)}"
            style = LOOKS[Status.IRREVERSIBLE].style
            yield line(" " * indent, span(f"! {said}", style), hang=indent + 2)
        if outcome.status.is_trouble and not is_rescued(outcome):
            for text in advice_lines(advice):
                yield line(" " * indent, text, hang=indent + 8)
        for warning in outcome.warnings:
            yield line(" " * indent, span(f"warning: {warning}", "yellow"), hang=indent + 2)
        if self._verbosity:
            for command in outcome.commands:
                for text in command_lines(command):
                    yield line(" " * indent, span(text, "dim"), hang=indent + 2)
        if self._verbosity > 1:
            for text in result_lines(outcome.result):
                yield line(" " * indent, span(text, "dim"), hang=indent + 2)
        for item in items_of(outcome):
            if self._verbosity or item.said or item.status is not Status.OK:
                yield from self._item(item, indent)

    def _item(self, item: Outcome, indent: int) -> Iterator[Line]:
        said = self._headline(item, reason_of(item))
        yield line(
            " " * indent,
            f"(item={one_line(item.item)})  ",
            Span(word(item), style_of(item)),
            f"  {said}" if said else "",
            hang=indent + 2,
        )
        yield from self._body(item, indent + 2, item.advice)


def _differences(differences: Sequence[Difference], indent: int) -> Iterator[Line]:
    column = min(_WIDEST_FIELD, max((width(one_line(d.field)) for d in differences), default=0))
    for difference in differences:
        name = one_line(difference.field)
        name = pad(name, column) if width(name) <= column else name
        start = " " * indent
        if is_text_block(difference):
            yield line(start, span(name))
            for mark, text in text_diff(difference):
                style = _DIFF_STYLES.get(mark, "")
                yield line(f"{start}  ", span(f"{mark}{text}", style), hang=indent + 3)
            continue
        before, after = show_pair(difference)
        hang = indent + width(name) + 2
        yield line(
            start, f"{name}  ", span(before, "red"), f" {ARROW} ", span(after, "green"), hang=hang
        )
