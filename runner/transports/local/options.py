"""The local transport's settings, read from Ansible's inventory variables.

How another host would be reached (address, port, user, password, keys, interpreter) means nothing
here and is not looked at: Ansible ignores it too, and a group's variables may well say it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError, field_validator

from runner.errors import InventoryError
from runner.interfaces.transport import Options

_VARIABLES: Final = {"shell": "ansible_shell_executable"}
_WITHOUT_MEANING: Final = frozenset(
    {"ansible_local_become_success_timeout", "ansible_local_become_strip_preamble"}
)
"""Ansible's own; there is no prompt that we would wait for, and nothing of it in answers."""


class LocalOptions(Options):
    """Which shell reads the command lines. ``host`` is the inventory name, for messages."""

    host: str
    shell: str = "/bin/sh"

    @field_validator("shell")
    @classmethod
    def _program(cls, value: str) -> str:
        if not value.startswith("/") or not Path(value).is_file():
            raise ValueError(f"there is no program {value} on this controller")
        return value


def read_options(host: str, variables: Mapping[str, Any]) -> LocalOptions:
    """The settings of one host. Raises InventoryError for what is unknown or wrong."""
    known = sorted(_WITHOUT_MEANING)
    for name in variables:
        if name.startswith("ansible_local_") and name not in _WITHOUT_MEANING:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise InventoryError(f"{host}: unknown variable {name}", hint=hint)
    found = {
        field: variables[name]
        for field, name in _VARIABLES.items()
        if variables.get(name) is not None
    }
    try:
        return LocalOptions(host=host, **found)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        text = problem["msg"].removeprefix("Value error, ")
        field = str(problem["loc"][0]) if problem["loc"] else ""
        raise InventoryError(f"{host}: {_VARIABLES.get(field, field)}: {text}") from None
