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
from typing import Any, Final

from runner.app.applied import earlier, require_new
from runner.app.approvals import approvals_of, read_approvers
from runner.app.carry_out import carry_out, conduct, foretell
from runner.app.plan import inputs_of
from runner.app.plan_file import digest_of, read_plan
from runner.app.plan_text import compared
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
from runner.errors import InputError, JournalError, UsageError
from runner.journal.applied import Admit, Applied
from runner.journal.journal import Journal
from runner.loading.playbook.prompts import Question
from runner.model.job import Status
from runner.model.plan import Plan
from runner.model.state import Change
from runner.reporting.collect import Collector

_PLAN_AGAIN: Final = "plan again: runner plan"
_CLOCKS_DIFFER: Final = 300.0
"""Seconds by which the clocks of the controllers that plan and apply may differ."""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """``runner apply``: which plan, what to do about drift, whose approval it needs."""

    plan: Path
    skip_drifted: bool = False
    again: bool = False
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
    earlier: tuple[Applied, ...] = ()
    """The runs that applied it already, latest first."""
    admit: Admit = field(default=lambda _runs: "")


def ready(options: ApplyOptions) -> Ready:
    """Read and check the plan; no host is contacted.

    Raises InputError when it was altered, has expired, lacks approvals, was applied already, or
    when playbook or inventory are not what it was made from; JournalError when the journal could
    not take what would be done.
    """
    plan, content = read_plan(options.plan)
    _require_valid(options.plan, plan)
    names = _approved(options, content)
    runs = _earlier(options, content)

    def admit(before: list[Applied]) -> str:
        return require_new(options.plan, tuple(plan.hosts), before, again=options.again)

    if not options.check:
        admit(runs)
    run = _run_options(plan, options)
    prepared = prepare(run, frozenset(plan.hosts))
    _require_same_variables(plan, prepared.fleet)
    for what, digest in inputs_of(prepared).items():
        if plan.inputs.get(what) != digest:
            raise InputError(
                f"the {what} is not what {options.plan} was made from: it has changed since",
                hint="plan again, and have that approved",
            )
    if not options.check:  # which writes nothing, so it needs no journal
        with Journal.open() as journal:
            journal.require_sound(len(plan.hosts))
    return Ready(plan, content, run, prepared, names, tuple(runs), admit)


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


def _earlier(options: ApplyOptions, content: bytes) -> list[Applied]:
    try:
        return earlier(digest_of(content))
    except JournalError:
        if options.check:  # which writes nothing, so it needs no journal
            return []
        raise


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
        found.options,
        prepared,
        conductor,
        approval.require,
        found.content,
        [collector],
        admit=found.admit,
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


def _require_valid(path: Path, plan: Plan) -> None:
    """The plan is good now. One that expires must not become good again when this controller's
    clock is put back, so it is not good before it was made either."""
    if plan.expires is None:
        return
    now = time.time()
    if now > plan.expires:
        raise InputError(f"{path} was valid until {_moment(plan.expires)}", hint=_PLAN_AGAIN)
    if now < plan.created - _CLOCKS_DIFFER:
        raise InputError(
            f"{path} was made at {_moment(plan.created)}, and here it is {_moment(now)}: whether it"
            " is still valid cannot be told",
            hint=f"look at the clock of this machine and of the one that made it; or {_PLAN_AGAIN}",
        )


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


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
