"""Lists of permissions changed as text: a rule more or less, what is handed down, what is shut out.

Entries that are not concerned stay as they are written. New ones stand where Windows wants them:
what denies first, then what allows, then what is handed down (Microsoft, "Order of ACEs in a
DACL").
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from runner.errors import ModuleError
from runner.windows import sddl
from runner.windows.sddl import Ace

_ENTRY = re.compile(r"\([^()]*\)")
_FLAGS = ("OI", "CI", "NP", "IO", "ID")

Generic = Mapping[int, int]


def _taken_apart(text: str) -> tuple[str, list[str]]:
    """What stands before the entries, and each of them."""
    whole = sddl.dacl(text)
    head, entries = whole.partition("(")[0], _ENTRY.findall(whole)
    if head + "".join(entries) != whole:
        raise ModuleError(f"permissions that cannot be taken apart: {whole}")
    return head, entries


def _one(entry: str, generic: Generic) -> Ace | None:
    found = sddl.aces(f"D:{entry}", generic)
    return found[0] if found else None


def _written(ace: Ace) -> str:
    if ace.kind not in ("A", "D"):
        raise ModuleError(f"an entry of the kind {ace.kind} cannot be changed here")
    flags = "".join(flag for flag in _FLAGS if flag in ace.flags)
    return f"({ace.kind};{flags};0x{ace.rights:x};;;{ace.who})"


def _edited(text: str, change: Callable[[Ace], Ace | None], generic: Generic) -> str:
    head, entries = _taken_apart(text)
    kept = []
    for entry in entries:
        ace = _one(entry, generic)
        new = None if ace is None else change(ace)
        if ace is None or new == ace:
            kept.append(entry)
        elif new is not None:
            kept.append(_written(new))
    return head + "".join(kept)


def _is_like(one: Ace, ace: Ace) -> bool:
    """The same, for the same: objects in a key there are none, so OI makes no difference to one."""
    return (
        not one.inherited
        and (one.kind, one.who) == (ace.kind, ace.who)
        and one.flags - {"OI"} == ace.flags - {"OI"}
    )


def held(text: str, ace: Ace, generic: Generic) -> int:
    """The rights that a key's own entries give or deny to the same one, in the same way."""
    mask = 0
    for one in sddl.aces(text, generic):
        if _is_like(one, ace):
            mask |= one.rights
    return mask


def with_rule(text: str, ace: Ace, generic: Generic) -> str:
    """The list with these rights in an entry like it, or in a new one."""
    head, entries = _taken_apart(text)
    for at, entry in enumerate(entries):
        one = _one(entry, generic)
        if one is not None and _is_like(one, ace):
            entries[at] = _written(dataclasses.replace(one, rights=one.rights | ace.rights))
            return head + "".join(entries)
    place = 0
    for at, entry in enumerate(entries):
        one = _one(entry, generic)
        if one is None or one.inherited or (ace.kind == "D" and one.kind != "D"):
            break
        place = at + 1
    return head + "".join([*entries[:place], _written(ace), *entries[place:]])


def without_rule(text: str, ace: Ace, generic: Generic) -> str:
    """The list without these rights in entries like it."""

    def less(one: Ace) -> Ace | None:
        if not _is_like(one, ace):
            return one
        left = one.rights & ~ace.rights
        return dataclasses.replace(one, rights=left) if left else None

    return _edited(text, less, generic)


def shut(text: str, *, keep: bool) -> str:
    """The list with what is handed down shut out; with ``keep`` its entries stay as its own."""

    def own(one: Ace) -> Ace | None:
        if not one.inherited:
            return one
        return dataclasses.replace(one, flags=one.flags - {"ID"}) if keep else None

    found = _edited(text, own, {})
    return found if sddl.is_protected(found) else f"D:P{found.removeprefix('D:')}"


def opened(text: str) -> str:
    """The list with what is handed down let in; Windows fills it in when the list is set."""
    head, entries = _taken_apart(text)
    flags = head.removeprefix("D:").replace("P", "", 1)
    return f"D:{flags}{''.join(entries)}"


def without_doubles(text: str) -> str:
    """The list without entries of its own that are handed down as well."""
    inherited = {
        dataclasses.replace(one, flags=one.flags - {"ID"})
        for one in sddl.aces(text, {})
        if one.inherited
    }
    return _edited(text, lambda one: None if one in inherited else one, {})
