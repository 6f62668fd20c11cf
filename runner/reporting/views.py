"""Puts together the reports that a command line asks for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from runner.reporting.bus import Subscriber
from runner.reporting.collect import Collector
from runner.reporting.ending import Ending
from runner.reporting.page import Printer
from runner.reporting.plain import PlainView
from runner.reporting.recap import NextCommands


def views(
    *,
    verbosity: int = 0,
    terminal: bool = False,
    check: bool = False,
    diff: bool = False,
    json_file: str | Path | None = None,
    next_commands: NextCommands | None = None,
    stream: TextIO | None = None,
    folder: Path | None = None,
) -> list[Subscriber]:
    """The subscribers for one run, in the order in which they must see events.

    ``verbosity`` counts ``-v``. ``terminal``: a person watches ``stream`` on a terminal, so show
    a live view; a dumb terminal gets plain lines all the same. ``json_file`` ``-`` sends the
    JSON report to standard output, and everything for people to standard error.
    ``next_commands`` works out the commands that the recap proposes; ``folder`` is where outcomes
    go that are too many for memory. Raises OSError when
    ``json_file`` could never be written.
    """
    to_stdout = json_file is not None and str(json_file) == "-"
    if stream is None:
        stream = sys.stderr if to_stdout else sys.stdout
    terminal = terminal and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")

    collector = Collector(results=json_file is not None or verbosity > 1, folder=folder)
    printer = Printer(stream, terminal=terminal)
    running: Subscriber
    if terminal:
        from runner.reporting.live import LiveView  # not for those who do not watch

        running = LiveView(stream, verbosity=verbosity)
    else:
        running = PlainView(printer, verbosity=verbosity)
    ending = Ending(
        collector,
        printer,
        check=check,
        diff=diff,
        verbosity=verbosity,
        next_commands=next_commands,
    )
    reports: list[Subscriber] = [collector, running, ending]
    if json_file is not None:
        from runner.reporting.json_report import JsonReport

        target = sys.stdout if to_stdout else Path(json_file)
        reports.append(JsonReport(collector, target))
    return reports
