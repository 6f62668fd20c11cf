"""The modules: one file each, found by file name, imported when first used.

Third parties add theirs through the entry point group ``runner.modules``: the entry's name is the
YAML key, its value a Python module with a class ``Module`` (or that class). Files whose name
starts with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from runner.errors import ParamsError
from runner.interfaces.module import Module
from runner.interfaces.plugins import Plugins

COLLECTIONS: Final = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.windows.",
    "community.windows.",
    "chocolatey.chocolatey.",
)
"""Ansible's collections whose modules we implement: ``ansible.windows.win_ping`` is win_ping."""


@lru_cache(maxsize=1024)  # each job asks several times
def canonical(name: str) -> str:
    """The short name of a module that was written short or with its collection."""
    for prefix in COLLECTIONS:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


_PLUGINS: Plugins[Module[Any, Any]] = Plugins(
    __name__,
    __path__,
    Module,
    error=ParamsError,
    is_plugin=lambda name: not name.startswith("_"),
)


def names() -> tuple[str, ...]:
    """The names of all modules, sorted."""
    return _PLUGINS.names


def load(name: str) -> Module[Any, Any]:
    """The module of that name, short or with its collection.

    Raises ParamsError for an unknown name, with the nearest known one.
    """
    return _PLUGINS.load(canonical(name))


class _FreeForms(Mapping[str, bool]):
    """Every module's name -> whether it takes free text; only those asked about are imported."""

    def __getitem__(self, name: str) -> bool:
        if not _PLUGINS.has(name):
            raise KeyError(name)
        return bool(load(name).params.FREE_FORM)

    def __iter__(self) -> Iterator[str]:
        return iter(_PLUGINS.names)

    def __len__(self) -> int:
        return len(_PLUGINS.names)


FREE_FORMS: Final[Mapping[str, bool]] = _FreeForms()
"""The name of each module, and whether it takes a free-form argument string."""
