"""Ways to reach a host: ``runner/transports/NAME/`` (or ``NAME.py``) with a class ``Transport``.

A file whose name holds an underscore (``tcp_examine.py``) is shared by transports and is none
itself. Third parties add one through the entry point group ``runner.transports``.
"""

from __future__ import annotations

from runner.errors import InventoryError
from runner.interfaces.plugins import Plugins
from runner.interfaces.transport import Transport

_PLUGINS: Plugins[Transport] = Plugins(
    __name__, __path__, Transport, error=InventoryError, is_plugin=lambda name: "_" not in name
)


def names() -> tuple[str, ...]:
    """Every transport there is, sorted: what ``ansible_connection`` may say."""
    return _PLUGINS.names


def load(name: str) -> Transport:
    """The transport of that name. Raises InventoryError, with the nearest name, for no such."""
    return _PLUGINS.load(name)
