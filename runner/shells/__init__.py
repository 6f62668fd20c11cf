"""Script languages, one file each: ``runner/shells/NAME.py`` with a class ``Shell``.

A file whose name holds an underscore (``cmd_quoting.py``) belongs to a language and is none
itself. Third parties add one through the entry point group ``runner.shells``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from runner.errors import InventoryError
from runner.interfaces.shell import Shell

ENTRY_POINTS = "runner.shells"


@cache
def names() -> tuple[str, ...]:
    """Every language there is, sorted: what ``ansible_shell_type`` may say."""
    own = {module.name for module in pkgutil.iter_modules(__path__) if "_" not in module.name}
    return tuple(sorted(own | {point.name for point in entry_points(group=ENTRY_POINTS)}))


@cache
def load(name: str) -> Shell:
    """The one shell object of that language; it has no state and serves every thread.

    Raises InventoryError, with the nearest name, when there is none.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names())}"
        raise InventoryError(f"unknown shell {name!r}", hint=hint)
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return _instance(point.load())
    return _instance(importlib.import_module(f"{__name__}.{name}").Shell)


def _instance(kind: type[Shell]) -> Shell:
    return kind()
