"""How each status looks: its order, word, colour and symbol. One table for every report.

The word carries the meaning; colour and symbol only help to find it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
RESCUED: Final = "rescued"

WORDS: Final[tuple[str, ...]] = tuple(
    word
    for status in COLUMNS
    for word in ((RESCUED, status.value) if status is Status.FAILED else (status.value,))
)
"""What counts are shown under, in their order: the statuses, and rescued failures by themselves."""

_HANDLED_STYLE: Final = "yellow"

WORD_WIDTH: Final = max(len(status.value) for status in Status)

CONSEQUENCES: Final = frozenset({Status.BLOCKED, Status.CANCELLED})
"""Trouble that only follows from other trouble: counted, but not listed host by host."""

_RESCUED_LOOK: Final = Look(Status.FAILED, "~", _HANDLED_STYLE, RESCUED, "resc")

_GRAVITY: Final = {status: place for place, status in enumerate(LOOKS)}


def gravity(status: Status) -> int:
    """A sort key: the smaller, the more urgent."""
    return _GRAVITY[status]


def worst(statuses: Iterable[Status]) -> Status | None:
    """The most urgent of these, if there is any."""
    return min(statuses, key=gravity, default=None)


def is_rescued(outcome: Outcome) -> bool:
    """Whether a ``rescue`` of the playbook deals with this failure. What is in doubt stays so."""
    return outcome.rescued and outcome.status.is_trouble and outcome.status is not Status.IN_DOUBT


def items_of(outcome: Outcome) -> tuple[Outcome, ...]:
    """A loop's outcomes; where the whole is rescued, so is each that failed."""
    if not is_rescued(outcome):
        return outcome.items
    return tuple(replace(item, rescued=item.status.is_trouble) for item in outcome.items)


def is_handled(outcome: Outcome) -> bool:
    """Whether the playbook itself says what to do about this failure: nobody else has to."""
    return outcome.ignored or is_rescued(outcome)


def word(outcome: Outcome) -> str:
    """The status of an outcome as lines begin with it; what the playbook handles is named so."""
    return IGNORED if outcome.ignored else counted_as(outcome)


def counted_as(outcome: Outcome) -> str:
    """The word of WORDS under which an outcome is counted."""
    return RESCUED if is_rescued(outcome) else outcome.status.value


def style_of(outcome: Outcome) -> str:
    """The style of its word: a failure that the playbook handles does not stand out in red."""
    return _HANDLED_STYLE if is_handled(outcome) else LOOKS[outcome.status].style


def look_of(counted: str) -> Look:
    """How a word of WORDS looks."""
    return _RESCUED_LOOK if counted == RESCUED else LOOKS[Status(counted)]


def is_cause(outcome: Outcome) -> bool:
    """Whether this outcome is trouble of its own, which the playbook does not handle."""
    bad = outcome.status.is_trouble and outcome.status not in CONSEQUENCES
    return bad and not is_handled(outcome)
