"""``runner modules`` and ``runner inventory``: what there is."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner import modules
from runner.app.prepare import load_fleet
from runner.engine.outcomes import plain
from runner.errors import PatternError
from runner.interfaces.params import describe
from runner.loading import patterns
from runner.model.secret import MASK, Secret


def list_modules() -> Iterator[str]:
    """A line for each module."""
    for name in sorted(modules.names()):
        yield f"{name:<22} {_first_line(modules.load(name))}"


def describe_module(name: str) -> Iterator[str]:
    """What one module does, and its parameters."""
    module = modules.load(name.rpartition(".")[2])
    yield _doc(module)
    yield ""
    if module.doc_url:
        yield f"Follows {module.doc_url}"
    yield f"Kind: {module.effect.value}"
    yield ""
    for row in describe(module):
        need = "required" if row.required else f"default {row.default!r}"
        yield f"  {row.name}  ({row.type}, {need})"
        if row.choices:
            yield f"      one of: {', '.join(row.choices)}"
        if row.aliases:
            yield f"      also: {', '.join(row.aliases)}"
        if row.doc:
            yield f"      {row.doc}"


def _first_line(module: Any) -> str:
    return _doc(module).partition("\n")[0]


def _doc(module: Any) -> str:
    """What the module's file says of itself."""
    return inspect.getdoc(inspect.getmodule(type(module))) or ""


def inventory_json(paths: tuple[Path, ...]) -> str:
    """Everything, shaped like ``ansible-inventory --list``; secrets are masked."""
    inventory = load_fleet(paths, ()).inventory
    data: dict[str, Any] = {
        name: {"hosts": list(group.hosts), "children": list(group.children)}
        for name, group in inventory.groups.items()
    }
    hostvars = {name: _masked(dict(host.vars)) for name, host in inventory.hosts.items()}
    return json.dumps({"_meta": {"hostvars": hostvars}, **data}, indent=2, ensure_ascii=False)


def inventory_host(paths: tuple[Path, ...], name: str) -> str:
    """One host's variables as JSON."""
    inventory = load_fleet(paths, ()).inventory
    if name not in inventory.hosts:
        patterns.select(inventory, name)  # raises with the nearest name
        raise PatternError(f"'{name}' is not a host")
    host = inventory.hosts[name]
    data = {"groups": list(host.groups), "vars": _masked(dict(host.vars))}
    return json.dumps(data, indent=2, ensure_ascii=False)


def inventory_hosts(paths: tuple[Path, ...], pattern: str) -> tuple[str, ...]:
    """The hosts that a pattern names."""
    return patterns.select(load_fleet(paths, ()).inventory, pattern)


def _masked(value: Any) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, dict):
        return {k: _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(v) for v in value]
    return plain(value)
