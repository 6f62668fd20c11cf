"""How a run reaches its hosts: the settings of each, checked before any is contacted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from runner import shells, transports
from runner.app.wiring.descriptors import require_some
from runner.app.wiring.fleet import Fleet
from runner.app.wiring.options import DEFAULT_APPROACH, Approach
from runner.app.wiring.prepare import Prepared
from runner.app.wiring.twins import Withheld
from runner.engine.graph.graph import StepKind
from runner.engine.hosts.access import Access
from runner.engine.hosts.link import Link
from runner.engine.hosts.pacing import AT_ONCE, BURST, RATE, PaceSettings
from runner.engine.runtime import Links
from runner.engine.stop import Stop
from runner.engine.variables.magic import RUN_MAGIC
from runner.engine.variables.variables import Variables
from runner.errors import InventoryError
from runner.interfaces.transport import Transport
from runner.loading.text.words import suggestion
from runner.model.secret import SECRET_VARIABLES, Secret
from runner.model.task import Way

DEFAULT_CONNECTION: Final = "winrm"
RATE_VARIABLE: Final = "runner_connect_rate"
AT_ONCE_VARIABLE: Final = "runner_connect_at_once"
KEEP_TRYING_VARIABLE: Final = "runner_keep_trying_credentials"
_SAME_LANGUAGE: Final = {"sh": "posix"}
"""Ansible's names of languages that have another one here."""
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
    fleet: Fleet,
    variables: Variables,
    stop: Stop,
    uses: Iterable[tuple[str, Way]],
    wanted: Approach = DEFAULT_APPROACH,
) -> Links:
    """The links of hosts, with the connection settings of these uses checked at once.

    Raises InventoryError for a setting that is unknown or contradictory, before any contact, and
    UsageError where this process may open no connections.
    """
    require_some()
    uses = tuple(uses)
    access = _access(fleet, variables, stop, dict.fromkeys(host for host, _ in uses), wanted)
    ready = {use: _link(*use, fleet, variables, access) for use in uses}

    def make(host: str, way: Way) -> Link:
        return ready.get((host, way)) or _link(host, way, fleet, variables, access)

    return Links(make, access)


def _access(
    fleet: Fleet, variables: Variables, stop: Stop, hosts: Iterable[str], wanted: Approach
) -> Access:
    """The pace of the run, and the hosts whose passwords are their own: as the command line says,
    or else the inventory. Of several rates the lowest counts."""
    rates: list[float] = []
    at_once: list[int] = []
    keep_trying: set[str] = set()
    for host in hosts:
        settings = variables.of_host(host)

        def said(name: str, host: str = host, settings: Mapping[str, Any] = settings) -> Any:
            return (
                fleet.templates.render(settings.get(name), settings) if name in settings else None
            )

        rates += _number(host, RATE_VARIABLE, said(RATE_VARIABLE))
        at_once += [int(n) for n in _number(host, AT_ONCE_VARIABLE, said(AT_ONCE_VARIABLE))]
        if wanted.keep_trying or truth(host, KEEP_TRYING_VARIABLE, said(KEEP_TRYING_VARIABLE)):
            keep_trying.add(host)
    slowest = min((rate or math.inf for rate in rates), default=RATE)
    rate = wanted.rate if wanted.rate is not None else 0.0 if slowest == math.inf else slowest
    most = min(at_once, default=AT_ONCE)
    return Access(stop, PaceSettings(rate, BURST, most), keep_trying=frozenset(keep_trying))


def _number(host: str, name: str, value: Any) -> list[float]:
    """The number that a variable says, if it says one. Raises InventoryError."""
    if value is None:
        return []
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    least = 1.0 if name == AT_ONCE_VARIABLE else 0.0
    if not least <= number < math.inf:  # not a number is neither
        raise InventoryError(
            f"{host}: {name} '{value}' is not a number of at least {least:g}",
            hint="connections a second; 0: no limit" if name == RATE_VARIABLE else "",
        )
    return [number]


def truth(host: str, name: str, value: Any) -> bool:
    """The yes or no that a variable says; nothing is no. Raises InventoryError."""
    text = str(value).strip().lower()
    if value is None or text in ("false", "no", "off", "0"):
        return False
    if text in ("true", "yes", "on", "1"):
        return True
    raise InventoryError(f"{host}: {name} is yes or no, not '{value}'")


def _link(host: str, way: Way, fleet: Fleet, variables: Variables, access: Access) -> Link:
    """The link to a host. As in Ansible, what the inventory says wins over the playbook's words.

    Source: Ansible, "Controlling how Ansible behaves: precedence rules".
    """
    transport, settings = _way_in(host, way, fleet, variables)
    options = transport.options(host, settings)
    shell = _login_shell(host, settings, transport.default_shell)
    return Link(
        host=host,
        transport=transport,
        options=options,
        shells=shells.load,
        login_shell=transport.language(options, shell),
        stop=access.stop,
        access=access,
        facts={} if isinstance(transport, Withheld) else None,
    )


def _way_in(
    host: str, way: Way, fleet: Fleet, variables: Variables
) -> tuple[Transport, dict[str, Any]]:
    """By which transport, with which settings; in a rehearsal always those of the twin."""
    if fleet.twins is not None:
        known = variables.of_host(host)
        said = known.get("ansible_connection")
        connection = way.connection if said is None else fleet.templates.render(said, known)
        if why := fleet.twins.withheld(host, connection):
            return Withheld(why), {}
        settings = fleet.twins.settings(host) or {"ansible_connection": "local"}
        return transports.load(str(settings["ansible_connection"])), settings
    settings = connection_settings(fleet, variables.of_host(host))
    for name, word in (("connection", way.connection), ("user", way.user), ("port", way.port)):
        if word is not None:
            settings.setdefault(f"ansible_{name}", word)
    return transports.load(str(settings.get("ansible_connection", DEFAULT_CONNECTION))), settings


def connection_settings(fleet: Fleet, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection variables, rendered; what was a secret is masked from now on.

    Passwords stay wrapped. Other settings that stood encrypted are what they stand for: a
    transport must know its own name.
    """
    settings: dict[str, Any] = {}
    for key in variables:
        if not key.startswith(("ansible_", "runner_")) or key in _NOT_SETTINGS:
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
    return _SAME_LANGUAGE.get(str(said), str(said))
