"""Ways to reach a host, one file each: ``runner/transports/NAME.py`` with a class ``Transport``.

A file whose name holds an underscore (``winrm_errors.py``) belongs to a transport and is none
itself. Third parties add one through the entry point group ``runner.transports``.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from runner.errors import InventoryError
from runner.interfaces.transport import Transport

ENTRY_POINTS = "runner.transports"


@cache
def names() -> tuple[str, ...]:
    """Every transport there is, sorted: what ``ansible_connection`` may say."""
    own = {module.name for module in pkgutil.iter_modules(__path__) if "_" not in module.name}
    return tuple(sorted(own | {point.name for point in entry_points(group=ENTRY_POINTS)}))


@cache
def load(name: str) -> Transport:
    """The one object of that transport; it has no state and serves every thread.

    Raises InventoryError, with the nearest name, when there is none.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names())}"
        raise InventoryError(f"unknown transport {name!r}", hint=hint)
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return _instance(point.load())
    return _instance(importlib.import_module(f"{__name__}.{name}").Transport)


def _instance(kind: type[Transport]) -> Transport:
    return kind()
