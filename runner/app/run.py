"""``runner run``: carry a playbook out, or (``--check``) preview it."""

from __future__ import annotations

import getpass
import os
import sys
import time
from dataclasses import replace
from typing import Any

from runner import __version__
from runner.app.conduct import Conductor, leave, step_infos
from runner.app.ledger import RunLedger
from runner.app.links import make_links, ways
from runner.app.options import RunOptions
from runner.app.prepare import Prepared, prepare
from runner.app.wiring import make_runtime
from runner.engine.graph_rollback import graph_to_json
from runner.engine.runtime import Links
from runner.engine.variables import Variables
from runner.engine.visit_check import CheckVisit
from runner.engine.visit_run import RunVisit
from runner.journal.journal import Journal
from runner.journal.records import RunRecord, new_run_id
from runner.model.playbook import Task
from runner.model.source import Source


def run(options: RunOptions) -> int:
    """Run or preview a playbook; gives the exit code."""
    prepared = prepare(options)
    view = options.view
    if not options.check and any(map(asks, prepared.playbook.all_tasks())):
        # A question at the terminal and a picture that redraws itself do not go together.
        view = replace(view, terminal=False)
    conductor = Conductor(view, check=options.check)
    for warning in prepared.fleet.inventory.warnings:
        conductor.notice(warning)
    variables = _variables(prepared, options)
    links = make_links(prepared.fleet, variables, conductor.stop, ways(prepared), options.approach)
    if options.check:
        return _check(options, prepared, conductor, variables, links)
    return _run(options, prepared, conductor, variables, links)


def _check(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    variables: Variables,
    links: Links,
) -> int:
    runtime = make_runtime(
        "",
        prepared.playbook.plays,
        prepared.fleet,
        conductor,
        variables,
        links,
        includes=prepared.includes,
    )
    interrupted = conductor.walk(
        prepared.graph,
        CheckVisit(runtime),
        run="",
        verb="check",
        title=str(options.playbook),
        steps=_steps(prepared),
        links=links,
        forks=options.forks,
    )
    return conductor.exit_code(interrupted=interrupted, detailed=options.detailed_exitcode)


def _run(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    variables: Variables,
    links: Links,
) -> int:
    with Journal.open() as journal:
        record = _record(options, prepared)
        journal.begin(record)
        journal.plan_graph(record.id, *graph_to_json(prepared.graph))
        plays, redactor = prepared.playbook.plays, prepared.fleet.redactor
        runtime = make_runtime(
            record.id,
            plays,
            prepared.fleet,
            conductor,
            variables,
            links,
            journal,
            _ask,
            prepared.includes,
        )

        def settle(interrupted: bool) -> None:
            code = conductor.tally.exit_code(interrupted=interrupted, detailed=False)
            status = "interrupted" if interrupted else "failed" if code else "finished"
            journal.finish(record.id, status, code)

        interrupted = conductor.walk(
            prepared.graph,
            RunVisit(runtime, RunLedger(journal, record.id, redactor)),
            run=record.id,
            verb="run",
            title=str(options.playbook),
            steps=_steps(prepared),
            links=links,
            forks=options.forks,
            before_end=settle,
        )
        code = conductor.exit_code(interrupted=interrupted, detailed=False)
    return leave(code, conductor.stop)


def _hosts(prepared: Prepared) -> tuple[str, ...]:
    """The hosts that take part, in the inventory's order."""
    graph = prepared.graph
    members: frozenset[int] = frozenset().union(*(s.members for s in graph.steps))
    return tuple(graph.hosts[i] for i in sorted(members))


def _steps(prepared: Prepared) -> Any:
    return step_infos(prepared.graph, [p.name for p in prepared.playbook.plays])


def _variables(prepared: Prepared, options: RunOptions) -> Variables:
    batches = _batches(prepared)
    return Variables(
        prepared.fleet.inventory,
        prepared.fleet.extra,
        check_mode=options.check,
        playbook_dir=str(options.playbook.parent.resolve()),
        play_hosts={source: [h for batch in of for h in batch] for source, of in batches.items()},
        batches=batches,
        version=__version__,
        verbosity=options.view.verbosity,
        diff_mode=options.view.diff,
        forks=options.forks,
        limit=options.limit,
        run_tags=options.tags,
        skip_tags=options.skip_tags,
        as_data=prepared.fleet.templates.as_data,
    )


def _batches(prepared: Prepared) -> dict[Source, list[list[str]]]:
    """The hosts of each play, batch by batch, in the order in which it takes them."""
    graph = prepared.graph
    return {
        prepared.playbook.plays[step.play].source: [
            [graph.hosts[i] for i in group] for group in step.groups
        ]
        for step in graph.steps
        if step.groups
    }


def asks(task: Task) -> bool:
    """Whether the task may put a question to a person."""
    return task.module == "pause" and not {"seconds", "minutes"} & task.args.keys()


def _ask(prompt: str) -> str | None:
    """Put a question to the terminal; without one there is nobody to ask."""
    if not sys.stdin.isatty():
        return None
    return input(f"\n{prompt} ")


def _record(options: RunOptions, prepared: Prepared) -> RunRecord:
    return RunRecord(
        id=new_run_id(),
        verb="run",
        title=str(options.playbook),
        playbook=str(options.playbook.resolve()),
        inventory=tuple(str(p.resolve()) for p in options.inventory),
        digest=prepared.playbook.digest,
        hosts=_hosts(prepared),
        started=time.time(),
        user=getpass.getuser(),
        pid=os.getpid(),
        version=__version__,
        options={
            "limit": options.limit,
            "tags": list(options.tags),
            "skip_tags": list(options.skip_tags),
            "start_at_task": options.start_at_task,
            "extra": sorted(prepared.fleet.extra),
        },
    )
