"""``runner apply``: do exactly what a plan says, on the hosts that still are as it found them.

First every host is looked at again, before anything is sent to any of them; then the plan is
carried out, and each single change is held against the plan once more before it is made.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from runner.app.approvals import approvals_of, read_approvers
from runner.app.plan import inputs_of
from runner.app.plan_file import digest_of, read_plan
from runner.app.plan_text import compared
from runner.app.run import carry_out, conduct, foretell
from runner.app.wiring.conduct import Conductor
from runner.app.wiring.fleet import Fleet
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
from runner.app.wiring.prepare import Prepared, narrowed, prepare
from runner.engine.tasks.forecasts import Approval, Drift
from runner.engine.tasks.work import Work
from runner.errors import InputError, UsageError
from runner.loading.playbook.prompts import Question
from runner.model.job import Status
from runner.model.plan import Plan
from runner.model.state import Change
from runner.reporting.collect import Collector


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """``runner apply``: which plan, what to do about drift, whose approval it needs."""

    plan: Path
    skip_drifted: bool = False
    require_approvals: int = 0
    approvers: Path | None = None
    extra: tuple[str, ...] = ()
    forks: int | None = None
    check: bool = False
    password: str | None = None
    vault: VaultOptions = NO_VAULT
    view: View = field(default_factory=View)
    approach: Approach = DEFAULT_APPROACH
    locking: Locking = LOCKING
    deadline: float | None = None
    fuse: bool = True
    keep_trying: float | None = None
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a second look at the hosts found: those as planned, those that drifted, and those that
    did not answer (they are tried again when the plan is carried out)."""

    hosts: int
    drifts: tuple[Drift, ...]
    silent: tuple[str, ...]

    @property
    def drifted(self) -> tuple[str, ...]:
        """The hosts that are not as the plan found them."""
        return tuple(dict.fromkeys(drift.job.host for drift in self.drifts))

    def lines(self) -> list[str]:
        """For people: how many are as planned, and of each other one what is different."""
        as_planned = self.hosts - len(self.drifted) - len(self.silent)
        said = [f"{as_planned:,} of {self.hosts:,} hosts are as the plan found them"]
        said += [f"  DRIFTED {drift.job.host}: {drift}" for drift in self.drifts]
        said += [f"  NO ANSWER {host}" for host in self.silent]
        return said


@dataclass(frozen=True, slots=True)
class Ready:
    """A plan that may be applied: valid, approved, its playbook and inventory unchanged."""

    plan: Plan
    content: bytes
    options: RunOptions
    prepared: Prepared
    approved_by: tuple[str, ...] = ()


def ready(options: ApplyOptions) -> Ready:
    """Read and check the plan; no host is contacted.

    Raises InputError when it was altered, has expired, lacks approvals, or when playbook or
    inventory are not what it was made from.
    """
    plan, content = read_plan(options.plan)
    if plan.expires is not None and time.time() > plan.expires:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(plan.expires))
        raise InputError(f"{options.plan} was valid until {when}", hint="plan again: runner plan")
    names = _approved(options, content)
    run = _run_options(plan, options)
    prepared = prepare(run, frozenset(plan.hosts))
    _require_same_variables(plan, prepared.fleet)
    for what, digest in inputs_of(prepared).items():
        if plan.inputs.get(what) != digest:
            raise InputError(
                f"the {what} is not what {options.plan} was made from: it has changed since",
                hint="plan again, and have that approved",
            )
    return Ready(plan, content, run, prepared, names)


def look(found: Ready) -> Looked:
    """Compare every host with the plan; nothing is changed."""
    approval = Approval(found.plan.hosts, found.prepared.fleet.redactor)
    drifts: list[Drift] = []
    lock = Lock()

    def compare(work: Work, change: Change[Any]) -> None:
        drift = approval.drift(work, change)
        if drift is not None:
            with lock:
                drifts.append(drift)

    collector = Collector()
    run = replace(found.options, check=True)
    conductor = Conductor(run.view, check=True, also=[collector], shown=False)
    if foretell(run, found.prepared, conductor, compare):
        raise KeyboardInterrupt
    silent = [e.job.host for e in collector.entries() if e.outcome.status is Status.UNREACHABLE]
    order = {host: n for n, host in enumerate(found.plan.hosts)}
    drifts.sort(key=lambda d: order.get(d.job.host, len(order)))
    return Looked(len(found.plan.hosts), tuple(drifts), tuple(dict.fromkeys(silent)))


def carry_out_plan(found: Ready, looked: Looked) -> tuple[int, list[str]]:
    """Do what the plan says on all hosts but the drifted ones.

    Gives the exit code, and lines that compare what was foreseen with what happened.
    """
    hosts = frozenset(found.plan.hosts) - frozenset(looked.drifted)
    if not hosts:
        return 3, ["no host is left"]
    prepared = narrowed(found.prepared, found.options, hosts)
    approval = Approval(found.plan.hosts, prepared.fleet.redactor)
    collector = Collector()
    conductor = conduct(found.options, prepared, collector)
    code = carry_out(
        found.options, prepared, conductor, approval.require, found.content, [collector]
    )
    outcomes = {entry.job: entry.outcome for entry in collector.entries()}
    return code or (3 if looked.drifts else 0), compared(found.plan, outcomes)


def _approved(options: ApplyOptions, content: bytes) -> tuple[str, ...]:
    """Who approved. Raises InputError when they are too few."""
    if options.approvers is None:
        if options.require_approvals:
            raise UsageError("--require-approvals needs --approvers FILE: who may approve")
        return ()
    approvers = read_approvers(options.approvers)
    wanted = options.require_approvals or 1
    if wanted > len(approvers):
        raise UsageError(f"{wanted} approvals cannot be had of {len(approvers)} approvers")
    found = approvals_of(options.plan, content, approvers)
    if len(found.names) < wanted:
        by = f" (by {', '.join(found.names)})" if found.names else ""
        raise InputError(
            f"{options.plan} (sha256 {digest_of(content)[:12]}) has {len(found.names)} of"
            f" {wanted} approvals{by}" + "".join(f"\n  {line}" for line in found.refused),
            hint=f"approve it with: runner approve {options.plan} --key FILE",
        )
    return found.names


def _require_same_variables(plan: Plan, fleet: Fleet) -> None:
    """The command line gives what the plan was made with; its secrets it must give again."""
    missing = [name for name in plan.secrets if name not in fleet.extra]
    if missing:
        raise UsageError(
            f"the plan was made with secrets that it does not hold: {', '.join(missing)}",
            hint="give them again with -e, or with -k for the password",
        )
    for name, value in fleet.extra.items():
        if name not in plan.secrets and plan.variables.get(name, fleet) != value:
            what = "has another value in" if name in plan.variables else "is not part of"
            raise UsageError(f"'{name}' {what} the plan", hint="plan again, and have that approved")


def _run_options(plan: Plan, options: ApplyOptions) -> RunOptions:
    said = plan.options
    return RunOptions(
        playbook=Path(plan.playbook),
        inventory=tuple(map(Path, plan.inventory)),
        limit=said.get("limit"),
        extra=(json.dumps(dict(plan.variables)), *options.extra),
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
        fuse=options.fuse,
        keep_trying=options.keep_trying,
        question=options.question,
    )
