"""``runner runs`` and ``runner show``: what the journal remembers."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from runner.app.plan_file import parse_plan
from runner.app.plan_text import compared
from runner.app.wiring.ledger import outcome_from_json
from runner.events import RunFinished
from runner.journal.journal import Journal
from runner.journal.records import OutcomeRecord, RunRecord
from runner.model.job import Status
from runner.reporting.collect import Entry, in_order
from runner.reporting.page import EMPTY, Printer, line
from runner.reporting.preview import preview
from runner.reporting.recap import recap, usual_commands

_QUIET = frozenset({Status.OK, Status.SKIPPED})


def list_runs(limit: int) -> Iterator[str]:
    """A line for each recorded run, the newest first."""
    with Journal.open() as journal:
        journal.recover()
        runs = journal.runs(limit)
        if not runs:
            yield "no run is recorded yet"
            return
        yield f"{'RUN':<20} {'STARTED':<17} {'WHAT':<9} {'STATUS':<12} {'HOSTS':>5}  PLAYBOOK"
        for run in runs:
            started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
            yield (
                f"{run.id:<20} {started:<17} {run.verb:<9} {run.status:<12}"
                f" {len(run.hosts):>5}  {run.title}"
            )


def show_run(word: str, *, verbosity: int, everything: bool) -> None:
    """Print what a run did, per task and host, and its recap."""
    with Journal.open() as journal:
        journal.recover()
        run = journal.find(word)
        stored = journal.graph(run.id)
        records = journal.outcomes(run.id)
        plan = journal.plan(run.id)
        trail = journal.trail.of(run.id)
    titles = {s["name"]: s["title"] for s in (stored.steps or {}).get("steps", ())}
    entries = in_order(entries_of(records, titles), list(titles), run.hosts)
    shown = [e for e in entries if everything or e.outcome.status not in _QUIET]
    lines = preview(
        shown,
        heading=f"{run.verb} {run.id}: {run.title}",
        diff=True,
        verbosity=verbosity,
        predicted=False,
    )
    finished = finished_of(run, entries)
    lines += [EMPTY, *recap(finished, entries, title=run.title,
                            next_commands=usual_commands(finished, entries))]  # fmt: skip
    if trail:
        lines += [EMPTY, *(line(str(note)) for note in trail)]
    if plan is not None:
        outcomes = {entry.job: entry.outcome for entry in entries}
        lines += [EMPTY, *map(line, compared(parse_plan(plan), outcomes))]
    Printer(sys.stdout, terminal=sys.stdout.isatty()).write(lines)


def entries_of(records: Sequence[OutcomeRecord], titles: Mapping[str, str]) -> list[Entry]:
    """The outcomes of a run as reports show them."""
    # Of a run that was resumed a job may have several: the last one counts.
    return [
        Entry(
            r.job,
            r.data.get("task") or titles.get(r.job.step, r.job.step),
            outcome_from_json(r.data),
        )
        for r in {r.job: r for r in records}.values()
    ]


def finished_of(run: RunRecord, entries: Sequence[Entry]) -> RunFinished:
    """How a run ended, or how it stands now, as reports are told of it."""
    counts: dict[str, Counter[Status]] = {}
    for entry in entries:
        counts.setdefault(entry.job.host, Counter())[entry.outcome.status] += 1
    end = run.finished or time.time()
    return RunFinished(
        run.id, run.verb, counts, run.status == "interrupted", 0, end - run.started, end
    )
