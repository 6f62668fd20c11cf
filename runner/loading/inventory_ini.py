"""Inventories as INI: sections of hosts, ``[group:children]`` and ``[group:vars]``."""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.assembly import ALL, UNGROUPED, Assembly
from runner.loading.files import place
from runner.loading.hostnames import expand, split_port
from runner.loading.words import suggestion
from runner.model.source import Source

_SECTION: Final = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_KINDS: Final = ("hosts", "children", "vars")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z_][^'\"#(\[{]*")
_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""")
_LITERAL_WORDS: Final = frozenset({"True", "False", "None"})


@dataclass(slots=True)
class _Line:
    """One line that says something: its text without white space around it, and its number."""

    file: str
    number: int
    raw: str
    text: str

    def source(self, word: str = "") -> Source:
        """The place of a word in the line; of its first character when none is given."""
        found = self.raw.find(word or self.text)
        return place(self.file, self.number, max(found, 0) + 1, self.raw)

    def error(self, message: str, word: str = "", hint: str = "") -> InventoryError:
        """An error that points at a word."""
        return InventoryError(message, source=self.source(word), hint=hint)


@dataclass(slots=True)
class _Later:
    """What can be checked only at the end of the file: children and variables of groups."""

    children: list[tuple[str, str, _Line]] = field(default_factory=list)
    vars: list[tuple[str, _Line]] = field(default_factory=list)
    values: list[tuple[str, str, Any, _Line]] = field(default_factory=list)


def read_ini(text: str, file: str, assembly: Assembly) -> None:
    """Add what an INI inventory says. Raises InventoryError with the line."""
    group, kind = UNGROUPED, "hosts"
    later = _Later()
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or stripped[0] in "#;":
            continue
        line = _Line(file, number, raw, stripped)
        if stripped.startswith("["):
            section = _SECTION.fullmatch(stripped)
            if section:
                group, kind = _section(section, line, assembly, later)
                continue
            if ":" not in stripped.split("]")[0]:
                raise line.error("this section header cannot be read", hint="it is [name]")
        if kind == "hosts":
            _host(line, group, assembly)
        elif kind == "children":
            child = stripped.split("#")[0].split(";")[0].strip()
            later.children.append((group, child, line))
        else:
            _variable(line, group, later)
    _settle(later, assembly)


def _section(
    found: re.Match[str], line: _Line, assembly: Assembly, later: _Later
) -> tuple[str, str]:
    group, kind = found[1], found[2] or "hosts"
    if kind not in _KINDS:
        hint = suggestion(kind, _KINDS, otherwise="it is [name], [name:children] or [name:vars]")
        raise line.error(f"there is no section [{group}:{kind}]", kind, hint)
    if kind == "vars":
        later.vars.append((group, line))
    else:
        assembly.group(group)
    return group, kind


def _settle(later: _Later, assembly: Assembly) -> None:
    for group, line in later.vars:
        if group not in assembly.groups:
            hint = suggestion(group, assembly.groups)
            raise line.error(f"variables for the group '{group}', which is not there", group, hint)
    for group, name, value, line in later.values:
        assembly.add_group_vars(group, {name: value}, line.source())
    for group, child, line in later.children:
        if child not in assembly.groups:
            hint = suggestion(child, assembly.groups, otherwise=f"add a section [{child}]")
            raise line.error(f"there is no group '{child}'", child, hint)
        if child == ALL:
            raise line.error("'all' contains every group: it cannot be inside one", child)
        assembly.groups[group].children.setdefault(child, line.source(child))


def _host(line: _Line, group: str, assembly: Assembly) -> None:
    words = _words(line)
    if not words:
        return
    name, *settings = words
    if "=" in name:
        raise line.error("a line in a group begins with the name of a host", name)
    variables: dict[str, Any] = {}
    bare, port = split_port(name)
    if port is not None:
        variables["ansible_port"] = port
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            hint = "after the host's name come name=value; a value with spaces stands in quotes"
            raise line.error(f"expected name=value, found '{setting}'", setting, hint)
        variables[key] = literal(value)
    try:
        names = expand(bare)
    except ValueError as error:
        raise line.error(str(error), name) from None
    for expanded in names:
        assembly.add_host(expanded, group, variables)


def _words(line: _Line) -> Sequence[str]:
    if not any(character in line.text for character in "'\"\\#"):
        return line.text.split()
    outside = _QUOTED.sub(lambda found: "_" * len(found.group()), line.text)
    comment = outside.find("#")
    if comment > 0 and not outside[comment - 1].isspace():
        column = line.raw.find(line.text) + comment + 1
        where = place(line.file, line.number, column, line.raw)
        hint = "if it belongs to the value, put the whole name=value in quotes"
        raise InventoryError("a comment begins in the middle of a word", source=where, hint=hint)
    try:
        return shlex.split(line.text, comments=True)
    except ValueError as error:
        raise line.error(f"this line cannot be read: {str(error).lower()}") from None


def _variable(line: _Line, group: str, later: _Later) -> None:
    name, equals, value = (part.strip() for part in line.text.partition("="))
    if not equals or not name:
        hint = "in [group:vars], each line is name=value"
        raise line.error(f"expected name=value, found '{line.text}'", hint=hint)
    later.values.append((group, name, literal(value), line))


def literal(text: str) -> Any:
    """A value as Ansible reads it in INI: a Python literal, or else the text itself."""
    if _PLAIN_WORD.fullmatch(text) and text not in _LITERAL_WORDS:
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in a path is no mistake here
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return _plain(value, text)


def _plain(value: Any, text: str) -> Any:
    """The value when it is one that YAML could hold too."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, str(item)) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, str(item)) for key, item in value.items()}
    return text
