"""The registry of a simulated machine: keys, typed values, and the dump that tests compare.

Data by type: text for REG_SZ and REG_EXPAND_SZ, a tuple of texts for REG_MULTI_SZ, an integer for
REG_DWORD, REG_DWORD_BIG_ENDIAN and REG_QWORD, bytes for everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = ["HIVES", "Data", "Key", "Registry", "Value", "split_path"]

Data = str | int | bytes | tuple[str, ...]

HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
_FULL = {name.upper(): name for name in HIVES.values()} | HIVES
_CLASSES = ("HKEY_LOCAL_MACHINE", "SOFTWARE", "Classes")


class Value(NamedTuple):
    """A named, typed value; the name "" is the default value."""

    name: str
    type: str
    data: Data


class Key:
    """One key. Values keep the order in which they were made, subkeys are listed by name."""

    __slots__ = ("name", "subkeys", "values")

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, Value] = {}
        self.subkeys: dict[str, Key] = {}

    def clone(self) -> Key:
        """A deep copy."""
        copy = Key(self.name)
        copy.values = dict(self.values)
        copy.subkeys = {name: key.clone() for name, key in self.subkeys.items()}
        return copy

    def children(self) -> list[Key]:
        """The subkeys in the order in which Windows lists them."""
        return [self.subkeys[name] for name in sorted(self.subkeys)]

    def get(self, name: str) -> Value | None:
        """The value of this name, in any case of letters."""
        return self.values.get(name.lower())

    def set(self, name: str, type_: str, data: Data) -> None:
        """Create or replace a value; an existing one keeps the spelling of its name."""
        old = self.values.get(name.lower())
        self.values[name.lower()] = Value(old.name if old else name, type_, data)


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, ...]:
    """The parts of a key path, its hive spelled in full and links resolved.

    Raises ValueError if the hive is unknown.
    """
    parts = tuple(part for part in path.strip("\\").split("\\") if part)
    if not parts or parts[0].upper() not in _FULL:
        raise ValueError(path)
    hive = _FULL[parts[0].upper()]
    rest = parts[1:]
    if hive == "HKEY_CLASSES_ROOT":
        return (*_CLASSES, *rest)
    if len(rest) > 1 and rest[0].upper() == "SYSTEM" and rest[1].upper() == "CONTROLSET001":
        rest = (rest[0], "CurrentControlSet", *rest[2:])
    return (hive, *rest)


class Registry:
    """All hives of one machine."""

    def __init__(self) -> None:
        self._root = Key("")
        for hive in HIVES.values():
            self._root.subkeys[hive.lower()] = Key(hive)

    def clone(self) -> Registry:
        """A deep copy, as each machine needs of the baseline that it starts from."""
        copy = Registry.__new__(Registry)
        copy._root = self._root.clone()
        return copy

    def find(self, path: str) -> Key | None:
        """The key at `path`, or None. Raises ValueError for an unknown hive."""
        key = self._root
        for part in split_path(path):
            found = key.subkeys.get(part.lower())
            if found is None:
                return None
            key = found
        return key

    def create(self, path: str) -> Key:
        """The key at `path`, made with its parents where it does not exist."""
        key = self._root
        for part in split_path(path):
            found = key.subkeys.get(part.lower())
            if found is None:
                found = key.subkeys[part.lower()] = Key(part)
            key = found
        return key

    def proper_path(self, path: str) -> str:
        """The path as the registry spells it, for output; parts that do not exist stay as given."""
        key: Key | None = self._root
        names = []
        for part in split_path(path):
            key = key.subkeys.get(part.lower()) if key else None
            names.append(key.name if key else part)
        return "\\".join(names)

    def delete_key(self, path: str) -> bool:
        """Remove a key with everything below it; False if there is none."""
        parts = split_path(path)
        parent = self.find("\\".join(parts[:-1])) if len(parts) > 1 else None
        return bool(parent and parent.subkeys.pop(parts[-1].lower(), None))

    def get(self, path: str, name: str) -> Value | None:
        """The value `name` of the key at `path`, or None."""
        key = self.find(path)
        return key.get(name) if key else None

    def text(self, path: str, name: str, default: str = "") -> str:
        """The text of a string value."""
        value = self.get(path, name)
        return value.data if value and isinstance(value.data, str) else default

    def number(self, path: str, name: str, default: int | None = None) -> int | None:
        """The number of a DWORD or QWORD value."""
        value = self.get(path, name)
        return value.data if value and isinstance(value.data, int) else default

    def strings(self, path: str, name: str) -> tuple[str, ...]:
        """The items of a REG_MULTI_SZ value."""
        value = self.get(path, name)
        return value.data if value and isinstance(value.data, tuple) else ()

    def set(self, path: str, name: str, data: Data, type_: str | None = None) -> None:
        """Store a value; without a type, the data decides between SZ, DWORD, MULTI_SZ, BINARY."""
        self.create(path).set(name, type_ or _type_of(data), data)

    def delete_value(self, path: str, name: str) -> bool:
        """Remove a value; False if there is none."""
        key = self.find(path)
        return bool(key and key.values.pop(name.lower(), None))

    def walk(self, path: str) -> Iterator[tuple[str, Key]]:
        """The key at `path` and all below it, parents first, with their full paths."""
        key = self.find(path)
        if key is not None:
            yield from _walk(self.proper_path(path), key)

    def dump(self) -> dict[str, dict[str, list[object]]]:
        """Every key that has values or no subkeys, as plain data in a canonical order."""
        result: dict[str, dict[str, list[object]]] = {}
        for hive in self._root.children():
            for path, key in _walk(hive.name, hive):
                if key.values or not key.subkeys:
                    result[path] = {
                        name: [value.type, _plain(value.data)]
                        for name, value in sorted(key.values.items())
                    }
        return result


def _walk(path: str, key: Key) -> Iterator[tuple[str, Key]]:
    yield path, key
    for child in key.children():
        yield from _walk(f"{path}\\{child.name}", child)


def _type_of(data: Data) -> str:
    if isinstance(data, str):
        return "REG_SZ"
    if isinstance(data, int):
        return "REG_DWORD"
    return "REG_MULTI_SZ" if isinstance(data, tuple) else "REG_BINARY"


def _plain(data: Data) -> object:
    if isinstance(data, bytes):
        return data.hex()
    return list(data) if isinstance(data, tuple) else data
