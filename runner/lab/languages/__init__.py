"""What Windows' tools say in other languages.

The tools of the lab are written in English; on a machine of another language each line that they
print is looked up here. What a language's file does not know stays English, as on a Windows with
half a language pack. Data never changes: only whole lines of a tool's own are looked up, and only
for tools that do not pass on what others wrote.

Each file says which of its texts stand in public transcripts of such a Windows, and which are
assumed: what the lab is for is that they are *other words*, in other bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from runner.lab.languages import chs, deu, jpn, rus

__all__ = ["VOCABULARIES", "Vocabulary", "localized"]

_SPEAKERS = frozenset({
    "attrib", "chcp", "cmd", "hostname", "net", "net1", "netsh", "reg", "sc", "schtasks",
    "shutdown", "taskkill", "tasklist", "whoami", "wmic",
})  # fmt: skip
"""Tools that say something of their own; `find`, `more`, `sort` and others pass texts on."""

_LABEL = re.compile(r"^(\s*)([A-Z][A-Z0-9_]+)(\s*):(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Vocabulary:
    """One language: `phrases` are whole lines with `{}` for what changes, `labels` the names in
    front of a colon that sc prints."""

    phrases: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [
            (re.compile(re.escape(english).replace(r"\{\}", "(.*?)") + r"\Z"), other)
            for english, other in self.phrases.items()
            if "{}" in english
        ]

    def line(self, text: str, tool: str) -> str:
        """One line in this language; blanks around it stay."""
        core = text.strip()
        if not core:
            return text
        if tool == "sc" and self.labels and (found := _LABEL.match(text)):
            return self._labelled(found)
        start = text.index(core)
        return text[:start] + self._phrase(core) + text[start + len(core) :]

    def _phrase(self, core: str) -> str:
        if core in self.phrases:
            return self.phrases[core]
        for pattern, other in self._patterns:
            if found := pattern.match(core):
                return other.format(*found.groups())
        return core

    def _labelled(self, found: re.Match[str]) -> str:
        indent, name, gap, rest = found.groups()
        other = self.labels.get(name, name)
        column = len(name) + len(gap) if gap else 0
        return f"{indent}{other.ljust(column)}:{rest}"


VOCABULARIES = {
    "chs": Vocabulary(chs.PHRASES),
    "jpn": Vocabulary(jpn.PHRASES),
    "deu": Vocabulary(deu.PHRASES),
    "rus": Vocabulary(rus.PHRASES, rus.LABELS),
}


def localized(text: str, language: str, tool: str) -> str:
    """What a tool prints on a Windows of this language (`chs`); `tool` is its name (`sc`)."""
    vocabulary = VOCABULARIES.get(language)
    if vocabulary is None or tool not in _SPEAKERS:
        return text
    return "\n".join(vocabulary.line(line, tool) for line in text.split("\n"))
