"""Reading the keywords of one mapping: each with its type, each error at its place."""

from __future__ import annotations

import re
from typing import Any, Final

from runner.errors import InputError
from runner.interfaces.template import Templates
from runner.loading.data import hide_secrets
from runner.loading.document import Value
from runner.loading.keywords import Keywords, is_off, refuse_unknown, unsupported
from runner.loading.words import words

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

    def restrict(self, keywords: Keywords, *allowed: str) -> None:
        """Refuse everything that is not one of these keywords (or ``allowed``)."""
        for name, key in self.keys.items():
            if name in keywords.known or name in allowed:
                continue
            if name in keywords.later:
                if is_off(name, self[name]):
                    continue
                raise unsupported(key, name, keywords.what)
            raise refuse_unknown(key, name, keywords)

    def text(self, name: str) -> str | None:
        """A text; numbers and the like are read as they are written."""
        value = self.get(name)
        return None if value is None else text_of(value, name)

    def flag(self, name: str) -> bool | None:
        """Yes or no."""
        value = self.get(name)
        if value is None:
            return None
        plain = value.plain()
        if isinstance(plain, bool):
            return plain
        word = str(plain).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        self.refuse_template(name)
        raise value.error(f"'{name}' is yes or no, found {_shown(value)}")

    def number(self, name: str, least: float) -> float | None:
        """A number that is not below ``least``."""
        value = self.get(name)
        if value is None:
            return None
        plain = value.plain()
        try:
            number = float(plain) if not isinstance(plain, bool) else None
        except (TypeError, ValueError):
            number = None
        if number is None:
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

    def tags(self) -> frozenset[str]:
        """``tags``: a list, or a text with commas."""
        value = self.get("tags")
        if value is None or value.is_null:
            return frozenset()
        self.refuse_template("tags")
        words = [word for e in listed(value) for word in text_of(e, "tags").split(",")]
        return frozenset(word.strip() for word in words if word.strip())

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
                raise element.error(f"'{name}' is a condition, found {element.kind}")
            text = str(plain)
            templates.check_expression(text, element.source)
            found.append(text)
        return tuple(found)

    def variables(self, name: str, templates: Templates) -> dict[str, Any]:
        """A mapping of variables; their names and templates are checked."""
        value = self.get(name)
        if value is None or value.is_null:
            return {}
        if not value.is_mapping:
            raise value.error(f"'{name}' is a mapping of variables, found {value.kind}")
        for key, _ in value.entries():
            check_variable_name(key)
        check_templates(value, templates)
        return hide_secrets(value.plain())

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
                message = f"a template in '{name}' is not supported yet"
                raise scalar.error(message, hint="write the value itself")


def text_of(value: Value, name: str) -> str:
    """A single value as the text that stands there."""
    plain = value.plain() if value.is_scalar else None
    if plain is None:
        raise value.error(f"'{name}' is a text, found {value.kind}")
    return plain if isinstance(plain, str) else str(value.node.value)


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
