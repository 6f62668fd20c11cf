"""Plain lines, for logs and pipes: one line for each finished job that matters.

::

    HH:MM:SS  changed          web01  stop the Server service  service lanmanserver: state ...

Columns are separated by two spaces or more: time (local), status, host, task, what about it.
Lines that belong to the job above start with spaces: loop items, advice, commands (``$``),
results. The first word of a line of another kind is in the status column: ``start``, ``notice``,
``working``, ``finish``. With ``-v``, ``web01 | text`` is a line that a command of a job has just
printed on that host; of jobs that end within a second there are none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from time import time as wall_clock
from typing import Final

from runner.events import (
    Event,
    JobDetail,
    JobFinished,
    JobOutput,
    JobStarted,
    Notice,
    RunFinished,
    RunStarted,
    StepAdded,
    StepInfo,
)
from runner.model.job import JobId, Outcome, Status
from runner.reporting.collect import title_of
from runner.reporting.describe import advice_lines, command_lines, result_lines, summary
from runner.reporting.held_output import PATIENCE, HeldOutput
from runner.reporting.page import Line, Printer, Span, line, span
from runner.reporting.statuses import CONSEQUENCES, WORD_WIDTH, is_rescued, items_of, style_of, word
from runner.reporting.text import clean, duration, one_line, pad, plural, width
from runner.reporting.ticker import Ticker

_QUIET: Final = frozenset({Status.OK, Status.SKIPPED, *CONSEQUENCES})
"""Without ``-v`` a log names causes; what merely follows from them is in the recap."""
_INDENT: Final = 10
_WIDEST_HOST: Final = 24
_HEARTBEAT: Final = 60.0
_MOST_NAMED: Final = 5


@lru_cache(maxsize=16)
def _clock(second: int, timezone: tzinfo | None) -> str:
    return datetime.fromtimestamp(second, timezone).strftime("%H:%M:%S")


class JobLines:
    """Makes the lines of a finished job.

    ``compact`` is for the live view, which prints them with ``-v``: no columns, because they
    are read and not searched.
    """

    def __init__(
        self, *, verbosity: int = 0, timezone: tzinfo | None = None, compact: bool = False
    ) -> None:
        self._verbosity = verbosity
        self._compact = compact
        self._timezone = timezone
        self._host_width = 0
        self._titles: dict[str, str] = {}

    def start(self, event: RunStarted) -> None:
        """Learn the names of tasks and the width of the host column."""
        self._titles = {}
        for step in event.steps:
            self.add(step)
        self._host_width = min(
            _WIDEST_HOST, max((width(one_line(host)) for host in event.hosts), default=0)
        )

    def add(self, step: StepInfo) -> None:
        """Learn the name of a task."""
        self._titles[step.step] = step.name or step.step

    def title(self, job: JobId) -> str:
        """What the job's task is called."""
        return self._titles.get(job.step) or title_of(None, job)

    def line(self, time: float, word: Span | str, host: str, *parts: str | Span) -> Line:
        """A line with time, word and host in their columns."""
        stamp = _clock(int(time), self._timezone)
        text, style = word if isinstance(word, Span) else (word, "")
        if not self._compact:
            text = pad(text, WORD_WIDTH)
        columns: list[str | Span] = [span(f"{stamp}  ", "dim"), span(text, style)]
        if host:
            columns.append(f"  {self._host(host)}")
        for part in parts:
            if part and (not isinstance(part, Span) or part.text):
                columns += ["  ", part]
        return line(*columns, hang=_INDENT)

    def finished(self, event: JobFinished) -> Iterator[Line]:
        """The job's line and those that belong to it; nothing if it does not matter."""
        outcome = event.outcome
        if not self._matters(outcome):
            return
        title = one_line(self.title(event.job))
        said = summary(outcome)
        label = word(outcome)
        if self._verbosity and outcome.seconds >= 0.05:
            said = f"{said}  ({duration(outcome.seconds)})" if said else duration(outcome.seconds)
        yield self.line(event.time, Span(label, style_of(outcome)), event.job.host, title, said)
        yield from self._more(event.job.host, outcome)
        for item in items_of(outcome):
            if self._matters(item):
                yield self._below(event.job.host, f"(item={one_line(item.item)})", _item_text(item))
                yield from self._more(event.job.host, item)

    def notice(self, event: Notice) -> Line:
        """The line of a notice."""
        return self.line(event.time, Span("notice", "yellow"), event.host, event.text)

    def _matters(self, outcome: Outcome) -> bool:
        if self._verbosity or outcome.said or outcome.status not in _QUIET:
            return True
        return any(self._matters(item) for item in outcome.items)

    def _more(self, host: str, outcome: Outcome) -> Iterator[Line]:
        if outcome.advice and outcome.status.is_trouble and not is_rescued(outcome):
            yield from (self._below(host, text) for text in advice_lines(outcome.advice))
        for warning in outcome.warnings:
            yield self._below(host, f"warning: {one_line(warning)}")
        if self._verbosity:
            for command in outcome.commands:
                yield from (self._below(host, text) for text in command_lines(command))
        if self._verbosity > 1:
            yield from (self._below(host, text) for text in result_lines(outcome.result))

    def _below(self, host: str, *texts: str) -> Line:
        rest = "  ".join(text for text in texts if text)
        if self._compact:
            return line(" " * _INDENT, span(rest, "dim"), hang=_INDENT + 2)
        indent = " " * (_INDENT + WORD_WIDTH + 2)
        return line(indent, f"{self._host(host)}    {rest}", hang=len(indent) + 4)

    def _host(self, host: str) -> str:
        host = one_line(host)
        return (
            host
            if self._compact or width(host) >= self._host_width
            else pad(host, self._host_width)
        )


