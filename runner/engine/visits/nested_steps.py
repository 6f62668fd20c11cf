"""Steps that includes bring in: their names, told once for all hosts."""

from __future__ import annotations

import threading
import time

from runner.engine.graph.blocks import slug
from runner.engine.graph.graph import Step, StepKind, unique_name
from runner.engine.runtime import Runtime
from runner.engine.tasks.work import Branch
from runner.events import StepAdded, StepInfo
from runner.model.source import Source
from runner.model.task import Task


class NestedSteps:
    """Names the steps of includes: ``parent/slug``, ``parent/[2]/slug`` in a loop. Thread-safe.

    The same task of the same include has one name on all hosts; where hosts include different
    files, their tasks have different names.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, tuple[Source, str]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        parent: Step,
        path: str,
        task: Task,
        used: set[str],
        shields: tuple[str, ...],
        kind: StepKind,
    ) -> Step:
        """The step of this task; ``used`` are the names that its host has under ``path``."""
        key = (task.source, task.name)
        word = task.id or slug(task.name) or task.module
        with self._lock:
            name = unique_name(
                f"{path}/{word}",
                lambda wanted: wanted in used or self._known.get(wanted, key) != key,
            )
            step = Step(
                name, kind, task.name, parent.members, parent.play, task,
                groups=parent.groups, once=task.run_once is not False, shields=shields,
            )  # fmt: skip
            if name not in self._known:
                # Told before another host can come to the next one: reports keep the order.
                self._tell(step)
            self._known[name] = key
        used.add(name)
        return step

    def _tell(self, step: Step) -> None:
        assert step.task is not None
        play = self._runtime.plays[step.play].name
        info = StepInfo(step.name, play, step.title, step.task.module, 1, str(step.task.source))
        self._runtime.publish(StepAdded(info, time.time()))


def path_of(parent: Step, branch: Branch) -> str:
    """What the names of an include's steps begin with."""
    return parent.name if branch.index is None else f"{parent.name}/[{branch.index}]"
