"""``runner report``: a recorded run, or a plan, as files for people and for other programs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from runner.app.draw import drawing_of, play_names
from runner.app.history import entries_of, finished_of
from runner.app.plan_file import digest_of, parse_plan, read_plan
from runner.app.plan_text import compared, entries_in
from runner.app.wiring.twins import REHEARSAL, Twins
from runner.errors import InputError
from runner.events import StepInfo
from runner.journal.journal import Journal
from runner.journal.records import UNDONE, ChangeRecord, OutcomeRecord, PlanGraph, RunRecord
from runner.journal.trail import Note
from runner.model.plan import Plan
from runner.reporting.collect import in_order
from runner.reporting.json_report import check_writable, document, write_atomically
from runner.reporting.preview import coverage, tally
from runner.reporting.recap import usual_commands
from runner.reporting.report.csv import csv_lines
from runner.reporting.report.junit import junit_lines
from runner.reporting.report.report import Related, Report, replayed
from runner.reporting.steps import Steps

_GATE: Final = "gate"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where which report goes; None: it is not wanted."""

    html: Path | None = None
    json: Path | None = None
    junit: Path | None = None
    csv: Path | None = None


def write_reports(
    word: str, files: ReportFiles, person: Sequence[tuple[str, str, str]] = ()
) -> list[str]:
    """Write the reports on a run (or the plan in a file), each whole or not at all.

    ``person`` is what would have needed somebody in a rehearsal: what, hosts, what to do.
    Gives a line for each file. Raises RunNotFound, InputError when one cannot be written.
    """
    wanted = [
        (path, make)
        for path, make in (
            (files.html, _page),
            (files.json, _json),
            (files.junit, junit_lines),
            (files.csv, csv_lines),
        )
        if path is not None
    ]
    for path, _ in wanted:
        with _complaining(path):
            check_writable(path)
    report = plan_report(Path(word)) if Path(word).is_file() else run_report(word)
    report = replace(report, person=tuple(person))
    for path, make in wanted:
        with _complaining(path):
            write_atomically(path, make(report), encoding="utf-8")
    return [f"wrote {path}" for path, _ in wanted]


@contextmanager
def _complaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {path}: {reason}") from None


def _page(report: Report) -> Iterator[str]:
    from runner.reporting.report.page import html_page  # Jinja, only where it is needed

    return html_page(report)


def _json(report: Report) -> Iterator[str]:
    return document(replayed(report))


def run_report(word: str) -> Report:
    """What the journal knows of the run that a person means. Raises RunNotFound."""
    with Journal.open() as journal:
        journal.recover()
        run = journal.find(word)
        stored = journal.graph(run.id)
        records = journal.outcomes(run.id)
        changes = journal.changes(run.id)
        content = journal.plan(run.id)
        trail = journal.trail.of(run.id)
        related = _related(run, changes, journal.runs())
    steps = _steps(stored, records)
    titles = {info.step: info.name for info in steps}
    entries = in_order(entries_of(records, titles), list(titles), run.hosts)
    nodes, edges = drawing_of(stored)
    foreseen: Sequence[str] = ()
    if content is not None:
        foreseen = compared(parse_plan(content), {e.job: e.outcome for e in entries})
    return Report(
        run=run.id, verb=run.verb, title=run.title, started=run.started, user=run.user,
        version=run.version, hosts=run.hosts, steps=steps, entries=tuple(entries),
        status=run.status, finished=run.finished, exit_code=run.exit_code,
        ended={record.job: record.time for record in records},
        facts=(*_facts(run, content, records), *_trail(trail)),
        related=tuple(related),
        excluded=tuple((c.task, c.job.host) for c in changes if not c.rollback),
        changes=len(changes),
        undone=sum(change.status == UNDONE for change in changes),
        foreseen=tuple(foreseen), nodes=tuple(nodes), edges=tuple(edges),
        next_commands=tuple(usual_commands(finished_of(run, entries), entries)),
        rehearsal=_is_rehearsal(run.options),
    )  # fmt: skip


