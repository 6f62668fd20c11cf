"""``runner plan``: a dry run, frozen into a file that can be read, compared, approved, applied."""

from __future__ import annotations

import getpass
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner import __version__
from runner.app.carry_out import conduct, foretell
from runner.app.plan_file import write_plan
from runner.app.wiring.fleet import public_variables
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared, prepare
from runner.engine.tasks.forecasts import Forecasts
from runner.engine.tasks.outcomes import plain
from runner.errors import InputError
from runner.model.job import Outcome, Status
from runner.model.plan import Plan, PlannedJob
from runner.reporting.collect import Collector, Entry
from runner.reporting.preview import coverage, tally


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """``runner plan``: what to run, where the plan goes, for how many seconds it is good."""

    run: RunOptions
    output: Path
    valid_for: float | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The exit code, and the plan with its digest, if one was written."""

    code: int
    plan: Plan | None = None
    digest: str = ""


def make_plan(options: PlanOptions) -> Planned:
    """Preview the playbook and write down exactly what it would do.

    Raises InputError with the place of what is wrong, or when nobody answered.
    """
    run = replace(options.run, check=True)
    prepared = prepare(run)
    forecasts = Forecasts(prepared.fleet.redactor)
    collector = Collector()
    conductor = conduct(run, prepared, collector)
    interrupted = foretell(run, prepared, conductor, forecasts.foresee)
    code = conductor.exit_code(interrupted=interrupted, detailed=False)
    if interrupted:
        return Planned(code)
    plan = _plan(options, prepared, collector, forecasts)
    if not plan.hosts:
        raise InputError("no plan was written: none of the hosts answered")
    return Planned(code, plan, write_plan(options.output, plan))


def _plan(
    options: PlanOptions, prepared: Prepared, collector: Collector, forecasts: Forecasts
) -> Plan:
    entries = collector.entries()
    gone = [e.job.host for e in entries if e.outcome.status is Status.UNREACHABLE]
    covered = coverage(tally(entries))
    now, run = time.time(), options.run
    return Plan(
        playbook=str(run.playbook.resolve()),
        inventory=tuple(str(path.resolve()) for path in run.inventory),
        inputs=inputs_of(prepared),
        created=now,
        expires=None if options.valid_for is None else now + options.valid_for,
        user=getpass.getuser(),
        version=__version__,
        hosts=_hosts(entries, collector, forecasts, frozenset(gone)),
        variables=public_variables(prepared.fleet),
        secrets=tuple(
            sorted(n for n in prepared.fleet.extra if n not in public_variables(prepared.fleet))
        ),
        options={
            "limit": run.limit,
            "tags": list(run.tags),
            "skip_tags": list(run.skip_tags),
            "start_at_task": run.start_at_task,
            "force_handlers": run.force_handlers,
        },
        unreachable=tuple(dict.fromkeys(gone)),
        coverage={"jobs": covered.jobs, "predicted": covered.predicted},
    )


def inputs_of(prepared: Prepared) -> dict[str, str]:
    """The digests of what was read."""
    return {
        "playbook": prepared.playbook.digest,
        "inventory": prepared.fleet.inventory.digest,
    }


def _hosts(
    entries: Iterable[Entry],
    collector: Collector,
    forecasts: Forecasts,
    gone: frozenset[str],
) -> dict[str, tuple[PlannedJob, ...]]:
    modules = {step.step: step.module for step in collector.steps}
    found: dict[str, list[PlannedJob]] = defaultdict(list)
    for entry in entries:
        if entry.job.host not in gone:
            found[entry.job.host].append(_job(entry, modules, forecasts))
    return {host: tuple(jobs) for host, jobs in found.items()}


def _job(entry: Entry, modules: dict[str, str], forecasts: Forecasts) -> PlannedJob:
    outcome = entry.outcome
    parts: Sequence[Outcome] = outcome.items or (outcome,)
    return PlannedJob(
        step=entry.job.step,
        title=entry.title,
        status=str(outcome.status),
        message=outcome.message,
        module=modules.get(entry.job.step, ""),
        differences=tuple(
            (d.field, plain(d.before), plain(d.after)) for o in parts for d in o.differences
        ),
        commands=tuple(c for o in parts for c in o.commands),
        irreversible="; ".join(dict.fromkeys(o.irreversible for o in parts if o.irreversible)),
        forecasts=forecasts.of(entry.job),
        unforeseen=tuple(o.item for o in parts if o.status is Status.NOT_PREDICTABLE),
    )
