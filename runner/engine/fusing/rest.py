"""What is left to do on a host, so that the last look at it is known to be that."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from runner.engine.graph.graph import Step, StepKind
from runner.engine.graph.lines import Lines
from runner.interfaces.module import Effect, Module


class Rest:
    """Which steps have had their turn on each host. A host is used by its worker.

    Nothing rests on the answer but the moment at which a host is given back: who changes it all
    the same takes it again.
    """

    def __init__(self, lines: Lines, modules: Callable[[str], Module[Any, Any]]) -> None:
        self._lines = lines
        self._modules = modules
        self._over: dict[str, set[str]] = {}

    def over(self, step: Step, host: str) -> None:
        """It has its turn, or gets none."""
        self._over.setdefault(host, set()).add(step.name)

    def done(self, host: str) -> None:
        """No job of this host is left."""
        self._over.pop(host, None)

    def is_quiet(self, host: str, known: Container[str]) -> bool:
        """Whether nothing that comes after all that is over changes the host, as far as anybody can
        tell; ``known`` are steps that will not."""
        over = self._over.get(host, set())
        steps = self._lines.of(host)
        return bool(steps) and all(
            step.name in over or step.name in known or self._only_looks(step) for step in steps
        )

    def _only_looks(self, step: Step) -> bool:
        task = step.task
        if step.kind is not StepKind.TASK or task is None or task.include is not None:
            return False
        return self._modules(task.module).effect in (Effect.LOCAL, Effect.READ)
