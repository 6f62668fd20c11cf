"""Writes a playbook as YAML for people: comments, and values in which braces are only braces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from runner.loading.text.data import has_opener


@dataclass(frozen=True, slots=True)
class WrittenTask:
    """One task: its keys as they are to be written, and lines of comment above it."""

    keys: Mapping[str, Any]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenPlay:
    """One play for these hosts; facts are gathered where a module needs them."""

    name: str
    hosts: Sequence[str]
    tasks: Sequence[WrittenTask]


class _Data(str):
    """A text that a template must not be made of."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand indented below their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written where it stands."""
        return True

    def represent_data_text(self, data: _Data) -> yaml.Node:
        """A text with the tag that keeps its braces."""
        return self.represent_scalar("!unsafe", str.__str__(data), _style(data))

    def represent_text(self, data: str) -> yaml.Node:
        """A text that is read back as it is."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, _style(data))


def _style(text: str) -> str | None:
    """Quoted with escapes where YAML 1.1 would take a character for the end of a line."""
    return '"' if set(text) & {"\x85", "\u2028", "\u2029"} else None


_Dumper.add_representer(_Data, _Dumper.represent_data_text)
_Dumper.add_representer(str, _Dumper.represent_text)


def playbook_text(comments: Sequence[str], plays: Sequence[WrittenPlay]) -> str:
    """The whole file."""
    lines = [*_commented(comments), "---"]
    for play in plays:
        lines.append("")
        head = {"name": play.name, "hosts": list(play.hosts), "gather_facts": False}
        lines += _item(head, "")
        lines.append("  tasks:")
        for task in play.tasks:
            lines += [f"    {line}" for line in _commented(task.comments)]
            lines += _item(task.keys, "    ")
    return "\n".join([*lines, ""])


def _item(keys: Mapping[str, Any], indent: str) -> list[str]:
    text = yaml.dump(
        [_marked(dict(keys))],
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return [f"{indent}{line}" if line else "" for line in text.rstrip("\n").split("\n")]


def _commented(lines: Sequence[str]) -> list[str]:
    """Nothing in a comment may end it."""
    return [f"# {_one_line(line)}".rstrip() for line in lines]


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _marked(value: Any) -> Any:
    match value:
        case str() if has_opener(value):
            return _Data(value)
        case Mapping():
            return {key: _marked(item) for key, item in value.items()}
        case list() | tuple():
            return [_marked(item) for item in value]
    return value
