"""``runner resume``: go on with a run whose controller died, was stopped, or lost its hosts."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.app.carry_out import conduct, on_record, sweeper, warn
from runner.app.clearing import as_whom, hosts_left, suspect
from runner.app.keep_trying import keep_trying
from runner.app.on_failure import undo_failed_plays
from runner.app.plan_file import parse_plan
from runner.app.rollback import go_on
from runner.app.run_records import rollback_again
from runner.app.wiring.conduct import leave
from runner.app.wiring.leases import breaking_of
from runner.app.wiring.ledger import RunLedger, outcome_from_json
from runner.app.wiring.options import (
    DEFAULT_APPROACH,
    LOCKING,
    NO_VAULT,
    Approach,
    Locking,
    RunOptions,
    VaultOptions,
    View,
)
from runner.app.wiring.prepare import Prepared, prepare
from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.runtime import Runtime
from runner.engine.tasks.forecasts import Approval
from runner.engine.undoing.undo import IN_DOUBT, Doubt
from runner.engine.visits.check import Foresee
from runner.engine.visits.resume import Past, ResumeVisit
from runner.errors import InputError, UsageError
from runner.journal.journal import Journal
from runner.journal.records import RUNNING, RunRecord
from runner.loading.playbook.prompts import Question
from runner.model.job import JobId, Outcome


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """``runner resume``: which run, what to do about commands in doubt."""

    run: str
    doubt: Doubt = Doubt.LEAVE
    inventory: tuple[Path, ...] = ()
    extra: tuple[str, ...] = ()
    forks: int | None = None
    password: str | None = None
    vault: VaultOptions = NO_VAULT
    view: View = field(default_factory=View)
    approach: Approach = DEFAULT_APPROACH
    locking: Locking = LOCKING
    deadline: float | None = None
    keep_trying: float | None = None
    question: Question | None = None


def resume(options: ResumeOptions) -> int:
    """Do what is left of a run; gives the exit code.

    Raises InputError when it cannot be gone on with: its playbook is another by now.
    """
    with Journal.open() as journal:
        journal.recover()
        record = journal.find(options.run)
        _require_resumable(record)
        if record.verb == "rollback":
            return _resume_rollback(journal, record, options)
        run = _run_options(record, options)
        prepared = prepare(run, frozenset(record.hosts))
        _require_same(record, prepared)
        past = _past(journal, record, prepared.graph)
        approve = _approval(journal, record, prepared)
        record = replace(record, pid=os.getpid())
        journal.breaking = breaking_of(options.locking, prepared.fleet.inventory.hosts)
        journal.reopen(record.id, record.pid, user=getpass.getuser(), why=_why(options))
        left = hosts_left(journal, prepared.fleet, [record.id])

        def make(runtime: Runtime, ledger: RunLedger) -> ResumeVisit:
            whom = as_whom(journal, prepared.fleet, runtime.variables, [record.id])
            suspect(runtime.links, left, whom)
            return ResumeVisit(runtime, ledger, past, options.doubt, approve)

        conductor = conduct(run, prepared)
        code = on_record(
            run,
            prepared,
            conductor,
            journal,
            record,
            make,
        )
        sweep = sweeper(prepared, journal, record, approve, doubt=options.doubt)
        code, conductor = keep_trying(run, sweep, journal, record, code, conductor, warn)
        undo_failed_plays(run, prepared, conductor, journal, record)
    return leave(code, conductor.stop)


def _resume_rollback(journal: Journal, record: RunRecord, options: ResumeOptions) -> int:
    """Take back what is left of what it was about; what is back already is left alone."""
    if options.keep_trying is not None:
        raise UsageError("--keep-trying is for runs, not for their way back")
    asked, part = rollback_again(record)
    again = replace(
        asked,
        inventory=options.inventory or asked.inventory,
        extra=options.extra,
        forks=options.forks,
        password=options.password,
        vault=options.vault,
        view=options.view,
        approach=options.approach,
        locking=options.locking,
        deadline=options.deadline,
        doubt=options.doubt,
    )
    return go_on(again, journal, record, part)


def _why(options: ResumeOptions) -> str:
    """What the trail says of going on."""
    said = "" if options.doubt is Doubt.LEAVE else f", what is in doubt: {options.doubt.value}"
    return f"runner resume{said}"


def _require_resumable(record: RunRecord) -> None:
    if record.verb not in ("run", "apply", "rollback"):
        raise UsageError(f"{record.id} is a {record.verb}: there is nothing to go on with")
    if record.status == RUNNING:
        raise UsageError(
            f"run {record.id} is still running, in process {record.pid}",
            hint=f"stop it in good order with: kill -INT {record.pid}",
        )


def _require_same(record: RunRecord, prepared: Prepared) -> None:
    """The playbook is the one that the run began with, and nothing that it was given is missing."""
    if prepared.playbook.digest != record.digest:
        raise InputError(
            f"{record.playbook} has changed since run {record.id} began",
            hint="what is done could not be told from what is not: run the new playbook instead, "
            f"or take the old run back with: runner rollback {record.id}",
        )
    missing = [n for n in record.options.get("extra", ()) if n not in prepared.fleet.extra]
    if missing:
        raise UsageError(
            f"the run was given secrets that are not on record: {', '.join(missing)}",
            hint="give them again with -e, or with -k for the password",
        )


def _approval(journal: Journal, record: RunRecord, prepared: Prepared) -> Foresee | None:
    """An apply goes on as an apply."""
    plan = journal.plan(record.id)
    if plan is None:
        return None
    return Approval(parse_plan(plan).hosts, prepared.fleet.redactor).require


def _past(journal: Journal, record: RunRecord, graph: JobGraph) -> Past:
    changes = journal.changes(record.id)
    outcomes = {r.job: outcome_from_json(r.data) for r in journal.outcomes(record.id)}
    doubtful = {c.job.host for c in changes if c.status in IN_DOUBT}
    return Past(changes, outcomes, _complete(graph, outcomes) - doubtful)


def _complete(graph: JobGraph, outcomes: Mapping[JobId, Outcome]) -> frozenset[str]:
    """The hosts of which every job ended well."""
    left: set[str] = set()
    seen: set[str] = set()
    for step in graph.steps:
        if step.kind is StepKind.GATE:
            continue
        for number in step.members:
            host = graph.hosts[number]
            outcome = outcomes.get(JobId(step.name, host))
            (seen if outcome is not None and outcome.is_good else left).add(host)
    return frozenset(seen - left)


def _run_options(record: RunRecord, options: ResumeOptions) -> RunOptions:
    said = record.options
    return RunOptions(
        playbook=Path(record.playbook),
        inventory=options.inventory or tuple(map(Path, record.inventory)),
        limit=said.get("limit"),
        extra=(json.dumps(said.get("variables", {})), *options.extra),
        tags=tuple(said.get("tags") or ()),
        skip_tags=tuple(said.get("skip_tags") or ()),
        start_at_task=said.get("start_at_task"),
        forks=options.forks,
        force_handlers=bool(said.get("force_handlers")),
        password=options.password,
        vault=options.vault,
        view=options.view,
        approach=options.approach,
        locking=options.locking,
        deadline=options.deadline,
        keep_trying=options.keep_trying,
        question=options.question,
    )
