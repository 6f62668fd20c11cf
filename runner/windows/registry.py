"""The registry through ``reg.exe``: its output of every generation, and the arguments of ``add``.

``reg query`` prints a key's full path, then one line for each value: indent, name, type, data,
separated by four spaces (Vista and later) or by tabs (XP and Server 2003, after a banner). The
name of a key's default value is localized, so it is never looked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output

ABSENT: Final = 1
"""What ``reg query`` returns when the key or value is missing, or access is denied."""

Data: TypeAlias = int | str | tuple[str, ...] | None
"""A value's data: numbers as int, binary as lower-case hex digits, multi-strings as tuples."""

HIVES: Final = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
TYPES: Final = {
    "none": "REG_NONE",
    "binary": "REG_BINARY",
    "dword": "REG_DWORD",
    "expandstring": "REG_EXPAND_SZ",
    "multistring": "REG_MULTI_SZ",
    "string": "REG_SZ",
    "qword": "REG_QWORD",
}
"""Ansible's names of the types -> Windows'."""

_VALUE: Final = re.compile(
    r"^(?:\t+| {4})(?P<name>.+?)(?:\t+| {4})(?P<type>REG_[A-Z_]+)(?:(?:\t+| {4})(?P<data>.*))?$"
)
_ANSIBLE_TYPES: Final = {windows: ansible for ansible, windows in TYPES.items()}
_DEFAULT_NAME: Final = re.compile(r"^(\(.+\)|<.+>)$")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a key. ``type`` is Ansible's name where it has one, else Windows'."""

    name: str
    type: str
    data: Data

    @property
    def may_be_default(self) -> bool:
        """Whether this may be the key's default value, whose printed name is localized."""
        return bool(_DEFAULT_NAME.match(self.name))


@dataclass(frozen=True, slots=True)
class Key:
    """One key as ``reg query`` printed it, under its full path."""

    path: str
    values: tuple[Value, ...] = ()

    def get(self, name: str) -> Value | None:
        """The value of that name; names do not distinguish case."""
        wanted = name.casefold()
        return next((v for v in self.values if v.name.casefold() == wanted), None)


def query(path: str, name: str | None = None, *switches: str) -> Exec:
    """The command that prints one key, or one value of it."""
    return Exec("reg", "query", path, *(("/v", name) if name else ()), *switches)


def parse(text: str) -> tuple[Key, ...]:
    """The keys and values that ``reg query`` printed; subkeys come as keys without values."""
    # A probe asks one answer for many values, and hosts of a fleet answer alike. What is long (a
    # whole branch) is not kept.
    return _parsed_and_kept(text) if len(text) <= _LONGEST_KEPT else parsed(text)


def parsed(text: str) -> tuple[Key, ...]:
    """The same for an answer that no other host will give."""
    keys: list[tuple[str, list[Value]]] = []
    for raw in text.splitlines():
        line = raw.rstrip("\r\n")
        if line.upper().startswith("HKEY_"):
            keys.append((line.rstrip(), []))
        elif keys and (found := _VALUE.match(line)):
            keys[-1][1].append(_value(found["name"], found["type"], found["data"] or ""))
        elif keys and keys[-1][1] and line.strip():
            _continue(keys[-1][1], line)
    return tuple(Key(path, tuple(values)) for path, values in keys)


_LONGEST_KEPT: Final = 16_384
_parsed_and_kept = lru_cache(maxsize=128)(parsed)


def _by_name(text: str) -> dict[str, Data]:
    """The data of the first key's values by their names in small letters."""
    keys = parse(text)
    # Of two with the same name the first counts.
    return {v.name.casefold(): v.data for v in reversed(keys[0].values)} if keys else {}


_by_name_and_kept = lru_cache(maxsize=128)(_by_name)


def values(output: Output) -> tuple[Value, ...]:
    """The values of the first key printed; none when the query failed or printed none."""
    found = parse(output.stdout) if output.code == 0 else ()
    return found[0].values if found else ()


def value(output: Output, name: str) -> Data:
    """The data of one value; None when it is not there."""
    if output.code:
        return None
    text = output.stdout
    named = _by_name_and_kept(text) if len(text) <= _LONGEST_KEPT else _by_name(text)
    return named.get(name.casefold())


def number(output: Output, name: str) -> int | None:
    """The same for a number; None when it is absent or something else."""
    data = value(output, name)
    return data if isinstance(data, int) else None


def text(output: Output, name: str) -> str:
    """The same for text; an empty string when it is absent or something else."""
    data = value(output, name)
    return data if isinstance(data, str) else ""


def _value(name: str, windows_type: str, data: str) -> Value:
    kind = _ANSIBLE_TYPES.get(windows_type, windows_type)
    return Value(name, kind, _data(kind, data))


def _data(kind: str, printed: str) -> Data:
    if kind in ("dword", "qword"):
        try:
            return int(printed.strip(), 0)
        except ValueError:
            return printed
    if kind in ("binary", "none"):
        return printed.strip().lower()
    if kind == "multistring":
        return tuple(item for item in printed.split(r"\0") if item)
    return printed


