"""Carry out what was prepared, on record, or foretell what that would change.

What ``run``, ``apply``, ``resume`` and ``rehearse`` have in common.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.app.clearing import clear_up
from runner.app.on_failure import undo_failed_plays
from runner.app.run_records import record_of
from runner.app.run_variables import run_variables
from runner.app.wiring.asking import asking, asks
from runner.app.wiring.conduct import Conductor, leave, step_infos
from runner.app.wiring.growing import Growing, announced
from runner.app.wiring.leases import breaking_of, leasing_of
from runner.app.wiring.ledger import RunLedger, run_ledger
from runner.app.wiring.links import make_links, ways
from runner.app.wiring.offering import Offers
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared, prepare
from runner.app.wiring.runtime import make_runtime
from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.graph.lines import Lines
from runner.engine.graph.rollback import graph_to_json
from runner.engine.runtime import Links, Runtime
from runner.engine.variables.variables import Variables
from runner.engine.visits.check import CheckVisit, Foresee
from runner.engine.visits.run import RunVisit
from runner.journal.applied import Admit
from runner.journal.journal import Journal
from runner.journal.records import PlanGraph, RunRecord
from runner.reporting.bus import Subscriber

if TYPE_CHECKING:  # most runs do not go on
    from runner.app.keep_trying import Sweep
    from runner.engine.undoing.undo import Doubt
    from runner.engine.visits.resume import Past

Recorded: TypeAlias = Callable[[Conductor, Journal, RunRecord], int]
"""Walks for a run that the journal knows; gives the exit code."""


def run_prepared(options: RunOptions, prepared: Prepared, notice: str = "") -> int:
    """Carry it out, or preview it, in this process; ``notice`` is told at the start. Gives the exit
    code."""
    conductor = conduct(options, prepared)
    if notice:
        conductor.notice(notice)
    if options.check:
        interrupted = foretell(options, prepared, conductor)
        return conductor.exit_code(interrupted=interrupted, detailed=options.detailed_exitcode)
    return carry_out(options, prepared, conductor)


def conduct(
    options: RunOptions,
    prepared: Prepared,
    *also: Subscriber,
    only: frozenset[str] | None = None,
) -> Conductor:
    """A conductor for this playbook; ``also`` are told what happens, too. Lines about single jobs
    are shown of the hosts ``only``."""
    view = options.view
    if not options.check and any(map(asks, prepared.playbook.all_tasks())):
        # A question at the terminal and a picture that redraws itself do not go together.
        view = replace(view, terminal=False)
    conductor = Conductor(view, check=options.check, also=also, only=only)
    for warning in (*prepared.fleet.inventory.warnings, *prepared.graph.notes):
        conductor.notice(warning)
    return conductor


def foretell(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    foresee: Foresee | None = None,
) -> bool:
    """A dry run; says whether it was interrupted. ``foresee`` is told each change."""
    variables, links = _reach(options, prepared, conductor)
    runtime = make_runtime(
        "",
        prepared.playbook.plays,
        prepared.fleet,
        conductor,
        variables,
        links,
        includes=prepared.includes,
        stages=prepared.stages,
    )
    visit = CheckVisit(runtime, foresee)
    if fuses(options, prepared):
        visit.look_ahead(Lines(prepared.graph))
    return conductor.walk(
        prepared.graph,
        visit,
        run="",
        verb="check",
        title=str(options.playbook),
        steps=_steps(prepared),
        links=links,
        forks=options.forks,
        deadline=options.deadline,
        stages=prepared.stages,
        regrow=Growing(prepared, visit.roster, variables, conductor),
    )


def carry_out(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    approve: Foresee | None = None,
    plan: bytes | None = None,
    also: Sequence[Subscriber] = (),
    recorded: Recorded | None = None,
    admit: Admit | None = None,
) -> int:
    """The real thing, on record; gives the exit code.

    ``approve`` raises Drifted for what is not to be changed. ``plan`` is what is applied. ``also``
    are told of further sweeps, too. ``recorded`` walks in place of ``on_record``. ``admit`` says
    whether the plan may be applied, after the runs that applied it already.
    """
    # Where the journal refuses, nothing walks, and nobody else closes the reports.
    with closing(conductor), Journal.open() as journal:
        record = record_of(options, prepared, plan)
        journal.breaking = breaking_of(options.locking, prepared.fleet.inventory.hosts)
        journal.begin(record, PlanGraph(*graph_to_json(prepared.graph)), plan, admit)

        def walk(conductor: Conductor, journal: Journal, record: RunRecord) -> int:
            return on_record(
                options,
                prepared,
                conductor,
                journal,
                record,
                lambda runtime, ledger: (
                    FusedVisit(runtime, ledger, Lines(prepared.graph), approve)
                    if fuses(options, prepared)
                    else RunVisit(runtime, ledger, approve)
                ),
            )

        code = (recorded or walk)(conductor, journal, record)
        if options.keep_trying is not None:
            from runner.app.keep_trying import keep_trying

            sweep = sweeper(prepared, journal, record, approve, also)
            code, conductor = keep_trying(options, sweep, journal, record, code, conductor, warn)
        undo_failed_plays(options, prepared, conductor, journal, record)
    return leave(code, conductor.stop)


def fuses(options: RunOptions, prepared: Prepared) -> bool:
    """Whether jobs that follow one another may share exchanges. In a run whose hosts become others
    on the way they do not."""
    return options.fuse and not prepared.stages


def sweeper(
    prepared: Prepared,
    journal: Journal,
    record: RunRecord,
    approve: Foresee | None,
    also: Sequence[Subscriber] = (),
    doubt: Doubt | None = None,
) -> Sweep:
    """What goes on with this run for ``--keep-trying``. Without ``doubt``: Doubt.LEAVE."""
    from runner.engine.undoing.undo import Doubt
    from runner.engine.visits.resume import ResumeVisit

    in_doubt = doubt or Doubt.LEAVE

    def sweep(options: RunOptions, past: Past, hosts: frozenset[str]) -> tuple[int, Conductor]:
        # A run that added hosts has an inventory by now that is not the one it began with.
        found = prepare(options, frozenset(record.hosts)) if prepared.stages else prepared
        conductor = conduct(options, found, *also, only=hosts)
        code = on_record(
            options,
            found,
            conductor,
            journal,
            record,
            lambda runtime, ledger: ResumeVisit(runtime, ledger, past, in_doubt, approve),
        )
        return code, conductor

    return sweep


def warn(text: str) -> None:
    """Tell something between two sweeps, when nobody shows anything."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def on_record(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    journal: Journal,
    record: RunRecord,
    make: Callable[[Runtime, RunLedger], RunVisit],
) -> int:
    """Walk for a run that the journal knows, and say there how it ended; gives the exit code."""
    variables, links = _reach(options, prepared, conductor)
    links.leasing = leasing_of(
        options.locking, journal, record.id, prepared.fleet, variables, conductor.notice
    )
    with closing(Offers(conductor.notice)) as offers:
        runtime = make_runtime(
            record.id,
            prepared.playbook.plays,
            prepared.fleet,
            conductor,
            variables,
            links,
            journal,
            asking(conductor.stop),
            prepared.includes,
            prepared.stages,
            offers,
        )
        visit = make(runtime, run_ledger(journal, record.id, prepared.fleet))
        interrupted = conductor.walk(
            prepared.graph,
            visit,
            run=record.id,
            verb=record.verb,
            title=str(options.playbook),
            steps=_steps(prepared),
            links=links,
            forks=options.forks,
            deadline=options.deadline,
            before_end=settling(conductor, journal, record.id, links),
            stages=prepared.stages,
            regrow=Growing(
                prepared,
                visit.roster,
                variables,
                conductor,
                keep=lambda graph: journal.plan_graph(record.id, *graph_to_json(graph)),
                claim=lambda host: journal.claim(record.id, host),
            ),
        )
    return conductor.exit_code(interrupted=interrupted, detailed=False)


def settling(
    conductor: Conductor, journal: Journal, run: str, links: Links | None = None
) -> Callable[[bool], None]:
    """Says in the journal how the run ended, when no dead run's lease is left where links lead."""

    def settle(interrupted: bool) -> None:
        if links is not None and not interrupted:
            clear_up(links)
        code = conductor.tally.exit_code(interrupted=interrupted, detailed=False)
        status = "interrupted" if interrupted else "failed" if code else "finished"
        journal.finish(run, status, code)

    return settle


def _reach(
    options: RunOptions, prepared: Prepared, conductor: Conductor
) -> tuple[Variables, Links]:
    variables = run_variables(prepared, options)
    links = make_links(prepared.fleet, variables, conductor.stop, ways(prepared), options.approach)
    return variables, links


def _steps(prepared: Prepared) -> Any:
    infos = step_infos(prepared.graph, [p.name for p in prepared.playbook.plays])
    return announced(infos, prepared.graph, prepared.stages)
