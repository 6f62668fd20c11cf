"""The configuration of the ``constructed`` inventory plug-in, checked word by word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import InventoryError, TemplateError
from runner.interfaces.template import Templates
from runner.loading.text.document import Document, Value
from runner.loading.text.words import suggestion
from runner.model.source import Source

_FLAGS: Final = ("strict", "leading_separator", "use_vars_plugins", "use_extra_vars")
_WORDS: Final = ("plugin", "compose", "groups", "keyed_groups", *_FLAGS)
_KEYED: Final = (
    "key", "prefix", "separator", "parent_group", "default_value", "trailing_separator",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A variable or group, and the expression that gives it."""

    name: str
    expression: Any
    source: Source

    def where(self, _variable: str) -> Source:
        """The place of what it gives."""
        return self.source


@dataclass(frozen=True, slots=True)
class Keyed:
    """One entry of ``keyed_groups``: a group for each value of ``key``."""

    key: Any
    source: Source
    prefix: str = ""
    separator: str = "_"
    parent_group: str | None = None
    default_value: str | None = None
    trailing_separator: bool | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration says."""

    compose: tuple[Rule, ...] = ()
    groups: tuple[Rule, ...] = ()
    keyed_groups: tuple[Keyed, ...] = ()
    strict: bool = False
    leading_separator: bool = True
    use_vars_plugins: bool = False
    use_extra_vars: bool = False


def read_config(document: Document, templates: Templates) -> Config:
    """The configuration. Raises InventoryError for a word that is not known, with the nearest."""
    assert document.root is not None
    found: dict[str, Any] = {}
    for key, value in document.root.entries():
        word = str(key.plain())
        if word not in _WORDS:
            hint = suggestion(word, _WORDS, otherwise=f"it has {', '.join(_WORDS)}")
            raise key.error(f"the constructed plug-in has no option '{word}'", hint=hint)
        if word in ("compose", "groups"):
            found[word] = tuple(_rules(word, value, templates))
        elif word == "keyed_groups":
            entries = [] if value.is_null else value.elements()
            found[word] = tuple(_keyed(entry, templates) for entry in entries)
        elif word in _FLAGS:
            found[word] = _flag(word, value)
    return Config(**found)


def _rules(word: str, value: Value, templates: Templates) -> list[Rule]:
    if value.is_null:
        return []
    if not value.is_mapping:
        hint = "each line is a name and an expression"
        raise value.error(f"'{word}' is a mapping, found {value.kind}", hint=hint)
    return [
        Rule(str(key.plain()), _expression(inner, templates), inner.source)
        for key, inner in value.entries()
    ]


def _keyed(entry: Value, templates: Templates) -> Keyed:
    if not entry.is_mapping:
        raise entry.error(f"an entry of 'keyed_groups' is a mapping, found {entry.kind}")
    found: dict[str, Any] = {}
    for key, value in entry.entries():
        word = str(key.plain())
        if word not in _KEYED:
            hint = suggestion(word, _KEYED, otherwise=f"it has {', '.join(_KEYED)}")
            raise key.error(f"an entry of 'keyed_groups' has no '{word}'", hint=hint)
        if word == "trailing_separator":
            found[word] = _flag(word, value)
        elif word == "key":
            found[word] = _expression(value, templates)
        elif not value.is_null:
            if not value.is_scalar:
                raise value.error(f"'{word}' is a text, found {value.kind}")
            found[word] = str(value.plain())
    if "key" not in found:
        raise entry.error("an entry of 'keyed_groups' needs a 'key'")
    if "default_value" in found and "trailing_separator" in found:
        raise entry.error("'default_value' and 'trailing_separator' exclude each other")
    return Keyed(source=entry.source, **found)


def _expression(value: Value, templates: Templates) -> Any:
    plain = value.plain()
    if isinstance(plain, str):
        try:
            templates.check_expression(plain, value.source)
        except TemplateError as error:
            place = error.source or value.source
            raise InventoryError(error.message, source=place, hint=error.hint) from None
    elif isinstance(plain, Mapping | list):
        hint = "put the expression in quotes"
        raise value.error(f"an expression is a text, found {value.kind}", hint=hint)
    return plain


def _flag(word: str, value: Value) -> bool:
    plain = value.plain()
    if not isinstance(plain, bool):
        raise value.error(f"'{word}' is yes or no, found {value.kind}")
    return plain
