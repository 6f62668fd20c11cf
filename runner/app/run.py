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
from runner.app.options import RunOptions
from runner.app.prepare import Prepared, make_links, prepare
from runner.app.wiring import make_runtime
from runner.engine.graph_rollback import graph_to_json
from runner.engine.runtime import Links
from runner.engine.variables import Variables
from runner.engine.visit_check import CheckVisit
from runner.engine.visit_run import RunVisit
from runner.journal.journal import Journal
from runner.journal.records import RunRecord, new_run_id
from runner.model.playbook import Task


def run(options: RunOptions) -> int:
    """Run or preview a playbook; gives the exit code."""
    prepared = prepare(options)
    view = options.view
    if not options.check and any(asks(t) for p in prepared.playbook.plays for t in p.tasks):
        # A question at the terminal and a picture that redraws itself do not go together.
        view = replace(view, terminal=False)
    conductor = Conductor(view, check=options.check)
    variables = _variables(prepared, options)
    links = make_links(prepared.fleet, variables, conductor.stop, _hosts(prepared))
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
    plays = prepared.playbook.plays
    runtime = make_runtime("", plays, prepared.fleet, conductor, variables, links)
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
            record.id, plays, prepared.fleet, conductor, variables, links, journal, _ask
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
    graph = prepared.graph
    play_hosts = {
        prepared.playbook.plays[step.play].source: [graph.hosts[i] for i in sorted(step.members)]
        for step in graph.steps
    }
    return Variables(
        prepared.fleet.inventory,
        prepared.fleet.extra,
        check_mode=options.check,
        playbook_dir=str(options.playbook.parent.resolve()),
        play_hosts=play_hosts,
        version=__version__,
        verbosity=options.view.verbosity,
    )


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
