"""The variables with which a playbook is run or previewed."""

from __future__ import annotations

from runner import __version__
from runner.app.options import RunOptions
from runner.app.prepare import Prepared
from runner.engine.variables import Variables
from runner.model.source import Source


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
