"""Tokens: how a walk keeps to the limits of so many hosts at once.

Who has no token waits in line without holding a worker. A job that needs several takes them in
the order in which its step names them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from runner.engine.graph.graph import Limit, Step

Job = tuple[int, int]
"""The number of a step, and a host."""


@dataclass(slots=True)
class _Pool:
    free: int
    holders: dict[int, None] = field(default_factory=dict)
    waiting: deque[Job] = field(default_factory=deque)


class Tokens:
    """The tokens of all limits of a graph. Not thread-safe: the walk's lock guards it."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._pools: dict[tuple[str, str], _Pool] = {}

    def take(self, job: Job) -> bool:
        """Take what the job needs, or put it in line for what it does not get."""
        number, host = job
        for limit in self._steps[number].takes:
            pool = self._pool(limit, host)
            if pool is None or host in pool.holders:
                continue
            if not pool.free:
                pool.waiting.append(job)
                return False
            pool.free -= 1
            pool.holders[host] = None
        return True

    def give(self, job: Job) -> list[Job]:
        """Give back what the host holds of the step's limits; the jobs that now have all theirs."""
        number, host = job
        ready: list[Job] = []
        for limit in self._steps[number].gives:
            pool = self._pool(limit, host)
            if pool is None or host not in pool.holders:
                continue
            del pool.holders[host]
            pool.free += 1
            while pool.free and pool.waiting:
                following = pool.waiting.popleft()
                if self.take(following):
                    ready.append(following)
        return ready

    def resign(self) -> tuple[Job, int] | None:
        """Take the first job out of line, with a host that holds what it waits for."""
        for pool in self._pools.values():
            if pool.waiting:
                return pool.waiting.popleft(), next(iter(pool.holders))
        return None

    def _pool(self, limit: Limit, host: int) -> _Pool | None:
        key = limit.pool(host)
        if key is None:
            return None
        found = self._pools.get((limit.name, key))
        if found is None:
            found = self._pools[limit.name, key] = _Pool(limit.count)
        return found
