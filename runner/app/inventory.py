"""``runner inventory``: who there is, in the formats of ``ansible-inventory``, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from runner.app.wiring.fleet import Fleet, load_fleet
from runner.app.wiring.options import NO_VAULT, VaultOptions
from runner.engine.variables.variables import Variables
from runner.errors import HostError, InputError, PatternError
from runner.interfaces.template import Templates
from runner.loading import patterns
from runner.loading.text.data import DataDict, DataList, DataStr
from runner.loading.text.words import suggestion
from runner.model.inventory import Host, Inventory, Layer
from runner.model.secret import MASK, Secret

_ALL: Final = "all"
Mask = Callable[[Secret], Any]
"""What stands for a secret."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which inventory, with what: the options that every form of the verb shares."""

    paths: tuple[Path, ...]
    extra: tuple[str, ...] = ()
    playbook_dir: Path | None = None
    limit: str | None = None
    vault: VaultOptions = NO_VAULT
    warn: Callable[[str], None] = lambda _text: None
    """Is told what a person should know."""

    def load(self) -> Fleet:
        """Read everything; what is wrong is an InputError."""
        fleet = load_fleet(self.paths, self.extra, None, self.playbook_dir, self.vault)
        for text in fleet.inventory.warnings:
            self.warn(text)
        return fleet

    def hosts(self, inventory: Inventory) -> frozenset[str]:
        """The names that the limit leaves."""
        names = inventory.groups[_ALL].hosts
        return frozenset(
            names if self.limit is None else patterns.limit(inventory, names, self.limit)
        )


def inventory_json(asked: Asked) -> str:
    """Everything, as ``ansible-inventory --list`` prints it; secrets are masked.

    A script that prints this is an inventory again.
    """
    fleet = asked.load()
    return as_json(listing(fleet.inventory, asked.hosts(fleet.inventory), fleet.extra))


def listing(
    inventory: Inventory,
    hosts: frozenset[str],
    extra: Mapping[str, Any],
    mask: Mask = lambda _secret: MASK,
) -> dict[str, Any]:
    """The inventory in the format of inventory scripts, limited to some hosts."""
    found: dict[str, Any] = {}
    for name, group in inventory.groups.items():
        own = [host for host in group.own if host in hosts] if name != _ALL else []
        parts = {"children": list(group.children), "hosts": own}
        if any(parts.values()):
            found[name] = {key: value for key, value in parts.items() if value}
    hostvars: dict[str, Any] = {}
    for name in inventory.groups[_ALL].hosts:
        values = shown({**inventory.hosts[name].vars, **extra}, mask)
        if name in hosts and values:
            hostvars[name] = values
    return {"_meta": {"hostvars": hostvars, "profile": "inventory_legacy"}, **found}


def inventory_host(asked: Asked, name: str) -> str:
    """One host's variables as ``ansible-inventory --host`` prints them."""
    fleet = asked.load()
    host = _host(fleet.inventory, name)
    return as_json(shown({**host.vars, **fleet.extra}))


def inventory_hosts(asked: Asked, pattern: str) -> tuple[str, ...]:
    """The hosts that a pattern names, in the order in which a play would take them."""
    inventory = asked.load().inventory
    found = patterns.select(inventory, pattern)
    return found if asked.limit is None else patterns.limit(inventory, found, asked.limit)


def inventory_graph(asked: Asked, group: str, *, variables: bool) -> Iterator[str]:
    """A group with all that it contains, as ``ansible-inventory --graph`` draws it."""
    fleet = asked.load()
    if group not in fleet.inventory.groups:
        hint = suggestion(group, fleet.inventory.groups)
        raise PatternError(f"no group is named '{group}'", hint=hint)
    yield from _graph(fleet.inventory, group, 0, variables=variables)


