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
from runner.loading.text.data import as_data
from runner.loading.text.files import ErrorType, place
from runner.loading.text.vault import VaultKeys
from runner.model.secret import Secret
from runner.model.source import Source

_PREFIX: Final = "tag:yaml.org,2002:"
_MERGE: Final = f"{_PREFIX}merge"
VAULT_TAGS: Final = frozenset({"!vault", "!vault-encrypted"})
"""What stands before a value that is encrypted with Ansible Vault."""
DEEPEST: Final = 100
"""Levels of nesting: values are read recursively, and nobody writes more by hand."""
_LARGEST: Final = 100_000
"""Values that any file may expand to through its aliases."""
_TIMES: Final = 10
"""How many times its own values a file may expand to."""

_constructor: Final = SafeConstructor()
_SCALARS: Final = {
    f"{_PREFIX}null": _constructor.construct_yaml_null,
    f"{_PREFIX}bool": _constructor.construct_yaml_bool,
    f"{_PREFIX}int": _constructor.construct_yaml_int,
    f"{_PREFIX}float": _constructor.construct_yaml_float,
    f"{_PREFIX}timestamp": _constructor.construct_yaml_timestamp,
}


class Builder:
    """Builds the values of one document. Shared nodes (aliases) give shared values.

    ``keys`` open its encrypted values; of a document that was itself ``vaulted`` nothing is shown.
    """

    def __init__(
        self,
        file: str,
        lines: list[str],
        error: ErrorType,
        keys: VaultKeys | None = None,
        *,
        vaulted: bool = False,
    ) -> None:
        self._file = file
        self._lines = lines
        self._error = error
        self._keys = keys or VaultKeys()
        self._vaulted = vaulted
        self._built: dict[int, Any] = {}
        self._checked: set[int] = set()

    def place(self, line: int, column: int) -> Source:
        """The Source at a 0-based line and column, as libyaml counts."""
        text = self._lines[line] if 0 <= line < len(self._lines) else ""
        return place(self._file, line + 1, column + 1, text, vaulted=self._vaulted)

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
                shown = "this" if self._vaulted else f"'{node.value}'"
                hint = "put it in quotes if it is a text"
                raise self.error(node, f"{shown} is no {what}", hint) from None
        if isinstance(node, ScalarNode) and tag in (f"{_PREFIX}value", _MERGE):
            return node.value
        if isinstance(node, ScalarNode) and tag in VAULT_TAGS:
            return self._opened(node)
        raise self._unknown_tag(node)

    def _untagged(self, node: Node) -> Any:
        """What an ``!unsafe`` node holds: a text stays a text, collections keep their types."""
        if isinstance(node, ScalarNode):
            return node.value
        kind = "map" if isinstance(node, MappingNode) else "seq"
        twin = type(node)(f"{_PREFIX}{kind}", node.value, node.start_mark, node.end_mark)
        return self._construct(twin)

    def _opened(self, node: ScalarNode) -> Secret:
        where = self.place(node.start_mark.line, node.start_mark.column)
        return self._keys.secret(node.value, self._error, where)

    def _unknown_tag(self, node: Node) -> InputError:
        if node.tag in VAULT_TAGS:
            hint = "write '!vault |' and below it the lines that runner vault encrypt-string gives"
            return self.error(node, f"{node.tag} stands before a text", hint)
        shown = node.tag.replace(_PREFIX, "!!")
        hint = "known: !vault, !unsafe and YAML's own (!!str, !!int, !!float, !!bool, !!null)"
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
        empty = ""
        for node, value in pairs:
            name = self.key(node)
            if name in seen:
                first = seen[name].start_mark.line + 1
                hint = f"the first is in line {first}; only one of them can be meant"
                if empty and isinstance(value, ScalarNode) and value.value:
                    hint += f"; what belongs to '{empty}' is indented more than it"
                raise self.error(node, f"'{node.value}' stands here a second time", hint)
            seen[name] = node
            empty = str(node.value) if _is_bare(value) else ""

    def refuse_circles(self, root: Node) -> None:
        """Aliases can make a value contain itself, or grow beyond all measure: neither may be."""
        sizes: dict[int, int] = {}
        depths: dict[int, int] = {}
        for node in self._collections(root):
            inner = [child for child in _children(node) if not isinstance(child, ScalarNode)]
            sizes[id(node)] = 1 + len(_children(node)) + sum(sizes[id(n)] - 1 for n in inner)
            depths[id(node)] = 1 + max((depths[id(n)] for n in inner), default=0)
            if depths[id(node)] > DEEPEST:
                raise self.error(node, f"aliases nest this more than {DEEPEST} levels deep")
        largest = max(_LARGEST, _TIMES * sum(1 for _ in self._collections(root)))
        for node in self._collections(root):
            if sizes[id(node)] > largest:
                raise self.error(node, f"aliases make more than {largest:,} values of this")

    def _collections(self, root: Node) -> Iterator[Node]:
        """Every mapping and list once, those inside before those around them."""
        done: set[int] = set()
        around: set[int] = set()
        stack = [root]
        while stack:
            node = stack[-1]
            if isinstance(node, ScalarNode) or id(node) in done:
                stack.pop()
            elif id(node) in around:
                stack.pop()
                around.discard(id(node))
                done.add(id(node))
                yield node
            else:
                around.add(id(node))
                inner = [n for n in _children(node) if not isinstance(n, ScalarNode)]
                for child in inner:
                    if id(child) in around:
                        raise self.error(child, "this value contains itself")
                stack.extend(reversed(inner))


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _is_bare(node: Node) -> bool:
    """Whether nothing stands there, not even quotes."""
    return isinstance(node, ScalarNode) and not node.value and not node.style
