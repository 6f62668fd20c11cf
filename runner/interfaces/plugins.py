"""How plug-ins are found: by file name in a folder, and for third parties by entry point.

There is no list to edit and no decorator: adding a plug-in is adding a file.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from threading import Lock
from typing import Any, Generic, TypeVar

from runner.errors import InputError

T = TypeVar("T")


class Plugins(Generic[T]):
    """The plug-ins of one kind: one shared, stateless object for each name.

    ``package`` is the folder's import name and ``path`` its ``__path__``; ``kind`` the base class,
    whose own name is what the class in a plug-in's file is called. The entry point group has the
    package's name: an entry's name is the plug-in's, its value a Python module or the class.
    ``is_plugin`` tells plug-ins from helper files by name.
    """

    def __init__(
        self,
        package: str,
        path: Iterable[str],
        kind: type[Any],
        *,
        error: type[InputError],
        is_plugin: Callable[[str], bool],
    ) -> None:
        self._package = package
        self._path = path
        self._kind = kind
        self._error = error
        self._is_plugin = is_plugin
        self._word = kind.__name__.lower()
        self._loaded: dict[str, T] = {}
        self._lock = Lock()

    @cached_property
    def _own(self) -> frozenset[str]:
        found = pkgutil.iter_modules(self._path)
        return frozenset(m.name for m in found if self._is_plugin(m.name))

    @cached_property
    def _foreign(self) -> Mapping[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self._package)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name there is, sorted."""
        return tuple(sorted({*self._own, *self._foreign}))

    def has(self, name: str) -> bool:
        """Whether there is one of that name; who asks for our own needs no look at all packages."""
        return name in self._own or name in self._foreign

    def load(self, name: str) -> T:
        """The plug-in of that name, imported when first asked for.

        Raises the kind's own InputError, with the nearest name, when there is none.
        """
        loaded = self._loaded.get(name)
        if loaded is not None:
            return loaded  # asked for several times for each job: no lock for that
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._make(name)
            return self._loaded[name]

    def _make(self, name: str) -> T:
        if name in self._own:
            found: Any = importlib.import_module(f"{self._package}.{name}")
        elif name in self._foreign:
            found = self._foreign[name].load()
        else:
            raise self._error(f"there is no {self._word} '{name}'", hint=self._hint(name))
        made = found if isinstance(found, type) else getattr(found, self._kind.__name__, None)
        if not (isinstance(made, type) and issubclass(made, self._kind)):
            text = f"{self._word} '{name}' is broken: {found!r} has no class {self._kind.__name__}"
            raise self._error(text)
        plugin: T = made()
        return plugin

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.names, n=1)
        return f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(self.names)}"
