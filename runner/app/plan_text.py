"""Plans in words: when one was written, when one is shown, and what came of one."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from runner.app.plan import Planned
from runner.app.plan_file import digest_of, read_plan
from runner.model.job import JobId, Outcome, Status
from runner.model.plan import Plan, PlannedJob
from runner.model.state import Difference
from runner.reporting.collect import Entry
from runner.reporting.page import Printer
from runner.reporting.preview import preview
from runner.reporting.text import plural

_KEPT: Final[Mapping[str, frozenset[Status]]] = {
    Status.WOULD_CHANGE: frozenset({Status.CHANGED, Status.OK}),
    Status.OK: frozenset({Status.OK}),
    Status.SKIPPED: frozenset({Status.SKIPPED}),
    Status.FAILED: frozenset({Status.FAILED}),
    Status.BLOCKED: frozenset({Status.BLOCKED, Status.SKIPPED}),
    Status.IRREVERSIBLE: frozenset({Status.IRREVERSIBLE}),
}
"""What a foreseen status becomes when all goes as planned; a change that somebody else made
meanwhile is ``ok``. What is not here was not foreseen."""
_MOST: Final = 50


def written(path: Path, planned: Planned) -> list[str]:
    """What to say when a plan was made."""
    plan = planned.plan
    if plan is None:
        return ["interrupted: no plan was written"]
    lines = [
        f"Plan for {plural(len(plan.hosts), 'host')} written to {path}",
        f"  sha256 {planned.digest}",
        f"  predicted {plan.coverage['predicted']:,} of {plan.coverage['jobs']:,} jobs",
    ]
    if plan.expires is not None:
        lines.append(f"  valid until {_moment(plan.expires)}")
    if plan.unreachable:
        lines.append(f"  NOT in it, they did not answer: {', '.join(plan.unreachable)}")
    return [*lines, f"Show it with: runner show {path}", f"Apply it with: runner apply {path}"]


def show_plan(path: Path, *, verbosity: int, everything: bool) -> None:
    """Print what a plan would do."""
    plan, content = read_plan(path)
    entries = entries_in(plan)
    quiet = (Status.OK, Status.SKIPPED)
    shown = [e for e in entries if everything or e.outcome.status not in quiet]
    printer = Printer(sys.stdout, terminal=sys.stdout.isatty())
    heading = f"plan {path}: {plan.playbook}"
    page = preview(
        _by_task(shown), heading=heading, diff=True, verbosity=verbosity, predicted=False
    )
    printer.write(page)
    for line in _about(plan, digest_of(content)):
        sys.stdout.write(f"{line}\n")


def entries_in(plan: Plan) -> list[Entry]:
    """The jobs of a plan, as reports show them."""
    return [
        Entry(JobId(job.step, host), job.title, _outcome(job))
        for host, jobs in plan.hosts.items()
        for job in jobs
    ]


def compared(plan: Plan, outcomes: Mapping[JobId, Outcome]) -> list[str]:
    """Prediction against what happened: how much came as foreseen, and each job that did not."""
    foreseen, otherwise = 0, []
    for host, jobs in plan.hosts.items():
        for job in jobs:
            outcome = outcomes.get(JobId(job.step, host))
            kept = _KEPT.get(job.status)
            if outcome is None or kept is None:
                continue
            foreseen += 1
            if outcome.status not in kept:
                otherwise.append(
                    f"  {job.title} @ {host}: foreseen '{job.status}', became '{outcome.status}'"
                )
    lines = [f"Prediction: {foreseen - len(otherwise):,} of {foreseen:,} jobs came as foreseen"]
    more = len(otherwise) - _MOST
    return lines + otherwise[:_MOST] + ([f"  and {more:,} more"] if more > 0 else [])


def _about(plan: Plan, digest: str) -> list[str]:
    options = {name: value for name, value in plan.options.items() if value}
    lines = [
        "",
        f"predicted  {plan.coverage['predicted']:,} of {plan.coverage['jobs']:,} jobs",
        f"sha256     {digest}",
        f"made       {_moment(plan.created)} by {plan.user}, runner {plan.version}",
        f"valid      {'until ' + _moment(plan.expires) if plan.expires else 'without end'}",
        f"inventory  {', '.join(plan.inventory)}",
    ]
    if options:
        lines.append(f"options    {', '.join(f'{k}={v}' for k, v in options.items())}")
    if plan.variables or plan.secrets:
        said = [f"{k}={v}" for k, v in plan.variables.items()] + [f"{k}=?" for k in plan.secrets]
        lines.append(f"variables  {', '.join(said)}")
    if plan.unreachable:
        lines.append(f"not in it  {', '.join(plan.unreachable)} (did not answer)")
    return lines


def _outcome(job: PlannedJob) -> Outcome:
    return Outcome(
        Status(job.status),
        job.message,
        subject=next((f.subject for f in job.forecasts), ""),
        differences=tuple(Difference(*d) for d in job.differences),
        commands=job.commands,
        irreversible=job.irreversible,
    )


def _by_task(entries: Sequence[Entry]) -> list[Entry]:
    order: dict[str, int] = {}
    for entry in entries:
        order.setdefault(entry.job.step, len(order))
    return sorted(entries, key=lambda e: order[e.job.step])


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
