"""From words to a graph: everything that can be found wrong is found here, before any host."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner import __version__, modules
from runner.app.wiring.become_check import bad_become
from runner.app.wiring.building import Building, building
from runner.app.wiring.fleet import Fleet, load_fleet
from runner.app.wiring.options import RunOptions
from runner.engine.graph.graph import JobGraph
from runner.engine.variables.magic import MAGIC_VERSION
from runner.errors import ParamsError, PlaybookError
from runner.interfaces.includes import Includes
from runner.interfaces.params import check_static
from runner.interfaces.params import problems as find_problems
from runner.loading import patterns
from runner.loading.playbook.includes import Includer
from runner.loading.playbook.playbook import load_playbook
from runner.loading.playbook.prompts import Question, ask
from runner.loading.playbook.selection import select_tags, start_at_task
from runner.loading.text.problems import Problems
from runner.model.playbook import Play, Playbook, Task


@dataclass(frozen=True, slots=True)
class Prepared:
    """A playbook on a fleet, checked, with its graph. ``includes`` finds what it includes.

    ``building`` builds the graph anew in a run whose inventory grows. ``known`` are all tasks that
    were read, those of includes that are known before the run among them.
    """

    fleet: Fleet
    playbook: Playbook
    graph: JobGraph
    includes: Includes
    building: Building
    known: tuple[Task, ...] = ()

    @property
    def stages(self) -> tuple[int, ...]:
        """The numbers of the plays after which other hosts may take part in the next ones."""
        return self.building.stages


def prepare(options: RunOptions, only: frozenset[str] | None = None) -> Prepared:
    """Load, select, validate and compile. Raises InputError with the place of what is wrong.

    ``only`` leaves out all other hosts, as ``options.limit`` does.
    """
    fleet = load_fleet(
        options.inventory,
        options.extra,
        options.password,
        options.playbook.parent,
        options.vault,
    )
    read: list[Task] = []
    magic = run_magic(options)
    playbook = read_playbook(options.playbook, fleet, options.question, magic, read.append)
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
    # A play may be on this machine although no inventory names it.
    here = [name for p in playbook.plays for name in patterns.implicit(fleet.inventory, p.hosts)]
    fleet = replace(fleet, inventory=fleet.inventory.with_localhost(here))
    how = building(options, playbook, read, fleet.templates.is_template, only)
    return Prepared(fleet, playbook, how.first(fleet.inventory), includes, how, tuple(read))


def run_magic(options: RunOptions) -> dict[str, Any]:
    """What every template of a run is told about the run itself, before any host is known, too."""
    magic: dict[str, Any] = {
        "ansible_check_mode": options.check,
        "ansible_diff_mode": options.view.diff,
        "ansible_verbosity": options.view.verbosity,
        "ansible_version": MAGIC_VERSION,
        "ansible_run_tags": list(options.tags) or ["all"],
        "ansible_skip_tags": list(options.skip_tags),
        "ansible_inventory_sources": [str(path) for path in options.inventory],
        "ansible_playbook_python": sys.executable,
        "runner_version": __version__,
    }
    if options.forks is not None:
        magic["ansible_forks"] = options.forks
    if options.limit is not None:
        magic["ansible_limit"] = options.limit
    return magic


def narrowed(prepared: Prepared, options: RunOptions, only: frozenset[str]) -> Prepared:
    """The same with fewer hosts."""
    how = replace(prepared.building, options=options, only=only)
    return replace(prepared, graph=how.first(prepared.fleet.inventory), building=how)


def read_playbook(
    path: Path,
    fleet: Fleet,
    question: Question | None = None,
    run: Mapping[str, Any] | None = None,
    told: Callable[[Task], None] = lambda _task: None,
) -> Playbook:
    """The playbook with all it refers to. ``question`` asks a person for ``vars_prompt``; without
    one nobody is there to be asked. ``run`` are the magic variables of the run; ``told`` gets each
    task, those of includes that are known before the run among them."""

    def check(task: Task) -> None:
        told(task)
        check_task(task, fleet)

    put = question or (lambda _text, _private, _default, _confirm: None)
    return load_playbook(
        path,
        modules.FREE_FORMS,
        templates=fleet.templates,
        extra_vars=fleet.extra,
        keys=fleet.keys,
        answers=lambda prompts: ask(prompts, fleet.extra, put),
        check=check,
        run=run,
    )


def check_tasks(playbook: Playbook, fleet: Fleet) -> None:
    """Check the parameters of every task; raises InputErrors with all that is wrong."""
    problems = Problems()
    for task in playbook.all_tasks():
        with problems.collect():
            check_task(task, fleet)
    for play in playbook.plays:
        for error in gathering_problems(play):
            problems.note(error)
    problems.raise_if_any()


def gathering_problems(play: Play) -> tuple[ParamsError, ...]:
    """What is wrong with the facts that a play asks for."""
    if not play.gather_subset:
        return ()
    asked = {"gather_subset": list(play.gather_subset)}
    return find_problems(modules.load("setup"), asked, lambda value: False, {}, play.source)


def check_task(task: Task, fleet: Fleet) -> None:
    """Check what can be known of a task before it runs. Raises InputError with the place."""
    if problem := bad_become(task, fleet.templates.is_template):
        raise PlaybookError(problem[0], source=task.source, hint=problem[1])
    if task.include is None:
        check_static(
            modules.load(task.module),
            task.args,
            fleet.templates.is_template,
            task.arg_sources,
            task.source,
        )
