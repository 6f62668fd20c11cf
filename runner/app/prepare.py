"""From words to a graph: everything that can be found wrong is found here, before any host."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from runner import modules
from runner.app.fleet import Fleet, load_fleet
from runner.app.options import RunOptions
from runner.engine.graph import JobGraph
from runner.engine.graph_build import GraphBuilder
from runner.errors import PatternError, PlaybookError
from runner.interfaces.includes import Includes
from runner.interfaces.params import check_static
from runner.loading import patterns
from runner.loading.includes import Includer
from runner.loading.playbook import load_playbook
from runner.loading.problems import Problems
from runner.loading.prompts import Question, ask
from runner.loading.selection import select_tags, start_at_task
from runner.model.playbook import OnFailure, Play, Playbook, Task


@dataclass(frozen=True, slots=True)
class Prepared:
    """A playbook on a fleet, checked, with its graph. ``includes`` finds what it includes."""

    fleet: Fleet
    playbook: Playbook
    graph: JobGraph
    includes: Includes


def prepare(options: RunOptions) -> Prepared:
    """Load, select, validate and compile. Raises InputError with the place of what is wrong."""
    fleet = load_fleet(
        options.inventory,
        options.extra,
        options.password,
        options.playbook.parent,
        options.vault,
    )
    playbook = read_playbook(options.playbook, fleet, options.question)
    includes = Includer(
        playbook,
        modules.FREE_FORMS,
        fleet.templates,
        extra_vars=fleet.extra,
        keys=fleet.keys,
        tags=options.tags,
        skip_tags=options.skip_tags,
        check=lambda task: check_task(task, fleet),
    )
    if options.tags or options.skip_tags or any("never" in t.tags for t in playbook.all_tasks()):
        playbook = select_tags(playbook, options.tags, options.skip_tags)
    if options.start_at_task:
        playbook = start_at_task(playbook, options.start_at_task)
    check_tasks(playbook, fleet)
    for play in playbook.plays:
        _refuse_unsupported(play)
    # A play may be on this machine although no inventory names it.
    here = [name for p in playbook.plays for name in patterns.implicit(fleet.inventory, p.hosts)]
    fleet = replace(fleet, inventory=fleet.inventory.with_localhost(here))
    return Prepared(fleet, playbook, _graph(options, playbook, fleet), includes)


def read_playbook(path: Path, fleet: Fleet, question: Question | None = None) -> Playbook:
    """The playbook with all it refers to. ``question`` asks a person for ``vars_prompt``; without
    one nobody is there to be asked."""
    put = question or (lambda _text, _private, _default, _confirm: None)
    return load_playbook(
        path,
        modules.FREE_FORMS,
        templates=fleet.templates,
        extra_vars=fleet.extra,
        keys=fleet.keys,
        answers=lambda prompts: ask(prompts, fleet.extra, put),
    )


def check_tasks(playbook: Playbook, fleet: Fleet) -> None:
    """Check the parameters of every task; raises InputErrors with all that is wrong."""
    problems = Problems()
    for task in playbook.all_tasks():
        with problems.collect():
            check_task(task, fleet)
    problems.raise_if_any()


def check_task(task: Task, fleet: Fleet) -> None:
    """Check what can be known of a task's parameters before it runs. Raises ParamsError."""
    if task.include is None:
        check_static(
            modules.load(task.module),
            task.args,
            fleet.templates.is_template,
            task.arg_sources,
            task.source,
        )


def _graph(options: RunOptions, playbook: Playbook, fleet: Fleet) -> JobGraph:
    limit = None
    if options.limit is not None:
        everyone = fleet.inventory.hosts
        limit = frozenset(patterns.limit(fleet.inventory, everyone, options.limit))
    builder = GraphBuilder(
        fleet.inventory, patterns.select, limit, force_handlers=options.force_handlers
    )
    graph = builder.build(playbook)
    if not any(step.members for step in graph.steps):
        raise PatternError(
            f"no host is left: none of the playbook's hosts is in '{options.limit}'",
            hint="see who there is with: runner inventory --list",
        )
    return graph


def _refuse_unsupported(play: Play) -> None:
    if play.on_failure in (OnFailure.ROLLBACK, OnFailure.ROLLBACK_ALL):
        raise PlaybookError(
            f"'on_failure: {play.on_failure}' is not supported yet",
            source=play.source,
            hint="use 'on_failure: stop', and take the run back with: runner rollback last",
        )
