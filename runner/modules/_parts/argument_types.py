"""The types of role arguments: what each accepts, and what it makes of it.

Source: Ansible, "Ansible module architecture", argument spec, ``type``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final

from runner.interfaces.argument_spec import TypeName

TRUE_WORDS: Final = frozenset({"y", "yes", "on", "1", "true", "t", "1.0"})
FALSE_WORDS: Final = frozenset({"n", "no", "off", "0", "false", "f", "0.0"})
_SIZE: Final = re.compile(r"([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*")
_POWERS: Final = "BKMGTPEZY"
_PREFIXES: Final = ("", "kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta")
_PAIR: Final = re.compile(r"""((?:\\.|"[^"]*"|'[^']*'|[^\s,"'\\])+)""")
_QUOTED: Final = re.compile(r"""\\(.)|"([^"]*)"|'([^']*)'""")


def convert(kind: TypeName, value: Any) -> Any:
    """The value as this type. Raises ValueError that says what it should be."""
    return _CONVERTERS[kind](value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if isinstance(value, str | int | float) and word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError("must be yes or no")


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return value
    try:
        number = Decimal(value)
        if number == int(number):
            return int(number)
    except (DecimalException, TypeError, ValueError, OverflowError):
        pass
    raise ValueError("must be a whole number")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("must be a number") from None


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, int | float):
        return [str(value)]
    raise ValueError("must be a list")


def _mapping(value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str) and value.startswith("{"):
        return _literal(value)
    if isinstance(value, str) and "=" in value:
        pairs = [_QUOTED.sub(_unquoted, pair) for pair in _PAIR.findall(value)]
        if all("=" in pair for pair in pairs):
            return dict(pair.split("=", 1) for pair in pairs)
    raise ValueError("must be a mapping")


def _unquoted(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)


def _literal(text: str) -> dict[Any, Any]:
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(value, dict):
            return value
    raise ValueError("must be a mapping")


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, default=str)
    raise ValueError("must be JSON: a text, a list or a mapping")


def _size(letter: str, word: str) -> Callable[[Any], int]:
    """Reads ``10 MB`` or ``10 Mb``; ``letter`` and ``word`` are how a byte or a bit is written."""

    def read(value: Any) -> int:
        found = _SIZE.fullmatch(str(value))
        if found is None:
            raise ValueError(f"must be a number of {word}s, like 10M{letter}")
        amount, unit = float(found[1]), found[2]
        power = _POWERS.find(unit[:1].upper()) if unit else 0
        short = unit[:1].upper()
        long = f"{_PREFIXES[power]}{word}"
        exact = (letter,) if short == "B" else (f"{short}{letter}",)
        if power < 0 or (len(unit) > 1 and unit not in exact and unit.lower() != long):
            raise ValueError(f"must be a number of {word}s, like 10M{letter}")
        return round(amount * float(1024**power))

    return read


def _raw(value: Any) -> Any:
    return value


_CONVERTERS: Final[Mapping[TypeName, Callable[[Any], Any]]] = {
    "str": _text,
    "path": _text,
    "bool": _flag,
    "int": _whole,
    "float": _number,
    "list": _list,
    "dict": _mapping,
    "raw": _raw,
    "json": _json,
    "jsonarg": _json,
    "bytes": _size("B", "byte"),
    "bits": _size("b", "bit"),
}
