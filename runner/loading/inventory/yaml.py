"""Inventories as YAML: groups with ``hosts``, ``children`` and ``vars``, nested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.loading.hostnames import expand, split_port
from runner.loading.inventory.assembly import Assembly, Where
from runner.loading.inventory.tree import ALL
from runner.loading.text.document import Document, Value
from runner.loading.text.problems import Problems
from runner.loading.text.words import suggestion
from runner.model.source import Source

_KEYS: Final = ("hosts", "children", "vars")


def read_yaml(document: Document, assembly: Assembly) -> None:
    """Add what a YAML (or JSON) inventory says.

    Raises InventoryError with the place, or InputErrors for several mistakes.
    """
    root = document.root
    if root is None or root.is_null:
        return
    if not root.is_mapping:
        hint = "it begins with the name of a group: 'all:'"
        raise root.error(f"an inventory is a mapping of groups, found {root.kind}", hint=hint)
    problems = Problems()
    reader = _Reader(assembly, problems)
    for key, value in root.entries():
        with problems.collect():
            name = _name(key)
            if name in _KEYS and value.is_mapping:
                hint = "put it under the name of a group: 'all:'"
                raise key.error(f"'{name}' stands outside every group", hint=hint)
            reader.group(key, value)
    problems.raise_if_any()


class _Reader:
    """Reads the groups of one file. What is wrong goes to ``problems``, and reading goes on."""

    def __init__(self, assembly: Assembly, problems: Problems) -> None:
        self._assembly = assembly
        self._problems = problems

    def group(self, key: Value, value: Value | None) -> None:
        """Add a group with all that it contains."""
        name = _name(key)
        self._assembly.group(name)
        if value is None or value.is_null:
            return
        if not value.is_mapping:
            raise value.error(f"the group '{name}' is a mapping, found {value.kind}")
        for part, content in value.entries():
            with self._problems.collect():
                self._part(name, part, content)

    def _part(self, group: str, key: Value, content: Value) -> None:
        kind = _name(key)
        if kind not in _KEYS:
            hint = suggestion(kind, _KEYS, otherwise="a group has hosts, children and vars")
            raise key.error(f"'{kind}' is no part of the group '{group}'", hint=hint)
        if content.is_null:
            return
        if kind == "vars":
            variables = _variables(content, f"the group '{group}'")
            self._assembly.add_group_vars(group, variables, _where(content))
            return
        for name, inner in _named(content, kind):
            with self._problems.collect():
                if kind == "hosts":
                    self._host(name, inner, group)
                else:
                    self._child(name, inner, group)

    def _child(self, key: Value, value: Value | None, parent: str) -> None:
        name = _name(key)
        if name == ALL:
            raise key.error("'all' contains every group: it cannot be inside one")
        # As in Ansible, the groups inside come first: it decides the order of hosts.
        self.group(key, value)
        self._assembly.add_child(parent, name, key.source)

    def _host(self, key: Value, value: Value | None, group: str) -> None:
        there = None if value is None or value.is_null else value
        variables = {} if there is None else _variables(there, "a host")
        bare, port = split_port(_name(key))
        try:
            names = expand(bare)
        except ValueError as error:
            raise key.error(str(error)) from None
        where = _where(there) if there is not None else lambda _: key.source
        for name in names:
            self._assembly.add_host(name, group, variables, where, port)


def _named(value: Value, kind: str) -> list[tuple[Value, Value | None]]:
    """The entries below ``hosts`` or ``children``; one name alone stands for an empty entry."""
    if value.is_scalar:
        return [(value, None)]
    if value.is_sequence:
        hint = "write each name with a colon behind it, without a dash"
        raise value.error(f"'{kind}' is a mapping, found a list", hint=hint)
    return [(key, item) for key, item in value.entries()]


def _variables(value: Value, what: str) -> Mapping[str, Any]:
    if not value.is_mapping:
        raise value.error(f"the variables of {what} are a mapping, found {value.kind}")
    plain: dict[str, Any] = value.plain()
    return plain


def _where(value: Value) -> Where:
    def place(name: str) -> Source | None:
        return next((key.source for key, _ in value.entries() if key.plain() == name), None)

    return place


def _name(key: Value) -> str:
    plain = key.plain()
    if isinstance(plain, str) and plain.strip():
        return plain
    if isinstance(plain, bool) or plain is None or not key.is_scalar:
        hint = "put it in quotes: YAML 1.1 reads this word as something else"
        raise key.error(f"a name cannot be {key.kind}", hint=hint)
    return str(key.node.value)
