"""How a run reaches its hosts: the settings of each, checked before any is contacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from runner import shells, transports
from runner.app.fleet import Fleet
from runner.app.prepare import Prepared
from runner.engine.graph import StepKind
from runner.engine.magic import RUN_MAGIC
from runner.engine.runtime import Links
from runner.engine.session import Link
from runner.engine.stop import Stop
from runner.engine.variables import Variables
from runner.errors import InventoryError
from runner.loading.words import suggestion
from runner.model.secret import SECRET_VARIABLES, Secret
from runner.model.task import Way

DEFAULT_CONNECTION: Final = "winrm"
_NOT_SETTINGS = RUN_MAGIC | {"ansible_facts"}


def ways(prepared: Prepared) -> Iterator[tuple[str, Way]]:
    """The hosts that take part, each with the ways in which the playbook reaches it.

    What only a host knows (a template, an include) is left out: it is looked at when it is used.
    """
    graph, templates = prepared.graph, prepared.fleet.templates
    found: dict[tuple[frozenset[int], Way], None] = {}
    for step in graph.steps:
        if step.kind is StepKind.GATE or (step.task and step.task.delegate_to is not None):
            continue
        way = step.task.way if step.task else prepared.playbook.plays[step.play].way
        if not templates.is_template([way.connection, way.user, way.port]):
            found[step.members, way] = None
    for members, way in found:
        for host in sorted(members):
            yield graph.hosts[host], way


def make_links(
    fleet: Fleet, variables: Variables, stop: Stop, uses: Iterable[tuple[str, Way]]
) -> Links:
    """The links of hosts, with the connection settings of these uses checked at once.

    Raises InventoryError for a setting that is unknown or contradictory, before any contact.
    """
    ready = {use: _link(*use, fleet, variables, stop) for use in uses}

    def make(host: str, way: Way) -> Link:
        return ready.get((host, way)) or _link(host, way, fleet, variables, stop)

    return Links(make)


def _link(host: str, way: Way, fleet: Fleet, variables: Variables, stop: Stop) -> Link:
    """The link to a host. As in Ansible, what the inventory says wins over the playbook's words.

    Source: Ansible, "Controlling how Ansible behaves: precedence rules".
    """
    settings = connection_settings(fleet, variables.of_host(host))
    for name, said in (("connection", way.connection), ("user", way.user), ("port", way.port)):
        if said is not None:
            settings.setdefault(f"ansible_{name}", said)
    transport = transports.load(str(settings.get("ansible_connection", DEFAULT_CONNECTION)))
    return Link(
        host=host,
        transport=transport,
        options=transport.options(host, settings),
        shells=shells.load,
        login_shell=_login_shell(host, settings, transport.default_shell),
        stop=stop,
    )


def connection_settings(fleet: Fleet, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection variables, rendered; what was a secret is masked from now on.

    Passwords stay wrapped. Other settings that stood encrypted are what they stand for: a
    transport must know its own name.
    """
    settings: dict[str, Any] = {}
    for key in variables:
        if not key.startswith("ansible_") or key in _NOT_SETTINGS:
            continue
        value = variables[key]
        if isinstance(value, Secret):
            revealed = str(fleet.templates.render(value.reveal(), variables))
            fleet.redactor.add(revealed)
            settings[key] = Secret(revealed) if key in SECRET_VARIABLES else revealed
        else:
            settings[key] = fleet.templates.render(value, variables)
    return settings


def _login_shell(host: str, settings: Mapping[str, Any], default: str) -> str:
    """The language at the other end: ``ansible_shell_type`` (cmd, powershell, sh), or the
    transport's own."""
    said = settings.get("ansible_shell_type")
    if said is None:
        return default
    if str(said) not in shells.names():
        hint = suggestion(str(said), shells.names())
        raise InventoryError(f"{host}: ansible_shell_type '{said}' is not known", hint=hint)
    return str(said)
