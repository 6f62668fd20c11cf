"""Host patterns: who is meant by ``web*:&prod:!web03``.

``,`` and ``:`` separate parts; ``!`` leaves out, ``&`` keeps only. A part is a name, a group, a
glob, ``~`` and a regular expression, or a group with positions (``web[0]``, ``web[1:3]``, both
ends included). A part that means nobody is an error: a typo must not change who is touched.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from runner.errors import PatternError
from runner.loading.words import suggestion
from runner.model.inventory import Inventory
from runner.model.source import Source

_POSITIONS: Final = re.compile(r"(.+)\[(?:(-?\d+)|(\d*)([:-])(\d*))\]")
_GLOB: Final = re.compile(r"[*?\[]")


def select(inventory: Inventory, pattern: str, source: Source | None = None) -> tuple[str, ...]:
    """The hosts that a pattern means, in inventory order.

    Raises PatternError when a part means nobody, or when nobody is left.
    """
    if pattern.strip() in inventory.hosts:
        return (pattern.strip(),)
    wanted, needed, unwanted = _parts(pattern, source)
    chosen: set[str] = set()
    for part in wanted:
        chosen.update(_hosts(inventory, part, source))
    for part in needed:
        chosen.intersection_update(_hosts(inventory, part, source))
    for part in unwanted:
        chosen.difference_update(_hosts(inventory, part, source))
    if not chosen:
        raise PatternError(f"the pattern '{pattern}' matches no host", source=source)
    return tuple(host for host in inventory.hosts if host in chosen)


def limit(inventory: Inventory, hosts: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of ``hosts`` that the limit means, in their order; may be none of them.

    A part ``@FILE`` stands for the patterns in that file, one a line. Raises PatternError for a
    limit that means nobody in the whole inventory, and so for an empty one.
    """
    chosen = frozenset(select(inventory, _with_files(text)))
    return tuple(host for host in hosts if host in chosen)


def _with_files(text: str) -> str:
    parts: list[str] = []
    for part in text.split(","):
        stripped = part.strip()
        if not stripped.startswith("@"):
            parts.append(part)
            continue
        path = Path(stripped[1:]).expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PatternError(f"cannot read the limit {path}: {reason}") from None
        names = [line.strip() for line in lines]
        names = [name for name in names if name and not name.startswith("#")]
        if not names:
            raise PatternError(f"the limit {path} names no host")
        parts.extend(names)
    return ",".join(parts)


def _parts(pattern: str, source: Source | None) -> tuple[list[str], list[str], list[str]]:
    """What to take, what to keep only, what to leave out."""
    wanted: list[str] = []
    needed: list[str] = []
    unwanted: list[str] = []
    for part in _split(pattern):
        sign = part[0] if part[0] in "!&" else ""
        name = part[1:].strip() if sign else part
        if not name:
            message = f"the pattern '{pattern}' has a '{sign}' without a name"
            raise PatternError(message, source=source)
        {"": wanted, "&": needed, "!": unwanted}[sign].append(name)
    if not (wanted or needed or unwanted):
        hint = "'all' means everybody"
        raise PatternError(f"the pattern '{pattern}' is empty", source=source, hint=hint)
    return wanted or ["all"], needed, unwanted


def _split(pattern: str) -> list[str]:
    """The parts between ``,`` and ``:``, save inside brackets and a regular expression's groups."""
    parts = [""]
    depth = 0
    for char in pattern:
        opens = "[(" if parts[-1].lstrip(" !&").startswith("~") else "["
        closes = "])" if opens == "[(" else "]"
        if char in opens:
            depth += 1
        elif char in closes and depth:
            depth -= 1
        if char in ",:" and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def _hosts(inventory: Inventory, part: str, source: Source | None) -> Collection[str]:
    """Who one part means. Raises PatternError when it is nobody."""
    if part.startswith("~"):
        return _matching(inventory, part, _expression(part, source), source)
    if part in inventory.groups or part in inventory.hosts:
        return _named(inventory, part, source)
    positions = _POSITIONS.fullmatch(part)
    if positions:
        base = positions[1]
        if base not in inventory.groups and not _GLOB.search(base) and positions[4] is None:
            hint = f"for one of several characters, write a regular expression: ~{part}$"
            message = f"no group is named '{base}', and [..] takes a position in a group"
            raise PatternError(message, source=source, hint=hint)
        members: Collection[str]
        if _GLOB.search(base):
            members = _matching(inventory, base, _glob(base), source)
        else:
            members = _named(inventory, base, source)
        inside = frozenset(members)
        chosen = _at(positions, [host for host in inventory.hosts if host in inside])
        if not chosen:
            message = f"'{base}' has {len(members)} hosts: '{part}' matches none of them"
            raise PatternError(message, source=source)
        return chosen
    if _GLOB.search(part):
        return _matching(inventory, part, _glob(part), source)
    return _named(inventory, part, source)


def _named(inventory: Inventory, name: str, source: Source | None) -> Collection[str]:
    if name in inventory.groups:
        members = inventory.groups[name].hosts
        if not members:
            raise PatternError(f"the group '{name}' has no hosts", source=source)
        return members
    if name in inventory.hosts:
        return (name,)
    hint = suggestion(name, [*inventory.groups, *inventory.hosts])
    raise PatternError(f"no host or group is named '{name}'", source=source, hint=hint)


def _matching(
    inventory: Inventory, part: str, expression: re.Pattern[str], source: Source | None
) -> set[str]:
    found = {host for host in inventory.hosts if expression.match(host)}
    for name, group in inventory.groups.items():
        if expression.match(name):
            found.update(group.hosts)
    if not found:
        raise PatternError(f"no host or group matches '{part}'", source=source)
    return found


def _glob(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))


def _expression(part: str, source: Source | None) -> re.Pattern[str]:
    try:
        return re.compile(part[1:])
    except re.error as error:
        message = f"'{part}' is no regular expression: {error}"
        raise PatternError(message, source=source) from None


def _at(positions: re.Match[str], members: list[str]) -> list[str]:
    """The members at the written positions, counted from 0; both ends of a range belong to it."""
    single, first, last = positions[2], positions[3], positions[5]
    if single is not None:
        index = int(single)
        return [members[index]] if -len(members) <= index < len(members) else []
    return members[int(first or 0) : int(last) + 1 if last else None]
