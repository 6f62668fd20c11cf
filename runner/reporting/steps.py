"""The run's tasks in their order; includes bring in more while it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from runner.events import StepInfo

BELOW: Final = "/"
"""``PARENT/NAME``: a step that the step PARENT brought in."""


def is_below(step: str, parent: str) -> bool:
    """Whether this step was brought in by ``parent``, at any depth."""
    return step.startswith(parent + BELOW)


def parents(step: str) -> Iterator[str]:
    """The steps that may have brought this one in, the nearest first."""
    while BELOW in step:
        step = step.rpartition(BELOW)[0]
        yield step


class Steps:
    """Steps in the playbook's order. One that comes later stands behind what brought it in, else
    at the end of its play, else at the end."""

    def __init__(self, steps: Iterable[StepInfo] = ()) -> None:
        self._steps: dict[str, StepInfo] = {step.step: step for step in steps}

    def get(self, name: str) -> StepInfo | None:
        """The step of that name."""
        return self._steps.get(name)

    @property
    def names(self) -> list[str]:
        """All names, in order."""
        return list(self._steps)

    @property
    def all(self) -> list[StepInfo]:
        """All steps, in order."""
        return list(self._steps.values())

    def add(self, step: StepInfo) -> None:
        """A step that is new, or that one more host has met."""
        known = self._steps.get(step.step)
        if known is not None:
            hosts = max(known.hosts, step.hosts)
            self._steps[step.step] = dataclasses.replace(step, hosts=hosts)
            return
        steps = self.all
        steps.insert(place_of(step, steps), step)
        self._steps = {each.step: each for each in steps}


def place_of(step: StepInfo, known: Sequence[StepInfo]) -> int:
    """Where among the known steps a new one belongs."""
    names = {each.step for each in known}
    parent = next((name for name in parents(step.step) if name in names), None)
    if parent is not None:
        kin = [i for i, k in enumerate(known) if k.step == parent or is_below(k.step, parent)]
        return kin[-1] + 1
    same_play = [i for i, each in enumerate(known) if each.play == step.play]
    return same_play[-1] + 1 if same_play else len(known)
