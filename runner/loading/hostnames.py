"""Names of hosts as inventories write them: ranges (``web[01:24]``) and ports (``web01:5986``)."""

from __future__ import annotations

import ipaddress
import itertools
import re
import string
from typing import Final

_RANGE: Final = re.compile(r"\[([0-9a-zA-Z]*):([0-9a-zA-Z]+)(?::([0-9]+))?\]")
_PORT: Final = re.compile(r"(?P<name>(?:[^\[\]:]|\[[^\]]*\])+):(?P<port>\d{1,5})")
_BRACKETS: Final = re.compile(r"\[(?P<name>.+)\]:(?P<port>\d{1,5})")
_SPAN: Final = r"\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]"
_LABEL: Final = rf"(?:\w|{_SPAN})(?:[\w-]|{_SPAN})*(?<![_-])"
_HOSTNAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MOST: Final = 1_000_000


def split_port(name: str) -> tuple[str, int | None]:
    """A name and the port written behind it. What is no host's name is left as it is."""
    found = _BRACKETS.fullmatch(name) or _PORT.fullmatch(name)
    if found and is_address(found["name"]):
        return found["name"], int(found["port"])
    return name, None


def is_address(name: str) -> bool:
    """Whether this can be the name or address of a host; ranges in it may be."""
    plain = _RANGE.sub("1", name)
    if ":" not in plain:
        return _HOSTNAME.fullmatch(name) is not None
    try:
        ipaddress.IPv6Address(plain)
    except ValueError:
        return False
    return "%" not in plain


def expand(name: str) -> list[str]:
    """All names that a name with ranges stands for. Raises ValueError for a bad range."""
    if "[" not in name:
        return [name]
    parts: list[list[str]] = []
    position = 0
    for found in _RANGE.finditer(name):
        parts.append([name[position : found.start()]])
        parts.append(_range(found[0], found[1], found[2], int(found[3] or 1)))
        position = found.end()
    rest = name[position:]
    if any("[" in part or "]" in part for part in (*itertools.chain(*parts[::2]), rest)):
        raise ValueError(f"'{name}' is no range: it is written like web[01:24]")
    parts.append([rest])
    total = 1
    for part in parts:
        total *= len(part)
    if total > _MOST:
        raise ValueError(f"'{name}' stands for {total:,} hosts")
    return ["".join(combination) for combination in itertools.product(*parts)]


def _range(written: str, first: str, last: str, step: int) -> list[str]:
    first = first or "0"
    if step < 1:
        raise ValueError(f"the range {written} never moves on")
    if first.isdigit() and last.isdigit():
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        if width and len(last) != width:
            raise ValueError(f"both ends of the range {written} need the same number of digits")
        if max(len(first), len(last)) > 18 or int(last) - int(first) > _MOST:
            raise ValueError(f"the range {written} is too long")
        names = [str(n).zfill(width) for n in range(int(first), int(last) + 1, step)]
    elif len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        letters = string.ascii_letters
        names = list(letters[letters.index(first) : letters.index(last) + 1 : step])
    else:
        raise ValueError(f"the range {written} goes from one kind of thing to another")
    if not names:
        raise ValueError(f"the range {written} ends before it begins")
    return names
