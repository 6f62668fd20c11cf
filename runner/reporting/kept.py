"""What became of many jobs, in little memory.

Most hosts of a fleet come to the same on most tasks: each different outcome is kept once, and of a
job only which one it is and how long it took. When there are many different ones, they go to a
scratch file. So 10,000 hosts times 20 tasks are a few megabytes, whatever the hosts printed.
"""

from __future__ import annotations

import marshal
import pickle
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from runner.model.job import JobId, Outcome, Status
from runner.model.state import Difference
from runner.scratch import ScratchFile

MOST_IN_MEMORY: Final = 8_000_000
"""Bytes of different outcomes that stay in memory."""
_MOST_READ: Final = 64
"""Outcomes that are kept as they are, because the next job mostly has the same."""
_NONE: Final = -1


class KeptOutcomes:
    """The outcomes of jobs, by job. Not thread-safe. The last one of a job counts."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._hosts: dict[str, int] = {}
        self._names: list[str] = []
        self._which: dict[str, array[int]] = {}
        """By step, for each host the number of what it came to."""
        self._seconds: dict[str, array[float]] = {}
        self._numbers: dict[bytes, int] = {}
        self._bodies: list[bytes | int | Outcome] = []
        """In memory, at a place of the file, or as it is where it cannot be written down."""
        self._in_memory = 0
        self._file: ScratchFile | None = None
        self._read: dict[int, Outcome] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def in_memory(self) -> int:
        """Bytes of outcomes that are in memory."""
        return self._in_memory

    @property
    def different(self) -> int:
        """How many outcomes are kept for all these jobs."""
        return len(self._bodies)

    @property
    def steps(self) -> list[str]:
        """The steps of which something is known, as they came."""
        return list(self._which)

    def met(self, step: str) -> int:
        """On how many hosts something became of this step."""
        return sum(number != _NONE for number in self._which.get(step, ()))

    def keep(self, job: JobId, outcome: Outcome) -> None:
        """Keep what became of a job."""
        host = self._hosts.get(job.host)
        if host is None:
            host = self._hosts[job.host] = len(self._names)
            self._names.append(job.host)
        which = self._which.get(job.step)
        if which is None:
            which = self._which[job.step] = array("l")
            self._seconds[job.step] = array("d")
        if host >= len(which):
            more = max(host + 1, len(self._names)) - len(which)
            which.extend([_NONE] * more)
            self._seconds[job.step].extend([0.0] * more)
        self._count += which[host] == _NONE
        which[host] = self._number(outcome)
        self._seconds[job.step][host] = outcome.seconds

    def in_order(self, hosts: Sequence[str]) -> list[int]:
        """All hosts by their numbers, in this order; those that are not in it come last."""
        place = {host: number for number, host in enumerate(hosts)}
        return sorted(range(len(self._names)), key=lambda n: place.get(self._names[n], len(place)))

    def of(self, step: str, hosts: Sequence[int], *, timed: bool) -> Iterator[tuple[str, Outcome]]:
        """Hosts, in the order of these numbers, and what became of a step there. Not ``timed``,
        it is without the time that it took."""
        which, seconds = self._which[step], self._seconds[step]
        for host in hosts:
            if host < len(which) and (number := which[host]) != _NONE:
                outcome = self._outcome(number)
                if timed and seconds[host] != outcome.seconds:
                    outcome = outcome.having(seconds=seconds[host])
                yield self._names[host], outcome

    # -- writing down -----------------------------------------------------------------------

    def _number(self, outcome: Outcome) -> int:
        body = _written(outcome)
        if body is None:
            return self._add(outcome)
        known = self._numbers.get(body)
        if known is not None:
            return known
        if self._in_memory + len(body) <= MOST_IN_MEMORY:
            self._in_memory += len(body)
            number = self._numbers[body] = self._add(body)
            return number
        try:
            if self._file is None:
                self._file = ScratchFile(self._folder)
            place = self._file.put(len(body).to_bytes(4, "big") + body)
        except OSError:  # a full disk: a report is worth its memory
            return self._add(body)
        return self._add(place)

    def _add(self, body: bytes | int | Outcome) -> int:
        self._bodies.append(body)
        return len(self._bodies) - 1

    def _outcome(self, number: int) -> Outcome:
        found = self._read.get(number)
        if found is None:
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            found = self._read[number] = self._restored(self._bodies[number])
        return found

    def _restored(self, body: bytes | int | Outcome) -> Outcome:
        if isinstance(body, Outcome):
            return body
        if isinstance(body, int):
            assert self._file is not None
            length = int.from_bytes(self._file.get(body, 4), "big")
            body = self._file.get(body + 4, length)
        # Written by this very process, in memory or in a file that nobody else can open.
        return _outcome_of(marshal.loads(body[1:]) if body[:1] == b"m" else pickle.loads(body[1:]))


def _written(outcome: Outcome) -> bytes | None:
    """All but the time it took; None where there is something in it that cannot be written down.

    The first version of marshal's format: the same values are always the same bytes.
    """
    parts = _parts(outcome)
    try:
        return b"m" + marshal.dumps(parts, 0)
    except ValueError:
        pass
    try:
        return b"p" + pickle.dumps(parts, pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        return None


def _parts(outcome: Outcome) -> tuple[Any, ...]:
    by = outcome.blocked_by
    return (
        outcome.status.value, outcome.message, outcome.advice, outcome.subject,
        tuple([(d.field, d.before, d.after) for d in outcome.differences]),
        outcome.commands, outcome.result,
        tuple([(_parts(item), item.seconds) for item in outcome.items]),
        outcome.item, None if by is None else (by.step, by.host), outcome.category,
        outcome.irreversible, outcome.ignored, outcome.rescued, outcome.warnings, outcome.said,
    )  # fmt: skip


def _outcome_of(parts: tuple[Any, ...], seconds: float = 0.0) -> Outcome:
    (status, message, advice, subject, differences, commands, result, items, item, by, category,
     irreversible, ignored, rescued, warnings, said) = parts  # fmt: skip
    return Outcome(
        Status(status),
        message,
        advice,
        subject,
        tuple(Difference(*d) for d in differences),
        commands,
        result,
        tuple(_outcome_of(*each) for each in items),
        item,
        None if by is None else JobId(*by),
        category,
        irreversible,
        ignored,
        rescued,
        warnings,
        said,
        seconds,
    )
