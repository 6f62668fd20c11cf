"""From YAML nodes to plain values: null, booleans, numbers, texts, dates, lists and mappings.

The rules are YAML 1.1's as PyYAML's SafeLoader and so Ansible read them: ``yes`` is true, ``0644``
is octal. Anything that asks for another type is an error, and so is a key that stands twice.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.errors import InputError
from runner.loading.data import as_data
from runner.loading.files import ErrorType, place
from runner.model.source import Source

_PREFIX: Final = "tag:yaml.org,2002:"
_MERGE: Final = f"{_PREFIX}merge"
_LARGEST: Final = 5_000_000
"""Values that one file may expand to through its aliases."""

_constructor: Final = SafeConstructor()
_SCALARS: Final = {
    f"{_PREFIX}null": _constructor.construct_yaml_null,
    f"{_PREFIX}bool": _constructor.construct_yaml_bool,
    f"{_PREFIX}int": _constructor.construct_yaml_int,
    f"{_PREFIX}float": _constructor.construct_yaml_float,
    f"{_PREFIX}timestamp": _constructor.construct_yaml_timestamp,
}


class Builder:
    """Builds the values of one document. Shared nodes (aliases) give shared values."""

    def __init__(self, file: str, lines: list[str], error: ErrorType) -> None:
        self._file = file
        self._lines = lines
        self._error = error
        self._built: dict[int, Any] = {}
        self._checked: set[int] = set()

    def place(self, line: int, column: int) -> Source:
        """The Source at a 0-based line and column, as libyaml counts."""
        text = self._lines[line] if 0 <= line < len(self._lines) else ""
        return place(self._file, line + 1, column + 1, text)

    def error(self, node: Node, message: str, hint: str = "") -> InputError:
        """An error that points at a node."""
        where = self.place(node.start_mark.line, node.start_mark.column)
        return self._error(message, source=where, hint=hint)

    def build(self, node: Node) -> Any:
        """The plain value of a node."""
        if isinstance(node, ScalarNode) and node.tag == f"{_PREFIX}str":
            return node.value
        key = id(node)
        if key not in self._built:
            self._built[key] = self._construct(node)
        return self._built[key]

    def pairs(self, node: Node) -> list[tuple[Node, Node]]:
        """The key and value nodes of a mapping: checked for doubles, merge keys resolved."""
        if not isinstance(node, MappingNode):
            raise self.error(node, "expected a mapping")
        own = [(k, v) for k, v in node.value if k.tag != _MERGE]
        if id(node) not in self._checked:
            self._refuse_doubles(own)
            self._checked.add(id(node))
        if len(own) == len(node.value):
            return own
        merged: dict[Hashable, tuple[Node, Node]] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for pair in self._merged(value):
                    merged.setdefault(self.key(pair[0]), pair)
        merged.update((self.key(pair[0]), pair) for pair in own)
        return list(merged.values())

    def key(self, node: Node) -> Hashable:
        """The value of a key, which must be a single value."""
        if isinstance(node, ScalarNode):
            name: Hashable = self.build(node)
            return name
        if isinstance(node, MappingNode):
            hint = 'a value that begins with {{ must stand in quotes: "{{ ... }}"'
            raise self.error(node, "a mapping cannot be a key", hint)
        raise self.error(node, "a list cannot be a key")

    def _construct(self, node: Node) -> Any:
        tag = node.tag
        if tag == "!unsafe":
            return as_data(self._untagged(node))
        if isinstance(node, MappingNode) and tag == f"{_PREFIX}map":
            return {self.key(k): self.build(v) for k, v in self.pairs(node)}
        if isinstance(node, SequenceNode) and tag == f"{_PREFIX}seq":
            return [self.build(element) for element in node.value]
        if isinstance(node, ScalarNode) and tag in _SCALARS:
            try:
                return _SCALARS[tag](node)
            except (ValueError, KeyError, yaml.YAMLError):
                what = tag.removeprefix(_PREFIX)
                hint = "put it in quotes if it is a text"
                raise self.error(node, f"'{node.value}' is no {what}", hint) from None
        if isinstance(node, ScalarNode) and tag in (f"{_PREFIX}value", _MERGE):
            return node.value
        raise self._unknown_tag(node)

    def _untagged(self, node: Node) -> Any:
        """What an ``!unsafe`` node holds: a text stays a text, collections keep their types."""
        if isinstance(node, ScalarNode):
            return node.value
        kind = "map" if isinstance(node, MappingNode) else "seq"
        twin = type(node)(f"{_PREFIX}{kind}", node.value, node.start_mark, node.end_mark)
        return self._construct(twin)

    def _unknown_tag(self, node: Node) -> InputError:
        if node.tag in ("!vault", "!vault-encrypted"):
            hint = "until then, give the value with -e @FILE"
            return self.error(node, "encrypted values (!vault) are not supported yet", hint)
        shown = node.tag.replace(_PREFIX, "!!")
        hint = "known tags are !unsafe and YAML's own (!!str, !!int, !!float, !!bool, !!null)"
        return self.error(node, f"unknown tag {shown}", hint)

    def _merged(self, value: Node) -> Iterator[tuple[Node, Node]]:
        """What a merge key brings in; of several mappings the first has precedence."""
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(source, MappingNode):
                message = "a merge key (<<) takes a mapping or a list of mappings"
                raise self.error(source, message)
            yield from self.pairs(source)

    def _refuse_doubles(self, pairs: list[tuple[Node, Node]]) -> None:
        seen: dict[Hashable, Node] = {}
        for node, _ in pairs:
            name = self.key(node)
            if name in seen:
                first = seen[name].start_mark.line + 1
                hint = f"the first is in line {first}; only one of them can be meant"
                raise self.error(node, f"'{node.value}' stands here a second time", hint)
            seen[name] = node

    def refuse_circles(self, root: Node) -> None:
        """Aliases can make a value contain itself, or grow beyond all measure: neither may be."""
        sizes: dict[int, int] = {}
        open_nodes: set[int] = set()

        def size(node: Node) -> int:
            if isinstance(node, ScalarNode):
                return 1
            key = id(node)
            if key in open_nodes:
                raise self.error(node, "this value contains itself")
            if key not in sizes:
                open_nodes.add(key)
                pairs = isinstance(node, MappingNode)
                children = [n for p in node.value for n in p] if pairs else node.value
                sizes[key] = 1 + sum(size(child) for child in children)
                open_nodes.discard(key)
            if sizes[key] > _LARGEST:
                raise self.error(node, f"aliases make more than {_LARGEST:,} values of this")
            return sizes[key]

        size(root)