def _graph(inventory: Inventory, name: str, depth: int, *, variables: bool) -> Iterator[str]:
    group = inventory.groups[name]
    yield _branch(f"@{name}:", depth)
    depth += 1
    for child in group.children:
        yield from _graph(inventory, child, depth, variables=variables)
    for host in group.own if name != _ALL else ():
        yield _branch(host, depth)
        if variables:
            yield from _values(inventory.hosts[host].vars, depth + 1)
    if variables:
        priority = {"ansible_group_priority": group.priority} if group.priority != 1 else {}
        yield from _values({**group.vars, **priority}, depth)


def _branch(text: str, depth: int) -> str:
    return f"{'  |' * depth}--{text}" if depth else text


def _values(variables: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name, value in sorted(_plain(variables, lambda _: MASK, wrap=False).items()):
        yield _branch(f"{{{name} = {value}}}", depth)


def explain(asked: Asked, host: str, variable: str) -> Iterator[str]:
    """Where a variable of a host comes from, and what that place overrode."""
    fleet = asked.load()
    _host(fleet.inventory, host)
    variables = Variables(
        fleet.inventory,
        fleet.extra,
        check_mode=False,
        playbook_dir=str((asked.playbook_dir or Path()).resolve()),
        as_data=fleet.templates.as_data,
    )
    found = variables.explain(host, None, None, variable)
    if not found:
        hint = suggestion(variable, variables.of_host(host))
        message = f"'{variable}' has no value on '{host}'"
        raise PatternError(message, hint=hint)
    yield f"{variable} on {host}:"
    for layer in found:
        yield from _layer(layer)
    yield from _result(fleet.templates, variables, host, variable, found[0])


def _layer(layer: Layer) -> Iterator[str]:
    mark = "=" if layer.wins else "-"
    value = json.dumps(shown({"": layer.value})[""], ensure_ascii=False)
    place = f"  ({layer.place})" if layer.place else ""
    yield f"  {mark} {value}  from {layer.label}{place}"


def _result(
    templates: Templates, variables: Variables, host: str, name: str, layer: Layer
) -> Iterator[str]:
    """What a template in the winning value gives, unless it stands for a secret."""
    if isinstance(layer.value, Secret) or not templates.is_template(layer.value):
        return
    everything = variables.of_host(host)
    try:
        rendered = templates.render(layer.value, everything, layer.place)
    except (InputError, HostError) as error:
        yield f"  which cannot be evaluated: {error.message}"
        return
    if not _uses_secret(str(rendered), everything):
        yield f"  which is: {json.dumps(shown({'': rendered})[''], ensure_ascii=False)}"


def _uses_secret(text: str, variables: Mapping[str, Any]) -> bool:
    secrets = [value.reveal() for value in variables.values() if isinstance(value, Secret)]
    return any(secret and secret in text for secret in secrets)


def _host(inventory: Inventory, name: str) -> Host:
    if name not in inventory.hosts and not inventory.is_localhost(name):
        hint = suggestion(name, inventory.hosts)
        raise PatternError(f"no host is named '{name}'", hint=hint)
    return inventory.host(name)


def as_json(data: Mapping[str, Any]) -> str:
    """As Ansible prints it."""
    return json.dumps(data, indent=4, sort_keys=True, ensure_ascii=False)


def shown(variables: Mapping[str, Any], mask: Mask = lambda _secret: MASK) -> dict[str, Any]:
    """Variables as JSON can hold them: what is no template stands under ``__ansible_unsafe``."""
    found: dict[str, Any] = _plain(variables, mask, wrap=True)
    return found


def _plain(value: Any, mask: Mask, *, wrap: bool, data: bool = False) -> Any:
    match value:
        case Secret():
            return mask(value)
        case str():
            unsafe = wrap and (data or isinstance(value, DataStr)) and "{" in value
            return {"__ansible_unsafe": str(value)} if unsafe else str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            inner = data or isinstance(value, DataDict)
            return {str(k): _plain(v, mask, wrap=wrap, data=inner) for k, v in value.items()}
        case date():
            return value.isoformat()
    if isinstance(value, Iterable):
        inner = data or isinstance(value, DataList)
        return [_plain(item, mask, wrap=wrap, data=inner) for item in value]
    return str(value)
