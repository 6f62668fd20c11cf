"""Inventories as INI: sections of hosts, ``[group:children]`` and ``[group:vars]``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.hostnames import expand, split_port
from runner.loading.inventory.assembly import Assembly
from runner.loading.inventory.literals import literal
from runner.loading.inventory.tree import ALL, UNGROUPED
from runner.loading.text.files import place
from runner.loading.text.problems import Problems
from runner.loading.text.words import suggestion
from runner.model.source import Source

_SECTION: Final = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")
_KINDS: Final = ("hosts", "children", "vars")
_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""")
_MOST_PROBLEMS: Final = 20


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

    def setting(self, name: str) -> Source:
        """The place of ``name=`` in the line."""
        found = re.search(rf"(?<!\S)['\"]?{re.escape(name)}\s*=", self.raw)
        return place(self.file, self.number, found.start() + 1 if found else 1, self.raw)

    def error(self, message: str, word: str = "", hint: str = "") -> InventoryError:
        """An error that points at a word."""
        return InventoryError(message, source=self.source(word), hint=hint)


@dataclass(slots=True)
class _Later:
    """What stands in the file before the group that it speaks of."""

    children: dict[str, list[tuple[str, _Line]]] = field(default_factory=dict)
    vars: dict[str, _Line] = field(default_factory=dict)


def read_ini(text: str, file: str, assembly: Assembly) -> None:
    """Add what an INI inventory says.

    Raises InventoryError with the line, or InputErrors for mistakes in several lines.
    """
    problems = Problems()
    _Reader(file, assembly, problems).read(text)
    problems.raise_if_any()


class _Reader:
    """Reads one file. Every line that is wrong goes to ``problems``, and reading goes on."""

    def __init__(self, file: str, assembly: Assembly, problems: Problems) -> None:
        self._file = file
        self._assembly = assembly
        self._problems = problems
        self._group = UNGROUPED
        self._kind = "hosts"
        self._later = _Later()

    def read(self, text: str) -> None:
        for number, raw in enumerate(text.splitlines(), start=1):
            stripped = raw.strip()
            if not stripped or stripped[0] in "#;":
                continue
            with self._problems.collect():
                self._line(_Line(self._file, number, raw, stripped))
            if len(self._problems.errors) > _MOST_PROBLEMS:
                return
        self._settle()

    def _line(self, line: _Line) -> None:
        if line.text.startswith("["):
            section = _SECTION.fullmatch(line.text)
            if section:
                self._section(section, line)
                return
            if ":" not in line.text.split("]")[0]:
                # The lines below belong to nobody: better to skip them than to guess.
                self._kind = "unknown"
                raise line.error("this section header cannot be read", hint="it is [name]")
        if self._kind == "hosts":
            self._host(line)
        elif self._kind == "children":
            self._child(line)
        elif self._kind == "vars":
            self._variable(line)

    def _section(self, found: re.Match[str], line: _Line) -> None:
        self._group, self._kind = found[1], found[2] or "hosts"
        if self._kind not in _KINDS:
            kind, self._kind = self._kind, "unknown"
            otherwise = "it is [name], [name:children] or [name:vars]"
            hint = suggestion(kind, _KINDS, otherwise=otherwise)
            raise line.error(f"there is no section [{self._group}:{kind}]", kind, hint)
        if self._kind == "vars":
            if self._group not in self._assembly.groups:
                self._later.vars[self._group] = line
                self._assembly.group(self._group)
            return
        self._assembly.group(self._group)
        self._later.vars.pop(self._group, None)
        for parent, child in self._later.children.pop(self._group, ()):
            self._assembly.add_child(parent, self._group, partial(child.source, self._group))

    def _settle(self) -> None:
        groups = [g for g in self._assembly.groups if g not in self._later.vars]
        for group, line in self._later.vars.items():
            hint = suggestion(group, groups)
            message = f"variables for the group '{group}', which is not there"
            self._problems.note(line.error(message, group, hint))
        for child, lines in self._later.children.items():
            for _, line in lines:
                hint = suggestion(child, groups, otherwise=f"add a section [{child}]")
                self._problems.note(line.error(f"there is no group '{child}'", child, hint))

    def _child(self, line: _Line) -> None:
        child = line.text.split("#")[0].split(";")[0].strip()
        if child == ALL:
            raise line.error("'all' contains every group: it cannot be inside one", child)
        if child in self._assembly.groups:
            self._assembly.add_child(self._group, child, partial(line.source, child))
        else:
            self._later.children.setdefault(child, []).append((self._group, line))

    def _host(self, line: _Line) -> None:
        words = _words(line)
        if not words:
            return
        name, *settings = words
        if "=" in name:
            raise line.error("a line in a group begins with the name of a host", name)
        if name == "---":
            self._kind = "unknown"
            hint = "a YAML inventory ends in .yml or .yaml, or has no extension"
            raise line.error("this looks like YAML, and the file is read as INI", hint=hint)
        bare, port = split_port(name)
        if bare.endswith(":"):
            raise line.error(f"'{name}' ends in ':', and no port follows", name)
        variables: dict[str, Any] = {}
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
            self._assembly.add_host(expanded, self._group, variables, line.setting, port)

    def _variable(self, line: _Line) -> None:
        name, equals, value = (part.strip() for part in line.text.partition("="))
        if not equals or not name:
            hint = "in [group:vars], each line is name=value"
            raise line.error(f"expected name=value, found '{line.text}'", hint=hint)
        self._assembly.add_group_vars(self._group, {name: literal(value)}, line.setting)


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