def _continue(found: list[Value], line: str) -> None:
    """A line that is neither key nor value belongs to the text before it."""
    last = found[-1]
    if isinstance(last.data, str) and last.type in ("string", "expandstring"):
        found[-1] = Value(last.name, last.type, f"{last.data}\n{line}")


def split_path(path: str) -> tuple[str, str]:
    """Hive and rest of ``HKLM:\\A\\B``, ``HKLM\\A\\B`` or ``HKEY_LOCAL_MACHINE\\A\\B``.

    The hive comes back short (HKLM). Raises ValueError for another form.
    """
    hive, _, rest = path.partition("\\")
    name = hive.rstrip(":").upper()
    short = next((key for key, full in HIVES.items() if full == name), name)
    if short not in HIVES:
        raise ValueError(
            f"must begin with one of {', '.join(f'{h}:' for h in HIVES)} and a backslash, "
            rf"such as HKLM:\SOFTWARE\Example, not {path!r}"
        )
    parts = [part for part in rest.split("\\") if part]
    return short, "\\".join(parts)


def ancestors(path: str) -> tuple[str, ...]:
    """The keys above ``HKLM\\A\\B``, nearest first, without the hive: (``HKLM\\A``,)."""
    parts = path.split("\\")
    return tuple("\\".join(parts[:count]) for count in range(len(parts) - 1, 1, -1))


_ALIASES: Final = frozenset({"wow6432node", "classes", "hardware profiles"})
_SETS: Final = re.compile(r"hklm\\system\\controlset\d+(\\|$)")


def is_plain(path: str) -> bool:
    """Whether a key goes by this name alone, so that two names that differ are two keys.

    Source: Microsoft, "Predefined Keys" and "Registry Keys Affected by WOW64": classes are merged
    of two places and shared between 32 and 64 bits, HKCU and HKCC are parts of other hives, and
    CurrentControlSet is one of the numbered sets.
    """
    folded = path.casefold()
    hive, *parts = folded.split("\\")
    if hive not in ("hklm", "hkcu") or not parts or _SETS.match(folded):
        return False
    return not _ALIASES.intersection(parts)


def value_path(path: str, name: str) -> str:
    """A value's name among those of keys; no key's name begins with a colon and a value's."""
    return f"{path}\\:{name}"


def add(path: str, name: str | None, kind: str, data: Data) -> Exec:
    """The command that writes one value; name None is the key's default value.

    Raises ModuleError for data that ``reg add`` cannot write exactly.
    """
    which = ("/ve",) if name is None else ("/v", name)
    windows_type = TYPES.get(kind, kind)
    if windows_type not in TYPES.values():
        raise ModuleError(f"reg add cannot write the type {windows_type}")
    rendered, separator = _rendered(kind, data)
    return Exec("reg", "add", path, *which, "/t", windows_type, *separator, "/d", rendered, "/f")


def add_key(path: str) -> Exec:
    """The command that creates a key, with the keys above it."""
    return Exec("reg", "add", path, "/f")


def delete_value(path: str, name: str | None) -> Exec:
    """The command that deletes one value; name None is the key's default value."""
    return Exec("reg", "delete", path, *(("/ve",) if name is None else ("/v", name)), "/f")


def delete_key(path: str) -> Exec:
    """The command that deletes a key and all below it."""
    return Exec("reg", "delete", path, "/f")


def unwritable(data: Data) -> str:
    """Why ``reg add`` cannot write this data exactly; an empty string when it can."""
    items: Iterable[str] = (
        data if isinstance(data, tuple) else (data,) if isinstance(data, str) else ()
    )
    for item in items:
        if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in item):
            return "it holds a control character or a line break"
    if isinstance(data, tuple):
        if any(not item for item in data):
            return "an item of a multi-string cannot be empty"
        if any(r"\0" in item for item in data):
            return r"an item holds \0, which reg.exe prints like the end of an item"
    return ""


def as_text(data: str) -> str | None:
    """The text that ``reg add /t REG_NONE`` must be given to write these bytes (hex digits).

    It writes text, and a zero behind it (Wine's tests of reg.exe, which run on Windows too:
    programs/reg/tests/add.c). None for bytes that are no such text.
    """
    try:
        found = bytes.fromhex(data).decode("utf-16-le")
    except ValueError:
        return None
    return found[:-1] if found.endswith("\0") and not unwritable(found[:-1]) else None


def no_text(data: Data) -> str:
    """Why ``reg add`` cannot write these bytes into a REG_NONE; an empty string when it can."""
    if as_text(str(data)) is None:
        return "reg.exe writes nothing but text into a REG_NONE, and these bytes are none"
    return ""


_SEPARATORS: Final = "|;,#~"


def _rendered(kind: str, data: Data) -> tuple[str, tuple[str, ...]]:
    problem = unwritable(data)
    if problem:
        raise ModuleError(f"reg add cannot write this value: {problem}")
    if isinstance(data, tuple):
        return r"\0".join(data), ()
    if kind in ("dword", "qword") and not isinstance(data, int):
        raise ModuleError(f"{data!r} is not a number")
    if TYPES.get(kind, kind) == "REG_NONE":
        if (text := as_text(str(data))) is None:
            raise ModuleError("reg add writes nothing but text into a REG_NONE")
        return text, ()
    return "" if data is None else str(data), ()
