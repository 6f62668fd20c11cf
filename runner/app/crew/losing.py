"""What becomes of the hosts of a mate that ended before its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.tasks import outcomes
from runner.events import Event, JobFinished, JobStarted
from runner.model.job import JobId, Outcome, Status

_DOUBT = "look at the host before running again"
_AGAIN = "'runner resume' goes on with these hosts"


class Losses:
    """Knows which jobs are over and which are under way. Each host's events come in order."""

    def __init__(self, graph: JobGraph) -> None:
        self._graph = graph
        self._number = {step.name: number for number, step in enumerate(graph.steps)}
        self._index = {name: number for number, name in enumerate(graph.hosts)}
        self._done = [bytearray(len(graph.hosts)) for _ in graph.steps]
        self._running: dict[str, dict[JobId, None]] = {}

    def note(self, event: Event) -> None:
        """Something happened."""
        match event:
            case JobStarted(job):
                self._running.setdefault(job.host, {})[job] = None
            case JobFinished(job):
                self._running.get(job.host, {}).pop(job, None)
                if (number := self._number.get(job.step)) is not None:
                    self._done[number][self._index[job.host]] = 1

    def of(self, hosts: Iterable[int], why: str, stopped: bool) -> Iterator[tuple[JobId, Outcome]]:
        """What became of all jobs of these hosts that are not over. ``stopped``: the run was to
        end anyway."""
        for index in sorted(hosts):
            name = self._graph.hosts[index]
            cause: JobId | None = None
            for job in self._running.pop(name, {}):
                cause = cause or job
                yield job, Outcome(Status.IN_DOUBT, f"{why} while this was under way", _DOUBT)
                if (number := self._number.get(job.step)) is not None:
                    self._done[number][index] = 1
            for number, step in enumerate(self._graph.steps):
                if step.kind is StepKind.GATE or index not in step.members:
                    continue
                if self._done[number][index]:
                    continue
                self._done[number][index] = 1
                job = JobId(step.name, name)
                if stopped:
                    yield job, outcomes.interrupted()
                elif cause is None:
                    cause = job
                    yield job, Outcome(Status.UNREACHABLE, f"not done: {why}", _AGAIN)
                else:
                    yield job, Outcome(Status.BLOCKED, f"blocked by {cause}", blocked_by=cause)
