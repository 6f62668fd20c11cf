"""``runner rollback``: take back what a run did, from the journal alone."""

from __future__ import annotations

import getpass
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner import __version__, modules
from runner.app.clearing import as_whom, clear_up, hosts_left, suspect
from runner.app.rollback_choice import (
    Choice,
    Part,
    irreversible_lines,
    kept,
    limited,
    play_of,
    steps_named,
)
from runner.app.rollback_earlier import begun, earlier, key, undoing
from runner.app.rollback_force import Forcing
from runner.app.rollback_playbook import write_rollback
from runner.app.run_records import record_of_rollback
from runner.app.wiring.conduct import Conductor, leave
from runner.app.wiring.fleet import Fleet, load_fleet
from runner.app.wiring.leases import breaking_of, leasing_of
from runner.app.wiring.ledger import UndoLedger
from runner.app.wiring.links import make_links
from runner.app.wiring.options import RollbackOptions
from runner.app.wiring.runtime import make_runtime
from runner.app.wiring.seals import Seals
from runner.engine.fusing.visit_rollback import FusedRollback
from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.graph.lines import Lines
from runner.engine.graph.rollback import SETTLE_STEP, graph_to_json, rollback_graph
from runner.engine.graph.rollback_targets import order_targets
from runner.engine.runtime import Links, Runtime
from runner.engine.undoing.attempts import collected, last_tries
from runner.engine.undoing.tasks import WrittenUndos
from runner.engine.undoing.undo import Doubt, Restart
from runner.engine.variables.variables import Variables
from runner.engine.visits.rollback import RollbackVisit
from runner.errors import PatternError, UsageError
from runner.events import StepInfo
from runner.journal.journal import Journal
from runner.journal.records import IN_DOUBT, UNDONE, ChangeRecord, PlanGraph, RunRecord
from runner.model.job import JobId
from runner.model.task import Way

_UNDOABLE = frozenset({"changed", "failed", "in doubt", "intended", "undone"})
"""What became of a change whose host may no longer be as it was before."""

_RESTART_MODULES = {"posix": "reboot"}
_RESTART_WINDOWS = "win_reboot"
"""What ``--restart`` uses where the run itself restarted nothing, by the host's shell."""


@dataclass(frozen=True, slots=True)
class _WayBack:
    """The recorded changes of a run, sorted for its rollback."""

    of: RunRecord
    changes: dict[JobId, list[ChangeRecord]]
    restarts: dict[str, Restart]
    graph: JobGraph
    choice: Choice = field(default_factory=Choice)


def rollback(options: RollbackOptions) -> int:
    """Take a run back, or (``--check``) preview that; gives the exit code."""
    with Journal.open() as journal:
        journal.recover()
        fleet, way = _planned(options, journal)
        if options.output is not None:
            print(write_rollback(options.output, way.of, way.graph, way.changes))
            return 0
        return _walk(options, journal, fleet, way)


def go_on(options: RollbackOptions, journal: Journal, record: RunRecord, part: Part | None) -> int:
    """Do what is left of a rollback that ended too early; gives the exit code.

    Raises UsageError when the run that it takes back was gone on with since.
    """
    fleet, way = _planned(options, journal, part)
    known = {step["name"] for step in (journal.graph(record.id).steps or {}).get("steps", ())}
    if not known.issuperset(step.name for step in way.graph.steps):
        raise UsageError(
            f"run {way.of.id} was gone on with since {record.id} began to take it back",
            hint=f"take back what it is now: runner rollback {way.of.id}",
        )
    return _walk(options, journal, fleet, way, again=record)


def _planned(
    options: RollbackOptions, journal: Journal, part: Part | None = None
) -> tuple[Fleet, _WayBack]:
    """The hosts, and what is to be taken back on them."""
    of = journal.find(options.run, for_rollback=True)
    paths = options.inventory or tuple(Path(p) for p in of.inventory)
    beside = Path(of.playbook).parent
    fleet = load_fleet(paths, options.extra, options.password, beside, options.vault)
    steps = steps_named(options.tasks, journal.graph(of.id), journal.changes(of.id))
    choice = Choice(limited(fleet.inventory, options.limit), steps, options.since, part)
    choice = choice.numbered(journal.changes(of.id))
    return fleet, _way_back(journal, of, choice, options.restart)


def take_back(
    options: RollbackOptions,
    journal: Journal,
    fleet: Fleet,
    of: RunRecord,
    part: Part,
    *,
    shown: bool,
) -> int:
    """Take a part of a run back that has just ended (``on_failure``); gives the exit code."""
    way = _way_back(journal, of, Choice(part.hosts, part=part), options.restart)
    return _walk(options, journal, fleet, way, shown=shown)


def _way_back(
    journal: Journal,
    of: RunRecord,
    choice: Choice,
    restart: bool,
) -> _WayBack:
    stored = journal.graph(of.id)
    half_back = begun(journal, of)
    plays = play_of(stored)
    changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
    order: list[JobId] = []
    restarts: dict[str, Restart] = {}
    for record in journal.changes(of.id):
        if record.status not in _UNDOABLE or not choice.has(record, plays):
            continue
        if modules.load(record.module).settles:
            if not record.target:
                restarts[record.job.host] = Restart(record.module, record.params or {})
        else:
            half = record.status != UNDONE and key(record) in half_back
            changes[record.job].append(replace(record, status=IN_DOUBT) if half else record)
            order.append(record.job)
    if restart:
        for job in changes:
            restarts.setdefault(job.host, Restart("", {}))
    graph = rollback_graph(stored.steps, stored.edges, order, frozenset(restarts), choice.hosts)
    order_targets(graph, (record for records in changes.values() for record in records))
    latest = {job: last_tries(records) for job, records in changes.items()}
    return _WayBack(of, latest, restarts, graph, choice)


