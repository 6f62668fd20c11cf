"""Whether a text is PowerShell, of which version, and what in it is newer.

A grammar that we did not write (tree-sitter-pwsh) parses it; what came with which version stands
in ``newer.yml``. This is a lint and no proof: a grammar does not know what a value is at run time,
so the members of each item of a list (``$list.Name``, 3.0), for one, are left to readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import tree_sitter_pwsh
import yaml
from tree_sitter import Language, Node, Parser

Version = tuple[int, int]

_COMMON: Final[Mapping[str, Version]] = {
    "erroraction": (2, 0), "errorvariable": (2, 0), "warningaction": (2, 0), "verbose": (2, 0),
    "debug": (2, 0), "outvariable": (2, 0), "confirm": (2, 0), "whatif": (2, 0),
    "pipelinevariable": (4, 0), "informationaction": (5, 0), "informationvariable": (5, 0),
}  # fmt: skip
"""Parameters that all cmdlets have (about_CommonParameters), or many that change something."""
_ASKS_VERSION: Final = re.compile(r"\$PSVersionTable\.PSVersion\.Major\s+-ge\s+(\d+)", re.I)


@dataclass(frozen=True, slots=True)
class Rule:
    """``kind`` (of a node) and ``match`` (its text from the start) are patterns."""

    what: str
    since: Version
    kind: re.Pattern[str]
    match: re.Pattern[str]
    example: str = ""
    instead: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``newer.yml``. Names in small letters."""

    rules: tuple[Rule, ...]
    commands: Mapping[str, Version]
    types: Mapping[str, Version]
    parameters: Mapping[str, Mapping[str, Version]]


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong. ``line`` counts from 1."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def version(text: str) -> Version:
    """``"5.1"`` -> (5, 1)."""
    major, minor = text.split(".")
    return int(major), int(minor)


@cache
def table() -> Table:
    """What is newer than 2.0."""
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("newer.yml").read_text("utf-8"))
    rules = [_rule(entry) for entry in data["rules"]]
    for entry in data["methods"]:
        what = f"a method of .NET 4: {entry['match']}"
        rules.append(_rule({"what": what, "kind": "invocation_expression", **entry}))
    return Table(
        tuple(rules),
        _versions(data["commands"]),
        _versions(data["types"]),
        {name.lower(): _versions(each) for name, each in data["parameters"].items()},
    )


def _versions(entries: Mapping[str, str]) -> dict[str, Version]:
    return {name.lower(): version(since) for name, since in entries.items()}


def _rule(entry: Mapping[str, str]) -> Rule:
    return Rule(
        entry["what"],
        version(entry["since"]),
        re.compile(entry["kind"]),
        re.compile(entry["match"], re.IGNORECASE | re.DOTALL),
        entry.get("example", ""),
        entry.get("instead", ""),
        entry.get("source", ""),
    )


def parse(text: str) -> Node:
    """The root of the text's tree."""
    return Parser(Language(tree_sitter_pwsh.language())).parse(text.encode()).root_node


def broken(text: str) -> list[Found]:
    """Where the text is no PowerShell."""
    return [_at(node, what) for node, what in _broken(parse(text))]


def newer(text: str, known: Version) -> list[Found]:
    """What a PowerShell of this version does not know, or nobody looked up."""
    root = parse(text)
    own = {_text(node).lower() for node in _all(root) if node.type == "function_name"}
    return [_at(node, what) for node, what in _newer(root, known, own)]


def _broken(node: Node) -> Iterator[tuple[Node, str]]:
    if node.is_missing:
        yield node, f"{node.type} is missing"
    elif node.type == "ERROR":
        yield node, f"not understood: {_text(node)[:60]!r}"
    elif node.type == "try_statement" and not _has(node, "catch_clauses", "finally_clause"):
        yield node, "try without catch or finally"  # the grammar lets it pass
    for child in node.children:
        yield from _broken(child)


def _newer(node: Node, known: Version, own: set[str]) -> Iterator[tuple[Node, str]]:
    found = table()
    for rule in found.rules:
        if known < rule.since and rule.kind.fullmatch(node.type) and rule.match.match(_text(node)):
            yield node, f"{rule.what}: since {_shown(rule.since)}"
    if node.type == "command_name":
        yield from _named(node, _text(node), known, found.commands, own)
    elif node.type == "type_spec" and node.parent is not None:
        yield from _named(node, _text(node).removeprefix("System."), known, found.types, set())
    elif node.type == "command":
        yield from _parameters(node, known)
    for child in node.children:
        asked = _condition(node) if child.type == "statement_block" else None
        yield from _newer(child, max(known, asked or known), own)


def _named(
    node: Node, name: str, known: Version, table: Mapping[str, Version], own: set[str]
) -> Iterator[tuple[Node, str]]:
    if name.lower() in own:
        return
    since = table.get(name.lower())
    if since is None:
        yield node, f"{name}: not in newer.yml; look up since when there is such a thing"
    elif known < since:
        yield node, f"{name}: since {_shown(since)}"


def _parameters(command: Node, known: Version) -> Iterator[tuple[Node, str]]:
    """Those of a cmdlet that we know; nothing is said of programs and of a text's own functions."""
    name = next((_text(c).lower() for c in command.children if c.type == "command_name"), "")
    if name not in table().commands or "-" not in name:
        return
    parts = [part for child in command.children for part in (child, *child.children)]
    for part in parts:
        if part.type == "command_parameter":
            given = _text(part).lstrip("-").rstrip(":").lower()
            since = ({**_COMMON, **table().parameters.get(name, {})}).get(given)
            if since is None:
                yield part, f"{name} -{given}: not in newer.yml; look up since when it is there"
            elif known < since:
                yield part, f"{name} -{given}: since {_shown(since)}"


def _condition(node: Node) -> Version | None:
    """The version that the first block of an ``if`` is for, where it asks for one."""
    if node.type != "if_statement":
        return None
    asked = [child for child in node.children if child.type == "pipeline"]
    match = _ASKS_VERSION.search(_text(asked[0])) if asked else None
    return (int(match[1]), 0) if match else None


def _has(node: Node, *kinds: str) -> bool:
    return any(child.type in kinds for child in node.children)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _at(node: Node, what: str) -> Found:
    return Found(node.start_point.row + 1, what)


def _shown(number: Version) -> str:
    return ".".join(map(str, number))
