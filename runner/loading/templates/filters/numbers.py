"""Filters on numbers, sizes and time."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

_SIZES: Final = {letter: 1 << (10 * power) for power, letter in enumerate("BKMGTPEZY")}
_UNIT_NAMES: Final = {
    "K": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
    "E": "exa",
    "Z": "zeta",
    "Y": "yotta",
}
_SIZE: Final = re.compile(r"([0-9]*\.?[0-9]+)(?:\s*([A-Za-z]+))?\s*")


def to_bool(value: Any) -> bool:
    """Ansible's: yes, on, 1, true (in any case) are true, everything else is false."""
    if isinstance(value, str):
        return value.lower() in ("yes", "on", "1", "true")
    return bool(value == 1)


def log(value: float, base: float = math.e) -> float:
    """Logarithm."""
    return math.log10(value) if base == 10 else math.log(value, base)


def power(value: float, exponent: float) -> float:
    """Power."""
    return math.pow(value, exponent)


def root(value: float, base: float = 2) -> float:
    """Root."""
    return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / float(base))


def human_readable(size: float, isbits: bool = False, unit: str | None = None) -> str:
    """A number of bytes (or bits) for people: ``1.00 KB``."""
    largest_first = sorted(_SIZES.items(), key=lambda item: -item[1])
    for letter, limit in largest_first:
        if (unit is None and size >= limit) or (unit is not None and unit.upper() == letter):
            break
    base = "bits" if isbits else "Bytes"
    return f"{size / limit:.2f} {base if limit == 1 else letter + base[0]}"


def human_to_bytes(size: Any, default_unit: str | None = None, isbits: bool = False) -> int:
    """The number of bytes (or bits) behind ``1.5 GB``."""
    found = _SIZE.fullmatch(str(size))
    if found is None:
        raise ValueError(f"'{size}' is no size")
    unit = found[2] or default_unit
    if not unit:
        return round(float(found[1]))
    letter = unit[0].upper()
    if letter not in _SIZES or (len(unit) > 1 and not _is_unit(unit, letter, isbits)):
        small = "b" if isbits else "B"
        raise ValueError(f"'{unit}' is no unit; {small}, K{small}, M{small} and so on are")
    return round(float(found[1]) * _SIZES[letter])


def _is_unit(unit: str, letter: str, isbits: bool) -> bool:
    name, short = ("bit", "b") if isbits else ("byte", "B")
    if letter == "B":
        return unit.lower() == name
    return unit.lower() == _UNIT_NAMES[letter] + name or unit == letter + short


def pick(values: Any, start: int | None = None, step: int | None = None, seed: Any = None) -> Any:
    """One element by chance, or a number below a number; ``seed`` makes it the same each time."""
    chance = random.Random(seed) if seed is not None else random.SystemRandom()
    if isinstance(values, int):
        return chance.randrange(start or 0, values, step or 1)
    if start or step:
        raise ValueError("start and step are for numbers only")
    if not hasattr(values, "__iter__"):
        raise TypeError(f"needs a list or a number, not {type(values).__name__}")
    return chance.choice(values if isinstance(values, list | tuple | str) else list(values))


def shuffle(values: Any, seed: Any = None) -> Any:
    """The elements in an order by chance; ``seed`` makes it the same each time."""
    if not hasattr(values, "__iter__"):
        return values
    shuffled = list(values)
    (random.Random(seed) if seed else random.SystemRandom()).shuffle(shuffled)
    return shuffled


def to_datetime(value: str, format: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    """The moment that a text names."""
    return datetime.strptime(value, format)


def strftime(format: str, second: Any = None, utc: bool = False) -> str:
    """A moment (seconds since 1970; now by default) as a text."""
    moment = time.time() if second is None else float(second)
    return time.strftime(format, time.gmtime(moment) if utc else time.localtime(moment))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "bool": to_bool,
    "log": log,
    "pow": power,
    "root": root,
    "human_readable": human_readable,
    "human_to_bytes": human_to_bytes,
    "random": pick,
    "shuffle": shuffle,
    "to_datetime": to_datetime,
    "strftime": strftime,
}
