"""Twins: the simulated hosts that stand in for the real ones while a playbook is rehearsed.

A folder with a record of twins (``rehearsal.json`` beside the journal) is a rehearsal's home. Every
verb that is run there reaches twins only: whatever inventory, playbook or command line say about
connections is left aside, because each link of a run is made here (``links``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from runner.errors import InputError, JournalError, PolicyRefused
from runner.interfaces.transport import Connection, Options
from runner.interfaces.transport import Transport as Base
from runner.journal.place import journal_path
from runner.loading.text.vault import Opened, VaultKeys, VaultPassword
from runner.loading.text.vault_format import FormatError, parse
from runner.model.inventory import LOCALHOST
from runner.model.secret import Secret
from runner.model.source import Source

RECORD: Final = "rehearsal.json"
REHEARSAL: Final = "runner_rehearsal"
WITH_LOCAL: Final = "runner_rehearsal_with_local"
HERE: Final = "this machine"
_LOCAL: Final = "local"
_PASSWORD: Final = "ansible_password"
_UNOPENED: Final = "not-opened-in-a-rehearsal"
"""What stands for an encrypted value that no given password opens."""


@dataclass(frozen=True, slots=True)
class Twins:
    """Where the twin of each host answers, as connection variables.

    ``missing`` are the hosts without one, and why. ``with_local``: what the playbook does on the
    machine that runs the runner is really done.
    """

    hosts: Mapping[str, Mapping[str, Any]]
    missing: Mapping[str, str] = field(default_factory=dict)
    with_local: bool = False

    @property
    def variables(self) -> dict[str, Any]:
        """What a playbook sees of being rehearsed; they win over all others."""
        return {REHEARSAL: True, WITH_LOCAL: self.with_local}

    def settings(self, host: str) -> dict[str, Any] | None:
        """How to reach the twin of this host; None where there is none."""
        found = self.hosts.get(host)
        if found is None:
            return None
        return {**found, _PASSWORD: Secret(str(found[_PASSWORD]))}

    def withheld(self, host: str, connection: object) -> str:
        """Why nothing is done on this host; empty where something may be."""
        if is_local(host, connection):
            return "" if self.with_local else HERE
        if host in self.hosts:
            return ""
        return self.missing.get(host, f"{host} has no twin")

    def write(self, folder: Path) -> None:
        """Make the folder a rehearsal's home; only this user may read it."""
        content = {
            "hosts": {name: dict(settings) for name, settings in self.hosts.items()},
            "missing": dict(self.missing),
            "with_local": self.with_local,
        }
        handle = os.open(folder / RECORD, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)

    @classmethod
    def found(cls) -> Self | None:
        """Those of the home that is used now; None where it is an ordinary one.

        Raises JournalError for a record that cannot be read: nobody may then be contacted.
        """
        path = journal_path().parent / RECORD
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(content["hosts"], content["missing"], content["with_local"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"the record of a rehearsal {path} cannot be read: {error}",
                hint="nothing was contacted; remove the folder, or set RUNNER_HOME to another one",
            ) from error


def is_local(host: str, connection: object) -> bool:
    """Whether a host that is reached in this way is the machine that runs the runner."""
    if isinstance(connection, Secret):
        connection = connection.reveal()
    return connection == _LOCAL or (connection is None and host in LOCALHOST)


class Withheld(Base):
    """Stands for the way to a host that a rehearsal leaves alone: it never connects."""

    name: ClassVar[str] = "withheld"
    default_shell: ClassVar[str] = "posix"

    def __init__(self, why: str) -> None:
        self.why = why

    def options(self, host: str, variables: Mapping[str, Any]) -> Options:
        """There is nothing to set."""
        return Options()

    def connect(self, options: Options, *, timeout: float) -> Connection:
        """Raises PolicyRefused, always."""
        raise PolicyRefused(
            f"left alone in a rehearsal: {self.why}",
            hint="--with-local does what is to be done on this machine" if self.why == HERE else "",
        )

    def endpoint(self, options: Options) -> str:
        """That nobody is reached."""
        return "nobody (a rehearsal)"


class UnneededKeys(VaultKeys):
    """Vault passwords are not needed to reach twins: without any, a value that is encrypted is some
    word, and a file that is encrypted is empty.

    ``unopened`` counts what was not opened.
    """

    unopened: int = 0

    def open(self, text: str, error: type[InputError], source: Source | None = None) -> Opened:
        """Decrypt a text, or give nothing for it. Raises ``error`` for a damaged one."""
        if self.passwords:
            return super().open(text, error, source)
        try:
            parse(text)
        except FormatError:
            return super().open(text, error, source)
        self.unopened += 1
        return Opened(b"", "", VaultPassword("", Secret(""), "a rehearsal"))

    def secret(self, text: str, error: type[InputError], source: Source | None = None) -> Secret:
        """What a ``!vault`` value stands for, or a word in its place."""
        if self.passwords:
            return super().secret(text, error, source)
        self.open(text, error, source)
        return Secret(_UNOPENED)
