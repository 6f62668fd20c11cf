"""Whole registry trees: merging one into another, and flattening one for a comparison."""

from __future__ import annotations

from runner.lab.state.registry import Key, Value

__all__ = ["flat", "merge"]


def merge(source: Key, target: Key, *, deep: bool) -> None:
    target.values.update(source.values)
    if deep:
        for name, key in source.subkeys.items():
            merge(key, target.subkeys.setdefault(name, Key(key.name)), deep=True)


def flat(
    key: Key, name: str | None, *, deep: bool, at: str = ""
) -> dict[tuple[str, str], Value | None]:
    found: dict[tuple[str, str], Value | None] = {(at.lower(), "\\"): None} if deep else {}
    for value in key.values.values():
        if name is None or value.name.lower() == name.lower():
            found[at.lower(), value.name.lower()] = value._replace(name="")
    if deep:
        for child in key.children():
            found |= flat(child, name, deep=True, at=f"{at}\\{child.name}")
    return found
