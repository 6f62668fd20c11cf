"""Endings: what a task ended early, for a host, a batch, a play or a role (``meta``)."""

from __future__ import annotations

from runner.engine.graph.graph import Step
from runner.engine.runtime import Runtime
from runner.engine.tasks.work import Turn
from runner.errors import PlaybookError
from runner.model.playbook import Play
from runner.model.source import Source
from runner.model.task import Role, Task


class Endings:
    """Which tasks do not run any more, and why. Thread-safe: it only ever learns."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._index: dict[str, int] = {}
        self._plays: dict[Source, str] = {}
        self._batches: dict[tuple[Source, int], str] = {}
        self._roles: dict[tuple[str, int], tuple[Role, str]] = {}

    def why(self, step: Step, host: str, play: Play, task: Task | None) -> str:
        """By what this job was ended before its turn; empty when it was not."""
        state = self._runtime.variables.state(host)
        found = state.ended.get(play.source) or self._plays.get(play.source)
        if found:
            return found
        if self._batches:
            found = self._batches.get((play.source, self.batch(step, host)))
        if not found and self._roles and task is not None and task.role is not None:
            for role in (task.role, *task.role.parents):
                _, found = self._roles.get((host, id(role)), (role, ""))
                if found:
                    break
        return found or ""

    def batch(self, step: Step, host: str) -> int:
        """The number of the batch in which the host takes its turn at this step."""
        if host not in self._index:
            # Hosts are never taken away, and new ones come last: places stay.
            hosts = self._runtime.variables.inventory.hosts
            self._index = {name: i for i, name in enumerate(hosts)}
        index = self._index.get(host)
        for number, group in enumerate(step.groups):
            if index in group:
                return number
        return 0

    def end_host(self, turn: Turn) -> None:
        """No further task of the play runs on this host."""
        state = self._runtime.variables.state(turn.job.host)
        state.ended[turn.play.source] = _by(turn)

    def end_play(self, turn: Turn) -> None:
        """No further task of the play runs anywhere."""
        self._plays[turn.play.source] = _by(turn)

    def end_batch(self, turn: Turn) -> None:
        """No further task of the play runs on the hosts of this batch."""
        batch = self.batch(turn.step, turn.job.host)
        self._batches[turn.play.source, batch] = _by(turn)

    def begin_role(self, host: str, role: Role) -> None:
        """A role is included (again): what ended it before is over."""
        self._roles.pop((host, id(role)), None)

    def end_role(self, turn: Turn) -> None:
        """No further task of this role runs on this host. Raises PlaybookError outside a role."""
        role = turn.task.role
        if role is None:
            raise PlaybookError(
                "'meta: end_role' stands in no role", source=turn.task.source, hint="use end_host"
            )
        self._roles[turn.job.host, id(role)] = (role, _by(turn))


def _by(turn: Turn) -> str:
    return f"ended by '{turn.task.name}'"
