"""A subscriber that prints the last page of a run: the preview of a dry run, then the recap."""

from __future__ import annotations

from runner.events import Event, RunFinished
from runner.reporting.collect import Collector
from runner.reporting.page import EMPTY, Line, Printer, line, span
from runner.reporting.preview import preview
from runner.reporting.recap import NextCommands, recap
from runner.reporting.text import one_line, plural


class Ending:
    """Prints when the run is over; subscribe it after the collector and the running view.

    ``check``: the walk only looked, so show what would change. ``diff``: show every field, after
    a real run, too. If the run never tells its end, ``close`` says so.
    """

    def __init__(
        self,
        collector: Collector,
        printer: Printer,
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        next_commands: NextCommands | None = None,
    ) -> None:
        self._collector = collector
        self._printer = printer
        self._check = check
        self._diff = diff
        self._verbosity = verbosity
        self._next_commands = next_commands

    def handle(self, event: Event) -> None:
        """Print at the end of the run. Raises OSError when nobody reads any more."""
        if isinstance(event, RunFinished):
            self._printer.write(self.lines(event))

    def close(self) -> None:
        """Say how far it came if the end of the run never came."""
        if self._collector.started and not self._collector.finished:
            done = plural(len(self._collector.kept), "finished job")
            said = f"The run ended early, after {done}."
            self._printer.write([EMPTY, line(span(said, "bold red"))])

    def lines(self, finished: RunFinished) -> list[Line]:
        """The last page."""
        entries = self._collector.entries(timed=False)
        title = self._collector.started.title if self._collector.started else ""
        lines: list[Line] = [EMPTY]
        shows_changes = self._check or self._diff
        if shows_changes:
            lines += preview(
                entries,
                heading=self._heading(finished.verb, title),
                diff=self._diff,
                verbosity=self._verbosity,
                predicted=self._check,
            )
            lines.append(EMPTY)
        commands = self._next_commands(finished, entries) if self._next_commands else ()
        lines += recap(
            finished, entries, title=title, next_commands=commands, show_totals=not shows_changes
        )
        return lines

    def _heading(self, verb: str, title: str) -> str:
        title = one_line(title)
        if not self._check:
            return f"What happened: {title}"
        what = "rollback" if "rollback" in verb else "run"
        return f"Preview of the {what}, nothing was changed: {title}"
