"""What a dry run foresees of each task, and whether a later look at the host still bears it out.

Compared are the fields that a module declares as its state, as JSON: a plan outlives the process
that made it, and may be applied by another.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from runner.engine.tasks.outcomes import HIDDEN
from runner.engine.tasks.work import Work
from runner.errors import Drifted
from runner.interfaces.codec import to_json
from runner.model.job import JobId
from runner.model.plan import Forecast, PlannedJob
from runner.model.secret import Redactor
from runner.model.state import Change, Difference

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Drift:
    """A host that is not as the plan found it. Each difference is recorded -> found."""

    job: JobId
    item: str
    subject: str
    why: str
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        where = f"{self.job.step}" + (f" ({self.item})" if self.item else "")
        fields = "; ".join(
            f"{d.field}: planned on {_show(d.before)}, found {_show(d.after)}"
            for d in self.differences
        )
        return f"{where}: {self.subject}: {self.why}" + (f": {fields}" if fields else "")


def forecast(work: Work, change: Change[Any], redactor: Redactor) -> Forecast:
    """What this work is to do. What holds a secret is left out, not masked: a mask could be
    compared with nothing."""
    data: dict[str, Any] = {
        "params": to_json(work.params),
        "before": _compared(change.before, change.after),
        "after": _compared(change.after, change.before),
    }
    no_log = work.keywords.no_log
    hidden = no_log or redactor.value(data) != data
    return Forecast(
        subject=HIDDEN if no_log else redactor.text(change.subject),
        item=HIDDEN if no_log and work.item else redactor.text(work.item),
        target=work.target,
        hidden=hidden,
        **({} if hidden else data),
    )


class Forecasts:
    """Collects what a dry run foresees. Thread-safe."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._found: dict[JobId, list[Forecast]] = defaultdict(list)
        self._lock = Lock()

    def foresee(self, work: Work, change: Change[Any]) -> None:
        """Note what the work would change, or that its subject is already so."""
        found = forecast(work, change, self._redactor)
        with self._lock:
            self._found[work.job].append(found)

    def of(self, job: JobId) -> tuple[Forecast, ...]:
        """What was foreseen of a job."""
        return tuple(self._found.get(job, ()))


class Approval:
    """The plan as a yardstick: what is not in it, or rests on another state, is refused.

    Thread-safe; it keeps no state but the plan.
    """

    def __init__(self, hosts: Mapping[str, Sequence[PlannedJob]], redactor: Redactor) -> None:
        self._jobs = {JobId(job.step, host): job for host, jobs in hosts.items() for job in jobs}
        self._redactor = redactor

    def require(self, work: Work, change: Change[Any]) -> None:
        """Raises Drifted unless exactly this was planned, from exactly this state."""
        drift = self.drift(work, change)
        if drift is not None:
            raise Drifted(
                str(drift), hint="plan again, and have that approved", fields=drift.differences
            )

    def drift(self, work: Work, change: Change[Any]) -> Drift | None:
        """How this differs from what was planned, or None.

        A field that is already as it was to become is no drift: an earlier task did it by the way,
        the plan was applied before, or somebody did the same by hand.
        """
        found = forecast(work, change, self._redactor)
        planned = self._jobs.get(work.job)
        if planned is None:
            return Drift(work.job, found.item, found.subject, "the plan has no such task")
        like = [f for f in planned.forecasts if (f.item, f.target) == (found.item, found.target)]
        if not like:
            if self._planned_by_another_name(work, planned, found):
                return None
            if found.item in planned.unforeseen or "" in planned.unforeseen:
                return None
            why = f"not planned: there it was {planned.status}"
            return Drift(work.job, found.item, found.subject, why)
        found_ones = [self._against(work, one, found) for one in like]
        return None if None in found_ones else found_ones[0]

    def _planned_by_another_name(self, work: Work, planned: PlannedJob, found: Forecast) -> bool:
        """Whether exactly this was planned of a loop's element with another label: what a label
        shows may not have been known then."""
        alike = (f for f in planned.forecasts if f.target == found.target and not f.hidden)
        return any(self._against(work, one, found) is None for one in alike)

    def _against(self, work: Work, planned: Forecast, found: Forecast) -> Drift | None:
        if planned.hidden or found.hidden:
            if planned.hidden and found.hidden:
                return None
            why = "its values are secret now, or were so when it was planned"
            return Drift(work.job, found.item, found.subject, why)
        if planned.subject != found.subject:
            why = f"planned for {planned.subject}"
            return Drift(work.job, found.item, found.subject, why)
        if changed := tuple(_unlike(planned.params, found.params)):
            why = "other parameters"
            return Drift(work.job, found.item, found.subject, why, changed)
        if changed := tuple(
            d
            for d in _unlike(planned.before, found.before)
            if not _is_so(planned.after, d) and not _left_alone(work, d, found.before)
        ):
            return Drift(work.job, found.item, found.subject, "another state", changed)
        if changed := tuple(
            d for d in _unlike(planned.after, found.after) if not _left_alone(work, d, found.after)
        ):
            return Drift(work.job, found.item, found.subject, "another aim", changed)
        return None


def _compared(state: Any, other: Any) -> Any:
    """The fields of a state that make a difference, as JSON; those of other subjects only where
    the change from or to ``other`` touches them."""
    if not dataclasses.is_dataclass(state) or isinstance(state, type):
        return to_json(state)
    return {
        f.name: to_json(getattr(state, f.name))
        for f in dataclasses.fields(state)
        if f.compare
        and not f.metadata.get("exclude")
        and not (f.metadata.get("aside") and getattr(state, f.name) == getattr(other, f.name))
    }


def _left_alone(work: Work, difference: Difference, found: Any) -> bool:
    """Whether the field belongs to other subjects, and nothing is to be done about it now: if the
    plan was to, that is done already."""
    names = {f.name for f in dataclasses.fields(work.module.state) if f.metadata.get("aside")}
    return (
        difference.field in names and isinstance(found, Mapping) and difference.field not in found
    )


def _unlike(planned: Any, found: Any) -> Iterator[Difference]:
    """Field by field, what differs."""
    if planned == found:
        return
    if not isinstance(planned, Mapping) or not isinstance(found, Mapping):
        yield Difference("state", planned, found)
        return
    for name in dict.fromkeys((*planned, *found)):
        old, new = planned.get(name, _ABSENT), found.get(name, _ABSENT)
        if old != new:
            yield Difference(name, *(None if v is _ABSENT else v for v in (old, new)))


def _is_so(planned_after: Any, found: Difference) -> bool:
    """Whether the field has the value that it was to get."""
    if not isinstance(planned_after, Mapping):
        return bool(planned_after == found.after)
    return found.field in planned_after and bool(planned_after[found.field] == found.after)


def _show(value: Any) -> str:
    text = "absent" if value is None else repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
