"""What a module says of itself to people: where it works, with which tools, and an example.

``runner modules NAME`` shows it, and the table in ``docs/modules.md`` is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Generation: TypeAlias = Literal[
    "2003", "2008", "2008r2", "2012", "2012r2", "2016", "2019", "2022", "2025"
]
"""A generation of Windows by its server; the client of the same NT version goes with it."""

GENERATIONS: Final[tuple[Generation, ...]] = (
    "2003", "2008", "2008r2", "2012", "2012r2", "2016", "2019", "2022", "2025",
)  # fmt: skip

NATIVE: Final = "native"
PARTLY: Final = "native, part by PowerShell"
POWERSHELL: Final = "PowerShell"
NOT_SUPPORTED: Final = "not supported"


@dataclass(frozen=True, slots=True)
class Using:
    """Tools that the module uses on these generations, both ends included.

    ``part`` names the part of the module that they are for, where they are not for all of it.
    """

    tools: str
    since: Generation = "2003"
    until: Generation = "2025"
    powershell: bool = False
    part: str = ""

    def covers(self, generation: Generation) -> bool:
        """Whether they are used there."""
        index = GENERATIONS.index
        return index(self.since) <= index(generation) <= index(self.until)


@dataclass(frozen=True, slots=True)
class Guide:
    """``example`` is one task in YAML. ``undo`` says what a rollback cannot give back.

    ``instead`` says what to do on a generation that no ``Using`` covers.
    """

    example: str
    using: tuple[Using, ...] = ()
    undo: str = ""
    where: Literal["windows", "posix", "controller", "both"] = "windows"
    instead: str = ""

    def on(self, generation: Generation) -> tuple[Using, ...]:
        """What the module uses there."""
        return tuple(using for using in self.using if using.covers(generation))

    def way(self, generation: Generation) -> str:
        """How the module works there, in one of the words above."""
        found = self.on(generation)
        whole = [using for using in found if not using.part]
        if any(not using.powershell for using in whole):
            return PARTLY if any(using.powershell for using in found) else NATIVE
        return POWERSHELL if whole else NOT_SUPPORTED
