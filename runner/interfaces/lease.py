"""Leases: what a run leaves on a host while it changes it, so that other controllers keep off.

The host only keeps entries: one for each contender, under a name of its own, in one place. Whoever
wants the host writes an entry and reads all of them; ``engine.hosts.leasing`` decides by what it
read. How entries are written and read is the same for all hosts of one kind: that is ``Leases``,
which needs no connection of its own, like a module.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Output
from runner.interfaces.setting import Setting

_FORMAT: Final = "v1"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.@:-]")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}\.[0-9a-f]{8}")
DENIED: Final = "lease-denied"
"""What a host prints when the entry could not be written."""
KEPT: Final = "lease-kept"
"""What it prints when ``keep`` found the entry and wrote it."""
STAYS: Final = "lease-stays"
"""What it prints behind the list when the entry that ``take`` wrote is still there."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One entry. ``name`` is the run's id and a mark of its host's name in the inventory.

    ``seconds`` is for how long it is good since it was written, ``beat`` is another word each time
    it is written. ``since`` (seconds since the epoch, by the clock of who wrote it) is for people:
    nothing is decided by it. ``text`` is all of it as it stands on the host.
    """

    name: str
    text: str
    seconds: int = 0
    beat: str = ""
    since: int = 0
    owner: str = ""

    @classmethod
    def make(cls, name: str, *, seconds: int, beat: str, since: float, owner: str) -> Lease:
        """An entry to be written; what no shell takes as it is becomes an underscore."""
        whose = _UNSAFE.sub("_", owner)[:100] or "_"
        text = ",".join((_FORMAT, str(seconds), beat, str(int(since)), whose))
        return cls(checked(name), text, seconds, beat, int(since), whose)

    @classmethod
    def read(cls, name: str, text: str) -> Lease:
        """An entry as a host shows it. One in another form is good, too, for a long time."""
        parts = text.strip().split(",")
        if len(parts) == 5 and parts[0] == _FORMAT and parts[1].isdigit() and parts[3].isdigit():
            return cls(name, text.strip(), int(parts[1]), parts[2], int(parts[3]), parts[4])
        return cls(name, text.strip(), STRANGE_SECONDS)

    @property
    def run(self) -> str:
        """The run that wrote it."""
        return self.name.rpartition(".")[0]


STRANGE_SECONDS: Final = 86400
"""How long an entry that cannot be read counts: it may be that of a newer runner."""


@dataclass(frozen=True, slots=True)
class Leased:
    """What a host answered: its entries, as often as it named them; whether it refused ours,
    whether ``keep`` found it, and whether what ``take`` wrote was there behind the list, too."""

    entries: tuple[Lease, ...]
    denied: bool = False
    kept: bool = False
    stays: bool = True


class Leases(ABC):
    """The entries of one kind of host. Each command but ``withdraw`` and ``release`` reads all."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where they are, for people."""

    @abstractmethod
    def setting(self, of_change: Setting) -> Setting:
        """In which setting the commands are to run, where a change is made in that one."""

    @abstractmethod
    def take(self, lease: Lease, without: Sequence[str] = ()) -> Command:
        """Remove the entries ``without``, write this one, read all, and see whether this one is
        still there, in this order."""

    def taking(self, lease: Lease) -> Command | None:
        """``take`` as the first command of a script: it comes out well only if the list of all
        shows this one, once, and nothing else, and it is there behind that, too. None where there
        are no such scripts."""
        return None

    @abstractmethod
    def keep(self, lease: Lease) -> Command:
        """Write this one anew, but only if an entry of that name is there; then read all."""

    @abstractmethod
    def withdraw(self, lease: Lease) -> Command:
        """Remove this one and nothing else."""

    @abstractmethod
    def release(self, lease: Lease, *, alone: bool) -> Command:
        """Remove this one, by who has the host, so that nothing is left of it.

        ``alone``: no other entry of the same run is there. Entries that others are just writing
        may go with it: who does not find its own one writes it again.
        """

    @abstractmethod
    def read(self, output: Output) -> Leased:
        """What a host said."""


def checked(name: str) -> str:
    """The name itself, if it is one. Raises ModuleError: it becomes part of command lines."""
    if not _NAME.fullmatch(name):
        raise ModuleError(f"not the name of a lease: {name!r}")
    return name


def removable(name: str) -> bool:
    """Whether it is a name that a runner gave."""
    return _NAME.fullmatch(name) is not None
