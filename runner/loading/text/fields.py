"""Reading the keywords of one mapping: each with its type, each error at its place."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping
from typing import Any, Final, overload

from runner.errors import DependsOnUnknown, InputError, TemplateError
from runner.interfaces.template import Templates
from runner.loading.text.data import hide_secrets
from runner.loading.text.document import Value
from runner.loading.text.keywords import Keywords, loop_kind, refuse_unknown, unsupported
from runner.loading.text.words import words
from runner.model.secret import Secret

_TRUE: Final = words("y yes on 1 true t 1.0")
_FALSE: Final = words("n no off 0 false f 0.0")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Fields:
    """The entries of one mapping by name."""

    def __init__(self, value: Value, what: str) -> None:
        if not value.is_mapping:
            raise value.error(f"{what} is a mapping, found {value.kind}")
        self.value = value
        self.keys: dict[str, Value] = {}
        self._values: dict[str, Value] = {}
        for key, item in value.entries():
            name = key.plain()
            if not isinstance(name, str):
                hint = "put it in quotes: YAML 1.1 reads this word as something else"
                raise key.error(f"a name cannot be {key.kind}", hint=hint)
            self.keys[name] = key
            self._values[name] = item

    def __contains__(self, name: str) -> bool:
        return name in self.keys

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def get(self, name: str) -> Value | None:
        """The value of a keyword, or None when it is not there."""
        return self._values.get(name)

    def restrict(self, keywords: Keywords, *allowed: str) -> tuple[str, ...]:
        """Refuse everything that is not one of these keywords (or ``allowed``).

        Gives those that are there and that do nothing, in Ansible either.
        """
        ignored: list[str] = []
        for name, key in self.keys.items():
            if name in allowed or loop_kind(name) in keywords.known:
                continue
            if name in keywords.ignored:
                ignored.append(name)
                continue
            if name in keywords.later:
                raise unsupported(key, name, keywords.what)
            raise refuse_unknown(key, name, keywords)
        return tuple(ignored)

    def without(self, names: Collection[str]) -> Fields:
        """The same mapping without these entries."""
        kept = copy.copy(self)
        kept.keys = {name: key for name, key in self.keys.items() if name not in names}
        kept._values = {name: item for name, item in self._values.items() if name not in names}
        return kept

    def text(self, name: str) -> str | None:
        """A text; numbers and the like are read as they are written."""
        value = self.get(name)
        return None if value is None else text_of(value, name)

    def template(self, name: str, templates: Templates) -> str | None:
        """A text which may hold templates; these are checked."""
        value = self.get(name)
        if value is None or value.is_null:
            return None
        text = text_of(value, name)
        templates.check(value.plain(), value.source)
        return text

    @overload
    def flag(self, name: str) -> bool | None: ...

    @overload
    def flag(self, name: str, templates: Templates) -> bool | str | None: ...

    def flag(self, name: str, templates: Templates | None = None) -> bool | str | None:
        """Yes or no; where ``templates`` are given also a template, checked and kept."""
        value = self.get(name)
        if value is None:
            return None
        plain = value.plain()
        known = yes_or_no(plain)
        if known is not None:
            return known
        if templates is not None and isinstance(plain, str) and templates.is_template(plain):
            templates.check(plain, value.source)
            return plain
        self.refuse_template(name)
        raise value.error(f"'{name}' is yes or no, found {_shown(value)}")

    @overload
    def number(self, name: str, least: float) -> float | None: ...

    @overload
    def number(self, name: str, least: float, templates: Templates) -> float | str | None: ...

    def number(
        self, name: str, least: float, templates: Templates | None = None
    ) -> float | str | None:
        """A number that is not below ``least``; where ``templates`` are given also a template."""
        value = self.get(name)
        if value is None:
            return None
        plain = value.plain()
        try:
            number = float(plain) if not isinstance(plain, bool) else None
        except (TypeError, ValueError):
            number = None
        if number is None:
            if templates is not None and isinstance(plain, str) and templates.is_template(plain):
                templates.check(plain, value.source)
                return plain
            self.refuse_template(name)
            raise value.error(f"'{name}' is a number, found {_shown(value)}")
        if not least <= number < float("inf"):
            raise value.error(f"'{name}' cannot be {number:g}; the least is {least:g}")
        return number

    def whole_number(self, name: str, least: int) -> int | None:
        """A whole number that is not below ``least``."""
        number = self.number(name, least)
        if number is not None and number != int(number):
            raise self[name].error(f"'{name}' is a whole number, found {number:g}")
        return None if number is None else int(number)

    def texts(self, name: str) -> tuple[str, ...] | None:
        """A text, or a list of texts."""
        value = self.get(name)
        if value is None:
            return None
        return tuple(text_of(element, name) for element in listed(value))

    def tags(
        self, templates: Templates | None = None, static: Mapping[str, Any] | None = None
    ) -> frozenset[str]:
        """``tags``: a list, or a text with commas.

        A template gives a text or a list from the ``static`` variables: whether a task is
        selected must be known before any host is.
        """
        value = self.get("tags")
        if value is None or value.is_null:
            return frozenset()
        found: list[str] = []
        for element in listed(value):
            plain = element.plain()
            if isinstance(plain, str) and templates is not None and templates.is_template(plain):
                given = static_text(element, templates, static or {})
                found += [str(tag) for tag in (given if isinstance(given, list) else [given])]
            else:
                found.append(text_of(element, "tags"))
        words = [word.strip() for text in found for word in text.split(",")]
        return frozenset(word for word in words if word)

    def conditions(self, name: str, templates: Templates) -> tuple[str, ...] | None:
        """A condition, or a list of conditions which all must hold; checked."""
        value = self.get(name)
        if value is None:
            return None
        found = []
        for element in listed(value):
            plain = element.plain()
            if isinstance(plain, bool):
                found.append("true" if plain else "false")
                continue
            if plain is None or not element.is_scalar:
                hint = "names stand in it without {{ }}; with braces or ': ' in it, quote it"
                message = f"'{name}' is a condition, found {element.kind}"
                raise element.error(message, hint=hint if element.is_mapping else "")
            text = str(plain)
            templates.check_expression(text, element.source)
            found.append(text)
        return tuple(found)

    def variables(self, name: str, templates: Templates) -> dict[str, Any]:
        """A mapping of variables, or a list of such mappings; names and templates are checked."""
        value = self.get(name)
        if value is None or value.is_null:
            return {}
        merged: dict[str, Any] = {}
        for element in listed(value):
            if not element.is_mapping:
                raise element.error(f"'{name}' is a mapping of variables, found {element.kind}")
            for key, _ in element.entries():
                check_variable_name(key)
            check_templates(element, templates)
            merged.update(hide_secrets(element.plain()))
        return merged

    def variable_name(self, name: str) -> str | None:
        """The name of a variable."""
        value = self.get(name)
        if value is None:
            return None
        self.refuse_template(name)
        check_variable_name(value)
        return str(value.plain())

    def identifier(self) -> str | None:
        """``id``: letters, digits, ``_``, ``.`` and ``-``."""
        text = self.text("id")
        if text is not None and not _ID.fullmatch(text):
            hint = "letters, digits, '_', '.' and '-'"
            raise self["id"].error(f"'{text}' cannot be an id", hint=hint)
        return text

    def refuse_template(self, name: str) -> None:
        """What must be known before any host is: no template."""
        for scalar in self[name].scalars():
            if isinstance(scalar.plain(), str) and "{{" in scalar.plain():
                message = f"'{name}' must be known before any host is contacted: no template here"
                raise scalar.error(message, hint="write the value itself")


def static_text(value: Value, templates: Templates, static: Mapping[str, Any]) -> Any:
    """A value that must be known before any host is, with the variables known then."""
    plain = value.plain()
    templates.check(plain, value.source)
    if not templates.is_template(plain):
        return plain
    try:
        return templates.render(plain, static, value.source)
    except TemplateError as error:
        message = f"this must be known before any host is contacted, but {error.message}"
        raise value.error(message, hint=error.hint or "give the variable with -e") from None
    except DependsOnUnknown as error:
        message = f"this must be known before any host is contacted, but it {error.message}"
        raise value.error(message) from None


def text_of(value: Value, name: str) -> str:
    """A single value as the text that stands there."""
    plain = value.plain() if value.is_scalar else None
    if plain is None or isinstance(plain, Secret):
        hint = f"it takes one value: write {name}: VALUE" if value.is_sequence else ""
        raise value.error(f"'{name}' is a text, found {value.kind}", hint=hint)
    return plain if isinstance(plain, str) else str(value.node.value)


def yes_or_no(plain: Any) -> bool | None:
    """The truth that this value or word stands for, or None when it stands for none."""
    if isinstance(plain, bool):
        return plain
    word = str(plain).strip().lower()
    return word in _TRUE if word in _TRUE | _FALSE else None


def listed(value: Value) -> list[Value]:
    """The elements of a list, or the one value that stands for a list of one."""
    return value.elements() if value.is_sequence else [value]


def check_variable_name(key: Value) -> None:
    """A variable's name can stand in a template."""
    name = key.plain()
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        hint = "letters, digits and '_', beginning with a letter"
        raise key.error(f"'{name}' cannot be the name of a variable", hint=hint)


def check_templates(value: Value, templates: Templates) -> None:
    """Check every template in a value, each at its place."""
    for scalar in value.scalars():
        plain = scalar.plain()
        if isinstance(plain, str):
            templates.check(plain, scalar.source)


def _shown(value: Value) -> str:
    return f"'{value.plain()}'" if value.is_scalar else value.kind


def wrong_kind(value: Value, name: str, expected: str) -> InputError:
    """``'loop' is a list, found a mapping``."""
    return value.error(f"'{name}' is {expected}, found {value.kind}")
