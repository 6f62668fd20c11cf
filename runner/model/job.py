"""Job, Status, Outcome: one task on one host, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple

from runner.model.state import Difference


class JobId(NamedTuple):
    """``stop-smb@web01``: a step (a task's unique name in the graph) on a host."""

    step: str
    host: str

    def __str__(self) -> str:
        return f"{self.step}@{self.host}"


class Status(StrEnum):
    """What became of a job. Never blurred into one another."""

    OK = "ok"
    CHANGED = "changed"
    WOULD_CHANGE = "would change"
    SKIPPED = "skipped"
    NOT_PREDICTABLE = "not predictable"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    IN_DOUBT = "in doubt"
    CONFLICT = "conflict"
    IRREVERSIBLE = "irreversible"
    CANCELLED = "cancelled"

    @property
    def is_good(self) -> bool:
        """Whether what depends on this job may go on."""
        return self in _GOOD

    @property
    def is_trouble(self) -> bool:
        """Whether a person should look at it."""
        return self in _TROUBLE


_GOOD = frozenset(
    {Status.OK, Status.CHANGED, Status.WOULD_CHANGE, Status.SKIPPED, Status.NOT_PREDICTABLE,
     Status.IRREVERSIBLE}
)  # fmt: skip
_TROUBLE = frozenset(
    {Status.FAILED, Status.UNREACHABLE, Status.BLOCKED, Status.IN_DOUBT, Status.CONFLICT,
     Status.CANCELLED}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    ``message`` is one line for people: why it was skipped, what failed. ``advice`` says what to do
    next. ``differences`` are old -> new per field. ``commands`` are what was sent, or in a dry run
    would be sent, that changes the host; secrets are already masked. ``result`` is what
    ``register`` sees. ``items`` are the outcomes of a loop, in order. ``ignored`` marks a failure
    that the playbook said to ignore. ``warnings`` are lines that the report repeats.
    """

    status: Status
    message: str = ""
    advice: str = ""
    subject: str = ""
    differences: tuple[Difference, ...] = ()
    commands: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[Outcome, ...] = ()
    item: str = ""
    blocked_by: JobId | None = None
    category: str = ""
    irreversible: str = ""
    ignored: bool = False
    rescued: bool = False
    """The failure is being dealt with: the task stands in a block that has a ``rescue``."""
    warnings: tuple[str, ...] = ()
    said: bool = False
    """The message is what the task is there for (``debug``): it is shown although all is well."""
    seconds: float = 0.0

    def having(self, **changes: Any) -> Outcome:
        """The same with these fields changed. Raises KeyError for others.

        It is ``dataclasses.replace`` in a third of the time, for what is done for every job.
        """
        new = object.__new__(Outcome)
        for take, put in _COPIED:
            put(new, take(self))
        for name, value in changes.items():
            _PUT[name](new, value)
        return new

    @property
    def speaks(self) -> bool:
        """Whether it, or an element of its loop, has something to say although all is well."""
        return self.said or any(item.said for item in self.items)

    @property
    def is_good(self) -> bool:
        """Whether what depends on this job may go on."""
        return self.ignored or self.status.is_good


# The slots themselves: a frozen dataclass refuses what goes through its own attributes.
_SLOTS: Final[dict[str, Any]] = {f.name: getattr(Outcome, f.name) for f in fields(Outcome)}
_COPIED: Final = tuple((slot.__get__, slot.__set__) for slot in _SLOTS.values())
_PUT: Final[dict[str, Callable[[Outcome, Any], None]]] = {
    name: slot.__set__ for name, slot in _SLOTS.items()
}