def _is_rehearsal(options: Mapping[str, Any]) -> bool:
    """Whether all this was on twins: the run says so, or the home whose journal this is."""
    variables = options.get("variables")
    said = isinstance(variables, Mapping) and variables.get(REHEARSAL)
    return bool(said) or Twins.found() is not None


def plan_report(path: Path) -> Report:
    """What a plan would do. Raises InputError when it is none, or was altered."""
    plan, content = read_plan(path)
    found = entries_in(plan)
    steps = _plan_steps(plan)
    entries = in_order(found, [info.step for info in steps], list(plan.hosts))
    covered = coverage(tally(entries))
    digest = digest_of(content)
    facts = [("Inventory", ", ".join(plan.inventory)), ("SHA-256", digest)]
    if plan.expires is not None:
        facts.append(("Valid until", _moment(plan.expires)))
    if plan.unreachable:
        facts.append(("Not in it: no answer", ", ".join(plan.unreachable)))
    return Report(
        run=digest[:12], verb="plan", title=plan.playbook, started=plan.created, user=plan.user,
        version=plan.version, hosts=tuple(plan.hosts), steps=steps, entries=tuple(entries),
        status="plan", predicted=True, facts=(*facts, *_options(plan.options)),
        foreseen=(covered.text,), next_commands=(f"runner apply {path}",),
    )  # fmt: skip


def _plan_steps(plan: Plan) -> tuple[StepInfo, ...]:
    on: Counter[str] = Counter(job.step for jobs in plan.hosts.values() for job in jobs)
    known = {
        job.step: StepInfo(job.step, "", job.title, job.module, on[job.step])
        for jobs in plan.hosts.values()
        for job in jobs
    }
    return tuple(known.values())


def _steps(stored: PlanGraph, records: Sequence[OutcomeRecord]) -> tuple[StepInfo, ...]:
    """The tasks as planned, and where they belong those that includes brought in."""
    data: Mapping[str, Any] = stored.steps or {}
    vertices = [s for s in data.get("steps", ()) if s["kind"] != _GATE]
    plays = play_names(stored)
    steps = Steps(
        StepInfo(
            s["name"],
            plays[s["play"]],
            s["title"],
            s["module"] or ("setup" if s["kind"] == "facts" else ""),
            len(data["sets"][s["members"]]),
        )
        for s in vertices
    )
    for record in records:
        if steps.get(record.job.step) is None:
            title = record.data.get("task") or record.job.step
            steps.add(StepInfo(record.job.step, "", title, "", 1))
    return tuple(steps.all)


def _related(
    run: RunRecord, changes: Sequence[ChangeRecord], runs: Sequence[RunRecord]
) -> Iterator[Related]:
    undid = {change.undone_by for change in changes}
    for other in reversed(runs):
        if other.id == run.of:
            relation = "what this rollback takes back"
        elif other.of == run.id or other.id in undid:
            relation = "a rollback of this run"
        elif run.of is not None and other.of == run.of and other.id != run.id:
            relation = "another rollback of the same run"
        else:
            continue
        yield Related(other.id, relation, other.status, other.started, other.user, len(other.hosts))


def _facts(
    run: RunRecord, plan: bytes | None, records: Sequence[OutcomeRecord]
) -> Iterator[tuple[str, str]]:
    yield "Inventory", ", ".join(run.inventory)
    yield "Playbook's digest", run.digest[:16]
    if plan is not None:
        yield "Plan applied", digest_of(plan)
    yield from _options(run.options)
    again = len(records) - len({record.job for record in records})
    if again:
        many = "job was" if again == 1 else "jobs were"
        yield "Resumed", f"{again:,} {many} taken up again; the last outcome counts"


def _trail(trail: Sequence[Note]) -> Iterator[tuple[str, str]]:
    for note in trail:
        yield note.kind.capitalize(), note.said


def _options(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = {"limit": "Limit", "tags": "Tags", "skip_tags": "Skip tags", "variables": "Variables",
             "start_at_task": "Start at task", "force_handlers": "Force handlers"}  # fmt: skip
    for name, label in names.items():
        if value := options.get(name):
            yield label, _said(value)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
