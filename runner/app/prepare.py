"""From words to a graph: everything that can be found wrong is found here, before any host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import modules, shells, transports
from runner.app.options import RunOptions
from runner.engine.graph import JobGraph
from runner.engine.graph_build import GraphBuilder
from runner.engine.runtime import Links
from runner.engine.session import Link
from runner.engine.stop import Stop
from runner.engine.variables import Variables
from runner.errors import PatternError
from runner.interfaces.params import check_static
from runner.interfaces.template import Templates
from runner.loading import patterns
from runner.loading.inventory import load_inventory
from runner.loading.playbook import load_playbook
from runner.loading.selection import select_tags, start_at_task
from runner.loading.templates import JinjaTemplates
from runner.loading.variables import parse_extra_vars
from runner.model.inventory import Inventory
from runner.model.playbook import Playbook, Task
from runner.model.secret import SECRET_VARIABLES, Redactor, Secret

DEFAULT_CONNECTION = "winrm"


@dataclass(frozen=True, slots=True)
class Fleet:
    """An inventory with what is needed to reach its hosts."""

    inventory: Inventory
    extra: Mapping[str, Any]
    templates: Templates
    redactor: Redactor


@dataclass(frozen=True, slots=True)
class Prepared:
    """A playbook on a fleet, checked, with its graph."""

    fleet: Fleet
    playbook: Playbook
    graph: JobGraph


def load_fleet(
    paths: tuple[Path, ...],
    extra: tuple[str, ...],
    password: str | None = None,
    playbook_dir: Path | None = None,
) -> Fleet:
    """Read the inventory and the extra variables; a password from the prompt wins over both."""
    inventory = load_inventory(paths, playbook_dir=playbook_dir)
    variables = dict(parse_extra_vars(list(extra)))
    for name in SECRET_VARIABLES & variables.keys():
        if not isinstance(variables[name], Secret):
            variables[name] = Secret(str(variables[name]))
    if password is not None:
        variables["ansible_password"] = Secret(password)
    known = [s.reveal() for s in secrets_in(variables)]
    for host in inventory.hosts.values():
        known += [s.reveal() for s in secrets_in(dict(host.vars))]
    return Fleet(inventory, variables, JinjaTemplates(playbook_dir), Redactor(known))


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every secret in a nested value."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner)


def prepare(options: RunOptions) -> Prepared:
    """Load, select, validate and compile. Raises InputError with the place of what is wrong."""
    fleet = load_fleet(options.inventory, options.extra, options.password, options.playbook.parent)
    free_form = modules.takes_free_form()
    playbook = load_playbook(
        options.playbook,
        {name: name in free_form for name in modules.names()},
        templates=fleet.templates,
        extra_vars=fleet.extra,
    )
    if options.tags or options.skip_tags:
        playbook = select_tags(playbook, options.tags, options.skip_tags)
    if options.start_at_task:
        playbook = start_at_task(playbook, options.start_at_task)
    for task in _tasks(playbook):
        check_static(
            modules.load(task.module),
            task.args,
            fleet.templates.is_template,
            task.arg_sources,
            task.source,
        )
    limit = None
    if options.limit is not None:
        everyone = patterns.select(fleet.inventory, "all")
        limit = frozenset(patterns.limit(fleet.inventory, everyone, options.limit))
    graph = GraphBuilder(fleet.inventory, patterns.select, limit).build(playbook)
    if not any(step.members for step in graph.steps):
        raise PatternError(
            f"no host is left: none of the playbook's hosts is in '{options.limit}'",
            hint="see who there is with: runner inventory --list",
        )
    return Prepared(fleet, playbook, graph)


def _tasks(playbook: Playbook) -> Iterator[Task]:
    for play in playbook.plays:
        yield from play.tasks
        yield from play.handlers


def make_links(fleet: Fleet, variables: Variables, stop: Stop, hosts: Iterable[str]) -> Links:
    """The links of these hosts, with every host's connection settings checked at once.

    Raises InventoryError for a setting that is unknown or contradictory, before any contact.
    """
    ready = {name: _link(name, fleet, variables, stop) for name in hosts}
    return Links(lambda host: ready.get(host) or _link(host, fleet, variables, stop))


def _link(host: str, fleet: Fleet, variables: Variables, stop: Stop) -> Link:
    settings = connection_settings(fleet, variables.of_host(host))
    transport = transports.load(str(settings.get("ansible_connection", DEFAULT_CONNECTION)))
    return Link(
        host=host,
        transport=transport,
        options=transport.options(host, settings),
        shells=shells.load,
        login_shell=transport.default_shell,
        stop=stop,
    )


def connection_settings(fleet: Fleet, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection variables, rendered; a rendered secret stays one and is masked from now on."""
    settings: dict[str, Any] = {}
    for key in variables:
        if not key.startswith("ansible_") or key in _NOT_SETTINGS:
            continue
        value = variables[key]
        if isinstance(value, Secret):
            revealed = str(fleet.templates.render(value.reveal(), variables))
            fleet.redactor.add(revealed)
            settings[key] = Secret(revealed)
        else:
            settings[key] = fleet.templates.render(value, variables)
    return settings


_NOT_SETTINGS = frozenset({"ansible_check_mode", "ansible_facts"})
