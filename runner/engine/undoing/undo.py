"""One recorded change on its way back: what was, what the run left, what is there now."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from runner.engine.hosts.link import Link
from runner.engine.tasks import outcomes
from runner.errors import TransportError
from runner.interfaces.codec import from_json
from runner.interfaces.module import Module, Params
from runner.interfaces.setting import Setting
from runner.journal.records import ChangeRecord
from runner.model.halfway import is_halfway
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference, differences

IN_DOUBT: Final = frozenset({"in doubt", "intended"})
"""The statuses of a recorded change whose end nobody saw."""


class Doubt(Enum):
    """What to do about a command that may have run, when the host cannot tell."""

    LEAVE = "leave it in doubt"
    RETRY = "run it again"
    DONE = "take it for done"


_NOT_BACK: Final = frozenset({Status.FAILED, Status.UNREACHABLE, Status.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Restart:
    """How to restart a host: a module that settles pending changes, and its parameters."""

    module: str
    params: Any


@dataclass(slots=True)
class HostNotes:
    """What the undos on one host asked for."""

    reboot_required: bool = False
    reboot_unknown: bool = False


def params_of(
    record: ChangeRecord, module: Module[Any, Any], unseal: Callable[[str], Mapping[str, str]]
) -> Params:
    """The parameters of a recorded change, with the secrets that were kept apart.

    Raises Refused when these cannot be opened.
    """
    params = from_json(module.params, record.params)
    sealed = (record.facts or {}).get("sealed")
    return params.with_secrets(unseal(sealed)) if sealed else params


@dataclass(frozen=True, slots=True)
class Undo:
    """One recorded change with everything decoded."""

    job: JobId
    record: ChangeRecord
    module: Module[Any, Any]
    params: Params
    before: Any
    after: Any
    """As the run left it: as probed after the change, else as it was planned."""
    planned: Any
    link: Link
    facts: Mapping[str, Any]
    setting: Setting = field(default_factory=Setting)

    @property
    def in_doubt(self) -> bool:
        """Whether nobody saw the end of the change: it may be done by half, or done since."""
        return self.record.status in IN_DOUBT

    @property
    def touched(self) -> frozenset[str]:
        """The fields that the run changed. What happened to others since is not ours to judge."""
        changed = differences(self.before, self.after)
        if self.in_doubt:
            changed += differences(self.before, self.planned)
        return frozenset(d.field for d in changed)

    def foreign(self, found: Any) -> list[Difference]:
        """Where a touched field holds what the run neither left there nor found there."""
        others = self.differ(self.after, found)
        if not self.in_doubt:
            return others
        return [d for d in others if not is_ours(self.before, self.planned, d)]

    @property
    def sweeps(self) -> bool:
        """Whether there may be something beside the subject that its state does not tell of."""
        return self.in_doubt and type(self.module).sweep is not Module.sweep

    def differ(self, wanted: Any, found: Any) -> list[Difference]:
        """Where the touched fields are not as wanted."""
        touched = self.touched
        return [
            d for d in differences(wanted, found) if d.field in touched and d.before is not UNKNOWN
        ]

    def target(self, found: Any) -> Any:
        """What was before, with the fields that the run did not touch as they are now."""
        others = {
            d.field: d.after for d in differences(self.before, found) if d.field not in self.touched
        }
        return dataclasses.replace(self.before, **others)


def is_ours(before: Any, planned: Any, difference: Difference) -> bool:
    """Whether what is there may be half of what the run was about.

    Of something that was to come or to go altogether (``present``) what it is like does not
    count: who makes it starts with what the system gives everything new, and goes on from there.
    What it *is* does, where the state names such fields (``ESSENCE``). Where another field hides
    one before or afterwards (``UNSEEN`` names it), nobody knows what that holds in between.
    """
    came = getattr(before, "present", None) is not getattr(planned, "present", None)
    if came and difference.field not in getattr(type(before), "ESSENCE", ()):
        return True
    cover = getattr(type(before), "UNSEEN", {}).get(difference.field)
    if cover is not None and getattr(before, cover) != getattr(planned, cover):
        return True
    was, wanted = (getattr(state, difference.field) for state in (before, planned))
    return is_halfway(was, wanted, difference.after)


def three_values(undo: Undo, found: Any) -> str:
    """Of each field that somebody changed since: what was before, what the run left, what is."""
    ours = {d.field: d for d in differences(undo.before, undo.after)}
    parts = []
    for d in undo.foreign(found):
        was = ours[d.field].before if d.field in ours else d.before
        parts.append(f"{d.field}: before {was!r}, left by the run {d.before!r}, now {d.after!r}")
    return "; ".join(parts)


def conflict(undo: Undo, found: Any) -> Outcome:
    """Somebody changed it since: all three values, and nothing is done."""
    return Outcome(
        Status.CONFLICT,
        f"changed by somebody since: {three_values(undo, found)}",
        "left alone; set it by hand, or put it back all the same: runner rollback --force",
        subject=undo.record.subject,
        differences=tuple(undo.foreign(found)),
    )


def in_turn(
    job: JobId, records: Sequence[ChangeRecord], take_back: Callable[[ChangeRecord], Outcome]
) -> list[Outcome]:
    """Take back what one job changed, the newest first. What it had done to a subject before stays
    while a later change of that is not back: nothing could tell then what is whose."""
    found_all: list[Outcome] = []
    stuck: set[tuple[str, str]] = set()
    for record in reversed(records):
        place = (record.where, record.subject)
        if place in stuck:
            why = f"blocked by {job}: what it did later to {record.subject} is not back"
            found = Outcome(Status.BLOCKED, why, subject=record.subject, blocked_by=job)
            found_all.append(dataclasses.replace(found, item=record.item))
            continue
        found_all.append(take_back(record))
        if found_all[-1].status in _NOT_BACK:
            stuck.add(place)
    return found_all


def lost(error: TransportError, answered: int) -> Outcome:
    """What a lost connection leaves after so many answers: in doubt, unless nothing began."""
    outcome = outcomes.of_error(error)
    if error.may_have_started or answered:
        return dataclasses.replace(outcome, status=Status.IN_DOUBT)
    return outcome
