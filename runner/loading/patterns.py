"""Host patterns: who is meant by ``web*:&prod:!web03``.

``,`` separates parts, or ``:`` where there is no ``,``; ``!`` leaves out, ``&`` keeps only. A part
is a name, a group, a glob, ``~`` and a regular expression, or a group with positions (``web[0]``,
``web[1:3]``, both ends included). A part that means nobody is an error: a typo must not change who
is touched.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from runner.errors import PatternError
from runner.loading.hostnames import is_address, split_port
from runner.loading.text.words import suggestion
from runner.model.inventory import Inventory
from runner.model.source import Source

_POSITIONS: Final = re.compile(r"(.+)\[(?:(-?\d+)|(\d*)([:-])(\d*))\]")
_GLOB: Final = re.compile(r"[*?\[]")


May: TypeAlias = Callable[[str], bool]
"""Whether a part of a pattern that means nobody now may mean somebody later in the run."""


def _never(part: str) -> bool:
    return False


def select(
    inventory: Inventory, pattern: str, source: Source | None = None, may: May = _never
) -> tuple[str, ...]:
    """The hosts that a pattern means, in Ansible's order: part by part, group by group.

    ``localhost`` (``127.0.0.1``, ``::1``) means this machine even when no inventory names it.
    Raises PatternError when a part names nobody that is known, or when nobody is left; not for a
    part of which ``may`` says that it may mean somebody yet.
    """
    if pattern.strip() in inventory.hosts:
        return (pattern.strip(),)
    return _select(inventory, pattern, _split(pattern), source, may)


def _select(
    inventory: Inventory,
    pattern: str,
    parts: Iterable[str],
    source: Source | None,
    may: May = _never,
) -> tuple[str, ...]:
    wanted, needed, unwanted = _sorted(pattern, parts, source)

    def hosts(part: str) -> Collection[str]:
        try:
            return _hosts(inventory, part, source)
        except PatternError:
            if may(part):
                return ()
            raise

    chosen: dict[str, None] = {}
    for part in wanted:
        # A host's own name is stronger than a group's.
        chosen.update(dict.fromkeys((part,) if part in inventory.hosts else hosts(part)))
    for part in needed:
        kept = frozenset(hosts(part))
        chosen = {host: None for host in chosen if host in kept}
    for part in unwanted:
        dropped = frozenset(hosts(part))
        chosen = {host: None for host in chosen if host not in dropped}
    if not chosen and not any(map(may, (*wanted, *needed, *unwanted))):
        raise _nobody(inventory, pattern, wanted, source)
    return tuple(chosen)


def _nobody(
    inventory: Inventory, pattern: str, wanted: list[str], source: Source | None
) -> PatternError:
    if pattern.strip() in inventory.groups:
        return PatternError(f"the group '{pattern.strip()}' has no hosts", source=source)
    empty = [part for part in wanted if part in inventory.groups]
    empty = [f"'{part}'" for part in empty if not inventory.groups[part].hosts]
    hint = f"these groups have no hosts: {', '.join(empty)}" if empty else ""
    return PatternError(f"the pattern '{pattern}' matches no host", source=source, hint=hint)


def limit(
    inventory: Inventory, hosts: Iterable[str], text: str, may: May = _never
) -> tuple[str, ...]:
    """Those of ``hosts`` that the limit means, in their order; may be none of them.

    A part ``@FILE`` stands for the patterns in that file, one a line. Raises PatternError for a
    limit that means nobody in the whole inventory, and so for an empty one.
    """
    parts = list(_with_files(text))
    chosen = frozenset(_select(inventory, text, parts, None, may))
    return tuple(host for host in hosts if host in chosen)


def implicit(inventory: Inventory, pattern: str) -> tuple[str, ...]:
    """The names of this machine in a pattern that no inventory has."""
    found = (part for part in _split(pattern) if inventory.is_localhost(part))
    return tuple(name for name in found if inventory.host(name).implicit)


def _with_files(text: str) -> Iterator[str]:
    """The parts of a limit, and of the files that it names."""
    for part in _split(text):
        if not part.startswith("@"):
            yield part
            continue
        path = Path(part[1:]).expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PatternError(f"cannot read the limit {path}: {reason}") from None
        except UnicodeDecodeError:
            raise PatternError(f"cannot read the limit {path}: it is not UTF-8") from None
        names = [line.strip() for line in lines]
        names = [name for name in names if name and not name.startswith("#")]
        if not names:
            raise PatternError(f"the limit {path} names no host")
        for name in names:
            yield from _split(name)


def _sorted(
    pattern: str, parts: Iterable[str], source: Source | None
) -> tuple[list[str], list[str], list[str]]:
    """What to take, what to keep only, what to leave out."""
    wanted: list[str] = []
    needed: list[str] = []
    unwanted: list[str] = []
    for part in parts:
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
    """The parts between ``,``; without one, those between ``:``.

    A ``:`` inside an address, brackets or the groups of a regular expression separates nothing.
    """
    whole = pattern.strip()
    if "," in whole:
        return _between(whole, ",")
    if is_address(whole) or split_port(whole)[1] is not None:
        return [whole]
    return _between(whole, ":")


def _between(pattern: str, separator: str) -> list[str]:
    parts = [""]
    depth = 0
    for char in pattern:
        opens = "[(" if parts[-1].lstrip(" !&").startswith("~") else "["
        closes = "])" if opens == "[(" else "]"
        if char in opens:
            depth += 1
        elif char in closes and depth:
            depth -= 1
        if char == separator and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip(" :")]


def _hosts(inventory: Inventory, part: str, source: Source | None) -> Collection[str]:
    """Who one part means. Raises PatternError when it is nobody that is known."""
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
        globbed = _GLOB.search(base) and base not in inventory.groups
        if globbed:
            members = _matching(inventory, base, _glob(base), source)
        else:
            members = list(_named(inventory, base, source))
        chosen = _at(positions, members)
        if not chosen:
            count = len(frozenset(members))
            message = f"'{base}' has {count} hosts: '{part}' matches none of them"
            raise PatternError(message, source=source)
        return chosen
    if _GLOB.search(part):
        return _matching(inventory, part, _glob(part), source)
    return _named(inventory, part, source)


def _named(inventory: Inventory, name: str, source: Source | None) -> Collection[str]:
    if name in inventory.groups:
        return inventory.groups[name].hosts
    if name in inventory.hosts:
        return (name,)
    if inventory.is_localhost(name):
        return (inventory.host(name).name,)
    hint = suggestion(name, [*inventory.groups, *inventory.hosts])
    if ":" in name:
        hint = "with a ',' in the pattern, ':' separates nothing: write ',' between all parts"
    raise PatternError(f"no host or group is named '{name}'", source=source, hint=hint)


def _matching(
    inventory: Inventory, part: str, expression: re.Pattern[str], source: Source | None
) -> list[str]:
    """The hosts of matching groups, then matching hosts: one may be there several times.

    Positions count them all, as in Ansible: ``*[-1]`` is the last host of the inventory.
    """
    groups = [group for name, group in inventory.groups.items() if expression.match(name)]
    found = [host for group in groups for host in group.hosts]
    hosts = inventory.hosts.values()
    found += [host.name for host in hosts if expression.match(host.name) and not host.implicit]
    if not found and not groups:
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
