"""Which of a run's changes a rollback is about: by host, by task, by time, by play."""

from __future__ import annotations

import difflib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from runner.app.wiring.options import RollbackOptions
from runner.errors import UsageError
from runner.journal.records import ChangeRecord, PlanGraph
from runner.loading import patterns
from runner.model.inventory import Inventory
from runner.model.job import JobId

_SHOWN: Final = 10
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run: for each play (by its number), the hosts that it is about."""

    plays: Mapping[int, frozenset[str]]

    @property
    def hosts(self) -> frozenset[str]:
        """All hosts."""
        return frozenset().union(*self.plays.values())

    def has(self, job: JobId, play_of: Mapping[str, int]) -> bool:
        """Whether a job belongs to it; ``play_of`` names the play of each step."""
        return job.host in self.plays.get(play_of[outer_step(job.step)], ())


def outer_step(step: str) -> str:
    """The step of the graph that brought a step in: itself, or the include it comes from."""
    return step.partition("/")[0]


def play_of(graph: PlanGraph) -> dict[str, int]:
    """The play of each step of a recorded run, by its number."""
    return {step["name"]: step["play"] for step in (graph.steps or {}).get("steps", ())}


@dataclass(frozen=True, slots=True)
class Choice:
    """The changes that are meant; what is None leaves none out.

    ``hosts`` are those in whose name they were made, ``steps`` the ids of the tasks, ``since``
    seconds since the epoch: only what was recorded then or later. ``first`` is the number of the
    change with which that begins: see ``numbered``.
    """

    hosts: frozenset[str] | None = None
    steps: frozenset[str] | None = None
    since: float | None = None
    part: Part | None = None
    first: int = 0

    def numbered(self, changes: Iterable[ChangeRecord]) -> Choice:
        """With ``since`` as the number of the first change that is so late: what came after it
        did, whatever the clock said by then."""
        if self.since is None:
            return self
        late = (c.sequence for c in changes if c.started >= self.since)
        return replace(self, first=min(late, default=sys.maxsize))

    def has(self, record: ChangeRecord, plays: Mapping[str, int]) -> bool:
        """Whether this change is meant; ``plays`` names the play of each step."""
        job = record.job
        return (
            (self.hosts is None or job.host in self.hosts)
            and (self.steps is None or job.step in self.steps)
            and record.sequence >= self.first
            and (self.part is None or self.part.has(job, plays))
        )


def steps_named(
    words: Sequence[str], graph: PlanGraph, changes: Iterable[ChangeRecord]
) -> frozenset[str] | None:
    """The steps that a person means by ids or names of tasks; None when nothing was said.

    An include stands for what it brought in. Raises UsageError, which names the nearest, for a
    word that no task of the run goes by.
    """
    if not words:
        return None
    known: dict[str, set[str]] = defaultdict(set)
    shown: dict[str, None] = {}
    for step in (graph.steps or {}).get("steps", ()):
        if step["kind"] == "task":
            _enter(known, shown, step["name"], step["name"], step["title"])
    for record in changes:
        step_id = record.job.step
        above = [step_id[:at] for at, letter in enumerate(step_id) if letter == "/"]
        _enter(known, shown, step_id, *above, step_id, step_id.rpartition("/")[2], record.task)
        for outer in above:
            for word in [w for w, ids in known.items() if outer in ids]:
                known[word].add(step_id)
    found: set[str] = set()
    for word in words:
        if word.casefold() not in known:
            raise _unknown(word, shown)
        found |= known[word.casefold()]
    return frozenset(found)


def _enter(known: dict[str, set[str]], shown: dict[str, None], step: str, *words: str) -> None:
    for word in filter(None, words):
        known[word.casefold()].add(step)
        shown.setdefault(word)


def _unknown(word: str, shown: Iterable[str]) -> UsageError:
    names = {name.casefold(): name for name in shown}
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean '{names[near[0]]}'?"
    else:
        some = list(names.values())
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        hint = f"there are: {', '.join(some[:_SHOWN])}{more}"
    return UsageError(f"the run has no task '{word}'", hint=hint)


def limited(inventory: Inventory, limit: str | None) -> frozenset[str] | None:
    """The hosts that ``-l`` leaves; None when nothing was said."""
    if limit is None:
        return None
    return frozenset(patterns.limit(inventory, patterns.select(inventory, "all"), limit))


def moment(text: str, seconds_of: Callable[[str], float], now: float) -> float:
    """Seconds since the epoch of ``10:30`` (the last time it was that), ``2h`` (ago), or an ISO
    8601 date with or without a time, local unless it says otherwise.

    ``seconds_of`` reads a length of time, and raises ValueError. Raises UsageError.
    """
    word = text.strip()
    if _CLOCK.fullmatch(word):
        return _clock(word, now)
    try:
        return now - seconds_of(word)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(word).timestamp()
    except ValueError:
        raise _no_moment(text) from None


def _clock(word: str, now: float) -> float:
    try:
        time = datetime.strptime(word, "%H:%M:%S" if word.count(":") == 2 else "%H:%M").time()
    except ValueError:
        raise _no_moment(word) from None
    today = datetime.fromtimestamp(now)
    found = datetime.combine(today.date(), time)
    return (found if found <= today else found - timedelta(days=1)).timestamp()


def _no_moment(text: str) -> UsageError:
    return UsageError(
        f"'{text}' is not a time", hint="such as 10:30, 2h (ago), or 2026-05-13T10:30"
    )


def kept(options: RollbackOptions) -> Callable[[ChangeRecord], bool]:
    """What is left as it is, of that which cannot or shall not be taken back."""

    def keep(record: ChangeRecord) -> bool:
        return not (options.irreversible and record.rollback and record.params is not None)

    return keep


def irreversible_lines(
    changes: Iterable[Sequence[ChangeRecord]], keep: Callable[[ChangeRecord], bool]
) -> list[str]:
    """A line for each task and reason of what is left as it is, with its hosts."""
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for records in changes:
        for record in records:
            if record.status != "undone" and not record.can_be_undone and keep(record):
                reason = record.irreversible or "the task says 'rollback: false'"
                found[record.task or record.job.step, reason].setdefault(record.job.host)
    lines = []
    for (task, reason), hosts in found.items():
        some = list(hosts)
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        lines.append(f"not taken back: {task} on {', '.join(some[:_SHOWN])}{more}: {reason}")
    return lines
