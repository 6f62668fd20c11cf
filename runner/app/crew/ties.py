"""Which hosts of a run must stay in one process, and when all of them must."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from runner.app.wiring.asking import asks
from runner.app.wiring.prepare import Prepared
from runner.engine.graph.graph import JobGraph, Limit, Step
from runner.engine.walk.links import Links
from runner.interfaces.serving import FILE_SERVER
from runner.model.playbook import OnFailure, Play, Task

_WORDS: Final = {
    "hostvars": "hosts may look at each other's variables (hostvars)",
    FILE_SERVER: f"files are offered to the hosts by this process ({FILE_SERVER})",
}
_SEEN: Final = re.compile("|".join(map(re.escape, _WORDS)))
_ENDS: Final = frozenset({"end_play", "end_batch"})
_STOPS: Final = frozenset({OnFailure.STOP, OnFailure.ROLLBACK_ALL})


@dataclass(frozen=True, slots=True)
class Split:
    """The hosts (by index) of each process; or one process for all of them, and why."""

    parts: tuple[frozenset[int], ...] = ()
    why: str = ""


def split(prepared: Prepared, processes: int) -> Split:
    """Share the hosts of a run out among so many processes, at most."""
    if why := _tie(prepared):
        return Split(why=why)
    members = frozenset().union(*(step.members for step in prepared.graph.steps))
    groups, where = companions(prepared.graph)
    parts = _shares(groups, processes)
    if len(parts) < 2:
        if len(members) < 2:
            return Split(why="there is one host only")
        return Split(why=f"its hosts wait for each other at '{where}'")
    return Split(parts)


def companions(graph: JobGraph) -> tuple[list[frozenset[int]], str]:
    """Sets of hosts that nothing ties to each other, and the title of the first step that ties."""
    found = _Groups(frozenset().union(*(step.members for step in graph.steps)))
    links = Links(graph)
    seen: set[int] = set()
    where = ""
    for number, step in enumerate(links.steps):
        for host in step.members:
            named = [f"{limit.name}={key}" for limit, key in _pools(step, host)]
            if step.once:
                named.append(f"{step.name} once {links.batch(step, host)}")
            tied = [found.tie(host, name) for name in named]
            for barrier in links.barriers(number, host):
                new = id(barrier) not in seen
                seen.add(id(barrier))
                others = barrier.targets if new else barrier.targets[:1]
                tied += [found.join(host, other) for other in others]
            if not where and any(tied):
                where = step.title or step.name
    return found.sets(), where


def _pools(step: Step, host: int) -> Iterator[tuple[Limit, str]]:
    for limit in step.takes:
        if (key := limit.pool(host)) is not None:
            yield limit, key


class _Groups:
    """Disjoint sets of hosts that grow together."""

    def __init__(self, hosts: frozenset[int]) -> None:
        self._up = {host: host for host in sorted(hosts)}
        self._named: dict[str, int] = {}

    def join(self, one: int, other: int) -> bool:
        """Tie two hosts; whether they were not tied."""
        a, b = self._top(one), self._top(other)
        self._up[max(a, b)] = min(a, b)
        return a != b

    def tie(self, host: int, name: str) -> bool:
        """Tie all hosts that come with one name."""
        return self.join(host, self._named.setdefault(name, host))

    def sets(self) -> list[frozenset[int]]:
        """The sets, by their first hosts."""
        found: dict[int, set[int]] = {}
        for host in self._up:
            found.setdefault(self._top(host), set()).add(host)
        return [frozenset(one) for one in found.values()]

    def _top(self, host: int) -> int:
        while (up := self._up[host]) != host:
            self._up[host] = host = self._up[up]
        return host


def _shares(groups: Iterable[frozenset[int]], processes: int) -> tuple[frozenset[int], ...]:
    """The groups as evenly as they go into so many parts; no part is empty."""
    parts: list[set[int]] = [set() for _ in range(processes)]
    for group in sorted(groups, key=lambda one: (-len(one), min(one))):
        min(parts, key=len).update(group)
    return tuple(frozenset(part) for part in parts if part)


def _tie(prepared: Prepared) -> str:
    """Why all hosts must stay together; empty: nothing that can be known beforehand."""
    if prepared.fleet.twins is not None:
        return "it is a rehearsal"
    if prepared.stages:
        return "it adds hosts or groups on the way, or takes failed hosts in again"
    tasks = list(prepared.playbook.all_tasks())
    if any(task.include for task in tasks):
        tasks = [*tasks, *prepared.known]
    found = [why for play in prepared.playbook.plays if (why := _of_play(play))]
    found += [
        f"the task '{task.name}' {why}" for task in tasks if (why := _of_task(task, prepared))
    ]
    if found:
        return found[0]
    texts: list[Any] = [*prepared.playbook.plays, *prepared.known, prepared.fleet.extra]
    texts += prepared.fleet.inventory.all_vars()
    for text in texts:
        if word := _SEEN.search(repr(text)):
            return _WORDS[word[0]]
    return ""


def _of_play(play: Play) -> str:
    if play.on_failure in _STOPS:
        return f"the play '{play.name}' says 'on_failure: {play.on_failure}'"
    if play.max_fail_percentage is not None:
        return f"the play '{play.name}' says 'max_fail_percentage'"
    if play.any_errors_fatal is not False:
        return f"the play '{play.name}' says 'any_errors_fatal'"
    return ""


def _of_task(task: Task, prepared: Prepared) -> str:
    """What makes a task everybody's affair."""
    is_template = prepared.fleet.templates.is_template
    if task.delegate_to is not None:
        return "says 'delegate_to'"
    if task.any_errors_fatal is not False:
        return "says 'any_errors_fatal'"
    if task.run_once is not False or task.throttle:
        return "says 'run_once' or 'throttle'"
    if task.include is not None and is_template(dict(task.args)):
        return "includes what only a host knows"
    if asks(task):
        return "may ask a person"
    if task.module == "meta" and any(
        word in _ENDS or is_template(word) for word in task.args.values()
    ):
        return "may end the play for other hosts"
    return ""
