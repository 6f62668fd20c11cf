"""Ansible's variables for kinit, as far as they mean something where no kinit is run.

The ticket is got by libkrb5 in this process, so that no password passes through another program
and no cache in a file is left behind. What kinit would do the same is taken over; everything else
is an error.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from runner.errors import InventoryError

KINIT_VARIABLES: Final = frozenset(
    {
        "ansible_winrm_kinit_cmd",
        "ansible_winrm_kinit_args",
        "ansible_winrm_kinit_env_vars",
    }
)
_OWN: Final = "get a ticket with your own command before the run and set "
_MANUAL: Final = _OWN + "ansible_winrm_kinit_mode: manual"


def read_kinit(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What these variables say about the ticket. Raises InventoryError for what kinit alone knows.

    Environment variables for kinit need no list here: libkrb5 sees those of this process.
    """
    command = variables.get("ansible_winrm_kinit_cmd")
    if command is not None and PurePosixPath(str(command)).name != "kinit":
        raise InventoryError(
            f"{host}: ansible_winrm_kinit_cmd {command}: runner gets tickets by itself and runs no "
            "such command",
            hint=_MANUAL,
        )
    names = variables.get("ansible_winrm_kinit_env_vars") or []
    several = names if isinstance(names, list | tuple) else str(names).split(",")
    if "KRB5CCNAME" in {str(name).strip() for name in several}:
        raise InventoryError(f"{host}: ansible_winrm_kinit_env_vars must not name KRB5CCNAME")
    arguments = variables.get("ansible_winrm_kinit_args")
    return {} if arguments is None else _read_arguments(host, str(arguments))


def _read_arguments(host: str, text: str) -> dict[str, Any]:
    """``-f`` is what delegation asks for anyway; ``-k -t FILE`` is a keytab."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InventoryError(f"{host}: ansible_winrm_kinit_args: {error}") from None
    found: dict[str, Any] = {}
    by_keytab = False
    while words:
        word = words.pop(0)
        if word == "-k":
            by_keytab = True
        elif word in ("-t", "-kt") and words:
            by_keytab = by_keytab or word == "-kt"
            found["keytab"] = words.pop(0)
        elif word != "-f":
            raise InventoryError(
                f"{host}: ansible_winrm_kinit_args {word}: runner knows -f and -k -t FILE",
                hint=_MANUAL,
            )
    if by_keytab != ("keytab" in found):
        raise InventoryError(
            f"{host}: ansible_winrm_kinit_args: -k and -t FILE belong together",
            hint="or set ansible_winrm_keytab",
        )
    return found
