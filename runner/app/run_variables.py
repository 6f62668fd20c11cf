"""The variables with which a playbook is run or previewed."""

from __future__ import annotations

import re
from typing import Final

from runner import __version__
from runner.app.wiring.home import home
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared
from runner.engine.variables.spool import Spool
from runner.engine.variables.variables import Variables
from runner.engine.visits.local import INCLUDE_VARS
from runner.model.source import Source

_ASKS: Final = re.compile(r"hostvars|template|lookup|query|\bq\(")


def run_variables(
    prepared: Prepared, options: RunOptions, kind: type[Variables] = Variables
) -> Variables:
    """All variables of a run's hosts, those that tell of the run itself among them."""
    batches = _batches(prepared)
    return kind(
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
        spool=Spool(home()),
        private=lambda: is_private(prepared),
    )


def is_private(prepared: Prepared) -> bool:
    """Whether surely no host of this run ever looks at what it has learned about another: nobody
    is delegated to, and no text asks, nor reads another text that might (``include_vars``, files of
    variables that are known on a host only)."""
    tasks = [*prepared.playbook.all_tasks(), *prepared.known]
    is_template = prepared.fleet.templates.is_template
    if prepared.stages or any(play.vars_files for play in prepared.playbook.plays):
        return False
    if any(
        task.delegate_to is not None
        or task.module == INCLUDE_VARS
        or (task.include is not None and is_template(dict(task.args)))
        for task in tasks
    ):
        return False
    texts: list[object] = [*prepared.playbook.plays, *prepared.known, prepared.fleet.extra]
    texts += prepared.fleet.inventory.all_vars()
    return not any(_ASKS.search(repr(text)) for text in texts)


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
