"""``loop_control``: what a loop shows to its elements, and how its elements become one outcome."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from runner.engine.tasks import outcomes
from runner.engine.tasks.work import Done
from runner.engine.variables.keywords import Keywords, Renderer
from runner.model.job import Status
from runner.model.task import Loop


class Control:
    """``loop_control``, rendered: what a loop shows to its elements."""

    def __init__(self, render: Renderer, over: Loop) -> None:
        self._over = over
        self.pause = render.number("pause", over.pause) or 0.0
        self._extended = render.flag("extended", over.extended)
        self._all_items = render.flag("extended_allitems", over.extended_allitems, True)

    def variables(self, items: Sequence[Any], index: int) -> dict[str, Any]:
        """The variables of one element."""
        found = {self._over.var: items[index], "ansible_loop_var": self._over.var}
        if self._over.index_var:
            found["ansible_index_var"] = self._over.index_var
            found[self._over.index_var] = index
        if self._extended:
            found["ansible_loop"] = self._extension(items, index)
        return found

    def _extension(self, items: Sequence[Any], index: int) -> dict[str, Any]:
        count = len(items)
        found: dict[str, Any] = {
            "index": index + 1,
            "index0": index,
            "first": index == 0,
            "last": index + 1 == count,
            "length": count,
            "revindex": count - index,
            "revindex0": count - index - 1,
        }
        if self._all_items:
            found["allitems"] = items
        if index + 1 < count:
            found["nextitem"] = items[index + 1]
        if index:
            found["previtem"] = items[index - 1]
        return found


def joined(done: Sequence[Done], warnings: tuple[str, ...]) -> Done:
    """One outcome for the loop. What hides one element hides them all."""
    outcome = outcomes.of_loop([one.outcome for one in done])
    if warnings:
        outcome = dataclasses.replace(outcome, warnings=(*outcome.warnings, *warnings))
    every = [one.keywords for one in done]
    keywords = Keywords(
        no_log=any(k.no_log for k in every),
        any_errors_fatal=any(k.any_errors_fatal for k in every),
        diff=False if any(k.diff is False for k in every) else None,
    )
    branches = tuple(
        dataclasses.replace(branch, index=index)
        for index, one in enumerate(done)
        for branch in one.branches
    )
    if branches and outcome.status is Status.OK:
        titles = ", ".join(dict.fromkeys(branch.included.title for branch in branches))
        outcome = dataclasses.replace(outcome, message=f"included: {titles}")
    # As in Ansible, an element that changed nothing notifies too, if another one changed something.
    wanted = [one for one in done if one.outcome.status is not Status.SKIPPED]
    notify = tuple(dict.fromkeys(name for one in wanted for name in one.notify))
    return Done(outcome, keywords, notify, branches)


def collision(over: Loop, variables: Mapping[str, Any]) -> tuple[str, ...]:
    """A warning when the loop's variable hides another one."""
    if over.var not in variables:
        return ()
    text = f"the loop variable '{over.var}' is in use already (a loop inside a loop?)"
    return (f"{text}; give this loop another 'loop_control: loop_var'",)