def _walk(
    options: RollbackOptions,
    journal: Journal,
    fleet: Fleet,
    way: _WayBack,
    *,
    shown: bool = True,
    again: RunRecord | None = None,
) -> int:
    hosts = frozenset(job.host for job in way.changes) | frozenset(way.restarts)
    _require_known(fleet, hosts)
    asks = options.force and not options.yes and not options.check
    # A question at the terminal and a picture that redraws itself do not go together.
    view = replace(options.view, terminal=False) if asks else options.view
    conductor = Conductor(view, check=options.check, shown=shown)
    for line in irreversible_lines(way.changes.values(), kept(options)):
        conductor.notice(line)
    variables = Variables(
        fleet.inventory,
        fleet.extra,
        check_mode=options.check,
        playbook_dir=str(Path(way.of.playbook).parent),
        version=__version__,
    )
    # What was delegated is taken back where it was made.
    where = {record.where for records in way.changes.values() for record in records}
    uses = [(host, Way()) for host in hosts | where]
    hosts |= {record.held for records in way.changes.values() for record in records}
    links = make_links(fleet, variables, conductor.stop, uses, options.approach)
    unseal = Seals(fleet.keys, journal.path.parent, fleet.redactor.add).open
    way = replace(way, restarts={h: _restart(r, h, links) for h, r in way.restarts.items()})
    runs = [way.of.id, *earlier(journal, way.of)]
    left = [] if options.check else hosts_left(journal, fleet, runs, way.choice.hosts)
    written = WrittenUndos(collected(undoing(journal, way.of), options.doubt or Doubt.LEAVE))
    if options.check or not (way.changes or left):
        # With nothing to take back there is nothing to record either: it just says so.
        runtime = make_runtime("", (), fleet, conductor, variables, links)
        visit = _visit(options, way, replace(runtime, unseal=unseal), None, written)
        interrupted = _conduct(options, conductor, way, visit, links, "")
        return conductor.exit_code(interrupted=interrupted, detailed=options.detailed_exitcode)
    in_order = (*(h for h in way.graph.hosts if h in hosts), *sorted(hosts - {*way.graph.hosts}))
    record = again or record_of_rollback(options, way.of, in_order, way.choice.part)
    journal.breaking = breaking_of(options.locking, fleet.inventory.hosts)
    links.leasing = leasing_of(
        options.locking, journal, record.id, fleet, variables, conductor.notice
    )
    suspect(links, left, as_whom(journal, fleet, variables, runs))
    if again is None:
        journal.begin(record, PlanGraph(*graph_to_json(way.graph)))
    else:
        journal.reopen(record.id, os.getpid(), user=getpass.getuser(), why="runner resume")
    runtime = make_runtime(record.id, (), fleet, conductor, variables, links, journal)
    runtime = replace(runtime, unseal=unseal)
    visit = _visit(options, way, runtime, UndoLedger(journal, record.id), written)
    _conduct(options, conductor, way, visit, links, record.id, journal)
    code = conductor.exit_code(interrupted=bool(conductor.stop.level), detailed=False)
    return leave(code, conductor.stop)


def _require_known(fleet: Fleet, hosts: frozenset[str]) -> None:
    known = fleet.inventory
    missing = {h for h in hosts if h not in known.hosts and not known.is_localhost(h)}
    if missing:
        raise PatternError(
            f"not in the inventory: {', '.join(sorted(missing))}",
            hint="give the inventory of that run with -i, or limit the rollback with -l",
        )


def _restart(recorded: Restart, host: str, links: Links) -> Restart:
    """How to restart a host: as the run did, or as its shell needs it."""
    if recorded.module:
        return recorded
    return Restart(_RESTART_MODULES.get(links.get(host).login_shell, _RESTART_WINDOWS), {})


def _conduct(
    options: RollbackOptions,
    conductor: Conductor,
    way: _WayBack,
    visit: RollbackVisit,
    links: Links,
    run_id: str,
    journal: Journal | None = None,
) -> bool:
    def settle(interrupted: bool) -> None:
        if journal is not None:
            if not interrupted:
                clear_up(links)
            code = conductor.tally.exit_code(interrupted=interrupted, detailed=False)
            status = "interrupted" if interrupted else "failed" if code else "finished"
            journal.finish(run_id, status, code)

    return conductor.walk(
        way.graph,
        visit,
        run=run_id,
        verb="rollback check" if options.check else "rollback",
        title=f"{way.of.id}  {way.of.title}",
        steps=_steps(way),
        links=links,
        forks=options.forks,
        deadline=options.deadline,
        before_end=settle,
    )


def _visit(
    options: RollbackOptions,
    way: _WayBack,
    runtime: Runtime,
    ledger: UndoLedger | None,
    written: WrittenUndos,
) -> RollbackVisit:
    visit = RollbackVisit(
        runtime, way.changes, way.restarts, ledger, kept(options), written=written
    )
    if options.force:
        ask = None if options.yes or ledger is None else options.ask
        visit.insist = Forcing(ask, lambda: bool(runtime.stop.level))
    return FusedRollback(visit, Lines(way.graph)) if options.fuse else visit


def _steps(way: _WayBack) -> list[StepInfo]:
    modules_of = {job.step: records[0].module for job, records in way.changes.items()}
    return [
        StepInfo(s.name, "rollback", s.title, modules_of.get(s.name, ""), len(s.members))
        for s in way.graph.steps
        if s.kind is not StepKind.GATE and (s.name in modules_of or s.name == SETTLE_STEP)
    ]