def _printed(host: str, text: str) -> Line:
    """``web01 | text``: the host's column is what makes a log of many hosts searchable."""
    return line(f"{one_line(host)} | {one_line(text)}", hang=_INDENT)


def _item_text(item: Outcome) -> str:
    said = summary(item)
    return f"{word(item)}  {said}" if said else word(item)


class PlainView:
    """A subscriber that writes plain lines as jobs finish.

    When nothing was written for ``heartbeat`` seconds while jobs are under way, it says which;
    0 turns that off.
    """

    def __init__(
        self,
        printer: Printer,
        *,
        verbosity: int = 0,
        timezone: tzinfo | None = None,
        heartbeat: float = _HEARTBEAT,
    ) -> None:
        self._printer = printer
        self._verbosity = verbosity
        self._lines = JobLines(verbosity=verbosity, timezone=timezone)
        self._working: dict[JobId, float] = {}
        self._lock = threading.Lock()
        self._heartbeat = heartbeat
        self._written = 0.0
        self._tickers: list[Ticker] = []
        self._output = HeldOutput(PATIENCE if verbosity == 1 else 0.0)

    def handle(self, event: Event) -> None:
        """Write what this event calls for. Raises OSError when nobody reads any more."""
        with self._lock:
            self._take(event)
            if lines := list(self._lines_for(event)):
                self._printer.write(lines)
                self._written = wall_clock()
        if isinstance(event, RunStarted):
            self._start_tickers()
        elif isinstance(event, RunFinished):
            self.close()

    def close(self) -> None:
        """Stop the heartbeat."""
        tickers, self._tickers = self._tickers, []
        for ticker in tickers:
            ticker.stop()

    def _start_tickers(self) -> None:
        if self._heartbeat:
            self._tickers.append(Ticker(self._beat, first=self._heartbeat, name="plain-heartbeat"))
        if self._verbosity == 1:
            self._tickers.append(Ticker(self._let_go, first=PATIENCE, name="plain-output"))
        for ticker in self._tickers:
            ticker.start()

    def _let_go(self) -> float | None:
        """Write what jobs have printed that have run for a while by now."""
        now = wall_clock()
        with self._lock:
            due = [_printed(job.host, text) for job, text in self._output.due(now)]
            if due:
                try:
                    self._printer.write(due)
                except (OSError, ValueError):
                    return None
                self._written = now
        return PATIENCE / 2

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._lines.start(event)
            case StepAdded():
                self._lines.add(event.step)
            case JobStarted():
                self._working[event.job] = event.time
            case JobFinished():
                self._working.pop(event.job, None)
                self._output.drop(event.job)

    def _lines_for(self, event: Event) -> Iterator[Line]:
        match event:
            case RunStarted():
                size = f"{plural(len(event.hosts), 'host')}, {plural(len(event.steps), 'task')}"
                run = f"run {event.run}" if event.run else ""
                what = (event.verb, event.title, size, run)
                yield self._lines.line(event.time, "start", "", *what)
            case JobFinished():
                yield from self._lines.finished(event)
            case JobOutput():
                if self._verbosity:
                    since = self._working.get(event.job, event.time)
                    for text in self._output.add(event, since):
                        yield _printed(event.job.host, text)
            case JobDetail() if self._verbosity > 1:
                title = self._lines.title(event.job)
                for text in clean(event.text).splitlines():
                    yield self._lines.line(event.time, "", event.job.host, title, f"| {text}")
            case Notice():
                yield self._lines.notice(event)
            case RunFinished():
                said = "interrupted" if event.interrupted else "done"
                after = f"after {duration(event.seconds)}"
                yield self._lines.line(event.time, "finish", "", event.verb, said, after)

    def _beat(self) -> float | None:
        now = wall_clock()
        with self._lock:
            quiet = now - self._written
            if quiet < self._heartbeat:
                return self._heartbeat - quiet
            if self._working:
                try:
                    self._printer.write([self._working_line(now)])
                except (OSError, ValueError):
                    return None
                self._written = now
        return self._heartbeat

    def _working_line(self, now: float) -> Line:
        slowest = list(self._working.items())[:_MOST_NAMED]
        named = "; ".join(
            f"{job.host} {self._lines.title(job)} {duration(now - since)}" for job, since in slowest
        )
        hosts = len({job.host for job in self._working})
        return self._lines.line(now, "working", "", plural(hosts, "host"), f"slowest: {named}")
