"""How each status looks: its order, word, colour and symbol. One table for every report.

The word carries the meaning; colour and symbol only help to find it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runner.model.job import Outcome, Status


@dataclass(frozen=True, slots=True)
class Look:
    """``style`` is a rich style; ``short`` and ``tiny`` are headings for narrow columns."""

    status: Status
    symbol: str
    style: str
    short: str
    tiny: str

    @property
    def word(self) -> str:
        """The status's one name."""
        return self.status.value


LOOKS: Final[Mapping[Status, Look]] = {
    look.status: look
    for look in (
        Look(Status.FAILED, "x", "bold red", "failed", "fail"),
        Look(Status.UNREACHABLE, "x", "red", "unreach.", "unr."),
        Look(Status.CONFLICT, "!", "bold red", "conflict", "conf"),
        Look(Status.IN_DOUBT, "?", "bold magenta", "in doubt", "dbt"),
        Look(Status.BLOCKED, "#", "magenta", "blocked", "blkd"),
        Look(Status.CANCELLED, "-", "magenta", "cancel.", "canc"),
        Look(Status.CHANGED, "~", "yellow", "changed", "chgd"),
        Look(Status.WOULD_CHANGE, "~", "yellow", "would ch.", "wld"),
        Look(Status.IRREVERSIBLE, "!", "bold yellow", "irrev.", "irr"),
        Look(Status.NOT_PREDICTABLE, "?", "blue", "not pred.", "n/p"),
        Look(Status.SKIPPED, "-", "cyan", "skipped", "skip"),
        Look(Status.OK, "=", "green", "ok", "ok"),
    )
}
"""By gravity: what a person must see first comes first."""

COLUMNS: Final[tuple[Status, ...]] = (
    Status.OK,
    Status.CHANGED,
    Status.WOULD_CHANGE,
    Status.IRREVERSIBLE,
    Status.NOT_PREDICTABLE,
    Status.SKIPPED,
    Status.FAILED,
    Status.UNREACHABLE,
    Status.CONFLICT,
    Status.IN_DOUBT,
    Status.BLOCKED,
    Status.CANCELLED,
)
"""The order of counts in a line or a table."""

IGNORED: Final = "ignored"

WORD_WIDTH: Final = max(len(status.value) for status in Status)

CONSEQUENCES: Final = frozenset({Status.BLOCKED, Status.CANCELLED})
"""Trouble that only follows from other trouble: counted, but not listed host by host."""

_GRAVITY: Final = {status: place for place, status in enumerate(LOOKS)}


def gravity(status: Status) -> int:
    """A sort key: the smaller, the more urgent."""
    return _GRAVITY[status]


def worst(statuses: Iterable[Status]) -> Status | None:
    """The most urgent of these, if there is any."""
    return min(statuses, key=gravity, default=None)


def word(outcome: Outcome) -> str:
    """The status of an outcome as lines begin with it; ``ignored`` hides trouble on request."""
    return IGNORED if outcome.ignored else outcome.status.value


def is_cause(outcome: Outcome) -> bool:
    """Whether this outcome is trouble of its own, that nobody chose to ignore."""
    return outcome.status.is_trouble and outcome.status not in CONSEQUENCES and not outcome.ignored
