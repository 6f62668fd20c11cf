"""The modules: one file each, found by file name, imported when first used.

Third parties add theirs through the entry point group ``runner.modules``: the entry's name is the
YAML key, its value a Python module with a class ``Module`` (or that class). Files whose name
starts with an underscore are helpers.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from runner.errors import ParamsError
from runner.interfaces.module import Module

GROUP: Final = "runner.modules"
COLLECTIONS: Final = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.windows.",
    "community.windows.",
)
"""Ansible's collections whose modules we implement: ``ansible.windows.win_ping`` is win_ping."""


def canonical(name: str) -> str:
    """The short name of a module that was written short or with its collection."""
    for prefix in COLLECTIONS:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all modules, sorted."""
    return tuple(sorted({*_own(), *_foreign()}))


@lru_cache(maxsize=256)
def load(name: str) -> Module[Any, Any]:
    """The module of that name, short or with its collection.

    Raises ParamsError for an unknown name, with the nearest known one.
    """
    short = canonical(name)
    if short in _own():
        found: Any = importlib.import_module(f"{__name__}.{short}")
    elif short in _foreign():
        found = _foreign()[short].load()
    else:
        close = difflib.get_close_matches(short, names(), n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names())}"
        raise ParamsError(f"there is no module '{name}'", hint=hint)
    kind = found if isinstance(found, type) else getattr(found, "Module", None)
    if not (isinstance(kind, type) and issubclass(kind, Module)):
        raise ParamsError(f"module '{name}' is broken: {found!r} has no class Module")
    return kind()


@lru_cache(maxsize=1)
def takes_free_form() -> Mapping[str, str]:
    """The modules that take a free-form argument string -> the parameter it goes to."""
    fields = {name: load(name).params.FREE_FORM for name in names()}
    return {name: field for name, field in fields.items() if field}


@lru_cache(maxsize=1)
def _own() -> frozenset[str]:
    return frozenset(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


@lru_cache(maxsize=1)
def _foreign() -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
