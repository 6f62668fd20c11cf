"""The steps of one play: tasks, handlers, and blocks with their rescue.

A block with ``rescue`` and ``always`` becomes, on each host::

    enter -> body tasks -> body gate -> rescue tasks -> rescue gate -> always tasks -> leave

- The body gate is good when all of the body is. Rescue tasks wait for it to be bad; otherwise
  they are passed over. The rescue gate is good when the body was, or when the rescue came through.
- Tasks of ``always`` wait for the rescue gate, however it came out.
- What runs after a failure must not run on a host that failed before the block: rescue and always
  also need the enter gate.
- The leave gate is good when the rescue gate is and all of ``always`` was. The rest waits for it.

A gate that a block does not need is left out: without ``always`` the rescue gate is where hosts
leave, without ``rescue`` the body gate does both.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from runner.engine.graph.graph import JobGraph, Limit, Link, LinkKind, Step, StepKind, unique_name
from runner.errors import GraphError
from runner.model.playbook import Block, Entry, Need, NeedState, Play, Task
from runner.model.source import Source

Wait = tuple[Step, Link]
"""A step to wait for, and how."""

_OK = Link(LinkKind.SAME)
_FINISHED = Link(LinkKind.SAME, NeedState.FINISHED, why="in any case")
_IN_STEP = Link(LinkKind.BATCH, NeedState.FINISHED, why="linear")

_ONCE: Final = frozenset({"add_host", "pause"})
"""Modules that are done once for all hosts (Ansible's BYPASS_HOST_LOOP): a person is asked once."""


def is_once(task: Task) -> bool:
    """Whether a task is done once for all hosts of a batch without saying ``run_once``."""
    return task.module in _ONCE or is_refreshing(task)


def is_refreshing(task: Task) -> bool:
    """Whether the sources of the inventory are read again."""
    return task.module == "meta" and "refresh_inventory" in task.args.values()


def ok(steps: Iterable[Step]) -> tuple[Wait, ...]:
    """To wait until all of these came through on the same host."""
    return tuple((step, _OK) for step in steps)


def finished(steps: Iterable[Step]) -> tuple[Wait, ...]:
    """To wait until all of these are over on the same host, however they came out."""
    return tuple((step, _FINISHED) for step in steps)


@dataclass(frozen=True, slots=True)
class Region:
    """Where tasks stand.

    ``roots`` is what a task waits for that does not wait for the task before it; ``conditions``
    every task, in addition; ``shields`` are the blocks that rescue it.
    """

    roots: tuple[Wait, ...]
    conditions: tuple[Wait, ...] = ()
    shields: tuple[str, ...] = ()


@dataclass(slots=True)
class PlaySteps:
    """Adds the steps of one play to a graph, all on the same hosts in the same batches.

    ``needs`` and ``ids`` collect what is linked, and can be linked to, when all plays are there.
    """

    graph: JobGraph
    play: Play
    number: int
    members: frozenset[int]
    groups: tuple[tuple[int, ...], ...]
    needs: list[tuple[Step, tuple[Need, ...]]] = field(default_factory=list)
    ids: list[tuple[str, Step, Source]] = field(default_factory=list)

    def step(self, wanted: str, kind: StepKind, title: str, task: Task | None = None) -> Step:
        """A new step, not yet in the graph: its name is free."""
        name = unique_name(wanted, self.graph.__contains__)
        return Step(name, kind, title, self.members, self.number, task, self.groups)

    def add(self, step: Step, *waits: tuple[Wait, ...]) -> Step:
        """Add a step that waits for all of these."""
        self.graph.add(step)
        for earlier, link in (wait for group in waits for wait in group):
            self.graph.link(earlier, step, link)
            if self.play.linear:
                self.graph.link(earlier, step, _IN_STEP)
        return step

    def ends(self, steps: Sequence[Step], region: Region) -> tuple[Wait, ...]:
        """To wait until all of these, and so all of the region, came through."""
        return ok(self.graph.sinks(steps)) or region.roots

    def entries(self, entries: Sequence[Entry], region: Region) -> list[Step]:
        """Tasks and blocks in order; gives all steps, of a block its first and its last gate."""
        steps: list[Step] = []
        after = region.roots
        for entry in entries:
            if isinstance(entry, Task) and is_flush(entry):
                after = self.ends(steps, region)
                flushed = self.handlers(after, region)
                after = ok(flushed[-1:]) or after
                steps += flushed
                continue
            waits = after if entry.needs is None else region.roots
            if isinstance(entry, Task):
                steps.append(self.task(entry, StepKind.TASK, waits, region))
            else:
                steps += self.block(entry, waits, region)
            after = ok(steps[-1:])
        return steps

    def handlers(self, waits: tuple[Wait, ...], region: Region) -> list[Step]:
        """All handlers of the play, one after another."""
        steps: list[Step] = []
        for handler in self.play.handlers:
            steps.append(self.task(handler, StepKind.HANDLER, waits, region))
            waits = ok(steps[-1:])
        return steps

    def task(self, task: Task, kind: StepKind, waits: tuple[Wait, ...], region: Region) -> Step:
        """One task or handler."""
        step = self.step(task.id or slug(task.name) or task.module, kind, task.name, task)
        step = dataclasses.replace(
            step,
            once=is_once(task) or literal(task.run_once, "run_once", task.source),
            shields=region.shields,
        )
        if task.throttle:
            limit = Limit(f"throttle of {step.name}", task.throttle)
            step = dataclasses.replace(step, takes=(limit,), gives=(limit,))
        self.add(step, waits, region.conditions)
        if task.id and kind is StepKind.TASK:
            self.ids.append((task.id, step, task.source))
        self.needs.append((step, task.needs or ()))
        return step

    def block(self, block: Block, waits: tuple[Wait, ...], region: Region) -> tuple[Step, Step]:
        """A block with all that is in it; gives the gates where hosts enter and leave it."""
        wanted = block.id or slug(block.name) or "block"
        label = unique_name(wanted, lambda name: f"{name}:enter" in self.graph)
        title = block.name or label
        enter = self._gate(label, "enter", title, waits, region)
        self.needs.append((enter, block.needs or ()))
        entered = ok([enter])
        shields = (label, *region.shields) if block.rescue else region.shields
        body_region = Region(entered, region.conditions, shields)
        body = self.ends(self.entries(block.block, body_region), body_region)
        last = self._gate(label, "body" if block.rescue or block.always else "leave", title, body,
                          region)  # fmt: skip
        if block.rescue:
            failed = Link(LinkKind.SAME, NeedState.FAILED, skips=True, why="on failure")
            rescued = ((last, failed),)
            rescue_region = Region(entered + rescued, region.conditions + rescued, region.shields)
            rescue = self.ends(self.entries(block.rescue, rescue_region), rescue_region)
            word = "rescue" if block.always else "leave"
            last = self._gate(label, word, title, rescue + rescued, region)
        if block.always:
            waits = entered + finished([last])
            always_region = Region(waits, region.conditions, region.shields)
            always = self.ends(self.entries(block.always, always_region), always_region)
            last = self._gate(label, "leave", title, ok([last]) + always, region)
        if block.id:
            self.ids.append((block.id, last, block.source))
        self.graph.link(enter, last, _OK)
        return enter, last

    def _gate(
        self, label: str, word: str, title: str, waits: tuple[Wait, ...], region: Region
    ) -> Step:
        gate = self.step(f"{label}:{word}", StepKind.GATE, title)
        return self.add(dataclasses.replace(gate, block=label), waits, region.conditions)


def is_flush(task: Task) -> bool:
    """Whether the task is where handlers run; raises GraphError for what that cannot have."""
    if task.module != "meta" or "flush_handlers" not in task.args.values():
        return False
    if task.needs is not None or task.id is not None:
        raise GraphError(
            "flush_handlers has neither 'needs' nor 'id'",
            source=task.source,
            hint="it waits for all tasks before it, and the next task waits for the handlers",
        )
    return True


def literal(flag: bool | str, keyword: str, source: Source | None) -> bool:
    """A flag that decides on the graph, and so must be known before any host is."""
    if isinstance(flag, str):
        raise GraphError(
            f"{keyword} takes yes or no, not '{flag}'",
            source=source,
            hint="it decides on the order of jobs, which is fixed before the run",
        )
    return flag


def slug(name: str) -> str:
    """A task's name as a word that can be typed: ``Stop the Server service`` -> ``stop-the-...``.

    Letters of any script stay; everything else becomes a dash.
    """
    return re.sub(r"[^\w]+", "-", name.lower(), flags=re.UNICODE).strip("-_")[:60].rstrip("-")
