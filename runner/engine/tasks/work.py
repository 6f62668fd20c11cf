"""Turn and Work: a task's turn on a host, and what is to be done there, rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from runner.engine.graph.graph import Step
from runner.engine.hosts.link import Link
from runner.engine.variables.keywords import Keywords
from runner.interfaces.includes import Included
from runner.interfaces.module import Facts, Module, Params
from runner.interfaces.setting import Setting
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play
from runner.model.task import Task

Place: TypeAlias = tuple[int, str]
"""A block (by the identity of its object) and its part: ``block``, ``rescue`` or ``always``."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A task's turn on a host.

    ``given`` are the variables that includes gave it: their ``vars``, and what they loop over.
    ``places`` are the blocks that it stands in, the outermost first.
    """

    step: Step
    job: JobId
    task: Task
    play: Play
    given: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """One task on one host with everything rendered: what ``perform`` gets.

    ``raw`` are the rendered arguments as they were given to ``params``. ``target`` is the host on
    which it is done, where ``delegate_to`` names another one.
    """

    job: JobId
    task: Task
    play: Play
    module: Module[Any, Any]
    params: Params
    facts: Facts
    link: Link
    variables: Mapping[str, Any]
    item: str = ""
    keywords: Keywords = field(default_factory=Keywords)
    setting: Setting = field(default_factory=Setting)
    target: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What the task manages on the host."""
        return self.module.subject(self.params)

    @property
    def host(self) -> str:
        """The host on which it is done."""
        return self.target or self.job.host


@dataclass(frozen=True, slots=True)
class Branch:
    """What an include stands for, for one element of its loop, with what it gives to its tasks."""

    included: Included
    given: Mapping[str, Any]
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task or of one element of its loop, and what nobody else is to know.

    ``notify`` are the handlers that it calls, rendered. ``branches`` are what an include stands
    for, to be run next.
    """

    outcome: Outcome
    keywords: Keywords = field(default_factory=Keywords)
    notify: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
