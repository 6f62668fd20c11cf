"""Inventories as YAML: groups with ``hosts``, ``children`` and ``vars``, nested."""

from __future__ import annotations

from typing import Any, Final

from runner.loading.assembly import ALL, Assembly
from runner.loading.document import Document, Value
from runner.loading.hostnames import expand, split_port
from runner.loading.words import suggestion

_KEYS: Final = ("hosts", "children", "vars")


def read_yaml(document: Document, assembly: Assembly) -> None:
    """Add what a YAML (or JSON) inventory says. Raises InventoryError with the place."""
    root = document.root
    if root is None or root.is_null:
        return
    if not root.is_mapping:
        hint = "it begins with the name of a group: 'all:'"
        raise root.error(f"an inventory is a mapping of groups, found {root.kind}", hint=hint)
    for key, value in root.entries():
        name = _name(key)
        if name == "plugin":
            raise key.error("inventory plugins are not supported yet")
        if name in _KEYS and value.is_mapping:
            hint = "put it under the name of a group: 'all:'"
            raise key.error(f"'{name}' stands outside every group", hint=hint)
        _group(key, value, assembly)


def _group(key: Value, value: Value, assembly: Assembly) -> None:
    name = _name(key)
    assembly.group(name)
    if value.is_null:
        return
    if not value.is_mapping:
        raise value.error(f"the group '{name}' is a mapping, found {value.kind}")
    for part, content in value.entries():
        kind = _name(part)
        if kind not in _KEYS:
            hint = suggestion(kind, _KEYS, otherwise="a group has hosts, children and vars")
            raise part.error(f"'{kind}' is no part of the group '{name}'", hint=hint)
        if content.is_null:
            continue
        if kind == "vars":
            assembly.add_group_vars(name, _variables(content, kind), content.source)
        elif kind == "hosts":
            for host, variables in _named(content, kind):
                _host(host, variables, name, assembly)
        else:
            for child, inner in _named(content, kind):
                _child(child, inner, name, assembly)


def _child(key: Value, value: Value | None, parent: str, assembly: Assembly) -> None:
    name = _name(key)
    if name == ALL:
        raise key.error("'all' contains every group: it cannot be inside one")
    assembly.group(name)
    assembly.groups[parent].children.setdefault(name, key.source)
    if value is not None:
        _group(key, value, assembly)


def _named(value: Value, kind: str) -> list[tuple[Value, Value | None]]:
    """The entries below ``hosts`` or ``children``; one name alone stands for an empty entry."""
    if value.is_scalar:
        return [(value, None)]
    if value.is_sequence:
        hint = "write each name with a colon behind it, without a dash"
        raise value.error(f"'{kind}' is a mapping, found a list", hint=hint)
    return [(key, item) for key, item in value.entries()]


def _host(key: Value, value: Value | None, group: str, assembly: Assembly) -> None:
    variables = {} if value is None or value.is_null else _variables(value, "a host")
    bare, port = split_port(_name(key))
    if port is not None:
        variables = {"ansible_port": port, **variables}
    try:
        names = expand(bare)
    except ValueError as error:
        raise key.error(str(error)) from None
    for name in names:
        assembly.add_host(name, group, variables)


def _variables(value: Value, what: str) -> dict[str, Any]:
    if not value.is_mapping:
        raise value.error(f"the variables of {what} are a mapping, found {value.kind}")
    plain: dict[str, Any] = value.plain()
    return plain


def _name(key: Value) -> str:
    plain = key.plain()
    if isinstance(plain, str) and plain.strip():
        return plain
    if isinstance(plain, bool) or plain is None or not key.is_scalar:
        hint = "put it in quotes: YAML 1.1 reads this word as something else"
        raise key.error(f"a name cannot be {key.kind}", hint=hint)
    return str(key.node.value)
