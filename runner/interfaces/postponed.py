"""Modules that are loaded when somebody asks them for something, and not before.

For what a library imports with itself and hardly ever uses. It is a part of each start otherwise.
"""

from __future__ import annotations

import importlib
import sys
from threading import RLock
from types import ModuleType
from typing import Any, Final

_LOCK: Final = RLock()


class Postponed(ModuleType):
    """Stands for a module until something of it is asked for. Thread-safe."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def _real(self) -> ModuleType:
        with _LOCK:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
                try:
                    importlib.import_module(self.__name__)
                except BaseException:
                    sys.modules.setdefault(self.__name__, self)
                    raise
            return sys.modules[self.__name__]


def postpone(name: str) -> None:
    """Load a module that is sure to be there when it is used first, unless it is loaded.

    It must not be one that is reached by its package alone (``import a.b``, then ``a.b.c``).
    """
    sys.modules.setdefault(name, Postponed(name))
