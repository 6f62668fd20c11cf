"""Script languages, one file each: ``runner/shells/NAME.py`` with a class ``Shell``.

A file whose name holds an underscore (``cmd_quoting.py``) belongs to a language and is none
itself. Third parties add one through the entry point group ``runner.shells``.
"""

from __future__ import annotations

from runner.errors import InventoryError
from runner.interfaces.plugins import Plugins
from runner.interfaces.shell import Shell

_PLUGINS: Plugins[Shell] = Plugins(
    __name__, __path__, Shell, error=InventoryError, is_plugin=lambda name: "_" not in name
)


def names() -> tuple[str, ...]:
    """Every language there is, sorted: what ``ansible_shell_type`` may say."""
    return _PLUGINS.names


def load(name: str) -> Shell:
    """The shell of that language. Raises InventoryError, with the nearest name, for no such."""
    return _PLUGINS.load(name)
