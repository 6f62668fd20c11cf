"""The rules of ``runner lint`` about tasks and handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runner import modules
from runner.interfaces.module import Effect
from runner.loading.playbook.examine import Examined
from runner.model.playbook import Play
from runner.model.source import Source
from runner.model.task import WHOLE, Task, tasks_in
from runner.modules._parts.subsets import lacking

_PREDICTED_BY: Final = ("creates", "removes", "check")
_SAYS_NO: Final = ("false",)
_DOES_SOMETHING: Final = (Effect.STATE, Effect.COMMAND)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing worth changing in a playbook that works."""

    rule: str
    source: Source
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.source}: {self.rule}: {self.message}\n  {self.advice}"


def remarks(examined: Examined) -> Iterator[Remark]:
    """What the rules about tasks and handlers say; a module that is not here has no rules."""
    taking_back = {task.source for each in examined.tasks for task in tasks_in(each.undo)}
    for task in examined.tasks:
        if task.include is None and task.source not in taking_back and _is_known(task):
            for rule in _TASK_RULES:
                yield from rule(task)
    for play in examined.plays:
        yield from _lacking(play.gather_subset, play.source)
    if examined.complete and not _any_template(examined):
        called = {name for task in examined.tasks for name in task.notify}
        for play in examined.plays:
            yield from _unused_handlers(play, called)


def _is_known(task: Task) -> bool:
    return task.module in modules.names()


def _any_template(examined: Examined) -> bool:
    """Whether a host decides which handler some task notifies."""
    return any("{{" in name or "{%" in name for t in examined.tasks for name in t.notify)


def _unnamed(task: Task) -> Iterator[Remark]:
    if task.name == task.module and modules.load(task.module).effect in _DOES_SOMETHING:
        yield Remark(
            "unnamed",
            task.source,
            f"this {task.module} has no name",
            "reports, --start-at-task and notify are easier to read with one",
        )


def _is_open_command(task: Task) -> bool:
    """Whether a task runs a command of which nothing is known, and which may change something."""
    command = modules.load(task.module).effect is Effect.COMMAND
    return command and task.changed_when != _SAYS_NO


def _unpredictable(task: Task) -> Iterator[Remark]:
    if not _is_open_command(task) or task.check_mode is False:
        return
    if not any(task.args.get(name) is not None for name in _PREDICTED_BY):
        yield Remark(
            "unpredictable",
            task.source,
            "a dry run cannot know what this command would do",
            "give it creates, removes or check, or changed_when: false if it only looks",
        )


def _irreversible(task: Task) -> Iterator[Remark]:
    if _is_open_command(task) and task.rollback and not task.undo:
        yield Remark(
            "irreversible",
            task.source,
            "a rollback cannot take this command back",
            "give it undo: with the tasks that do, or say rollback: false",
        )


def _ignored(task: Task) -> Iterator[Remark]:
    looks = modules.load(task.module).effect not in _DOES_SOMETHING
    if task.ignore_errors is True and not task.register and not looks:
        yield Remark(
            "ignored",
            task.source,
            "its failure is ignored, and nothing that follows can see it",
            "register the result, or say with failed_when which failure is none",
        )


def _not_gathered(task: Task) -> Iterator[Remark]:
    if task.module == "setup":
        words = task.args.get("gather_subset")
        found = words if isinstance(words, list) else str(words or "").split(",")
        yield from _lacking(found, task.arg_sources.get("gather_subset", task.source))


def _lacking(subset: Sequence[object], place: Source) -> Iterator[Remark]:
    for word in lacking(str(each).strip() for each in subset):
        yield Remark(
            "not-gathered",
            place,
            f"nothing of '{word}' is gathered: its facts will be undefined",
            "take what you need of it with a task and register",
        )


def _late_arguments(task: Task) -> Iterator[Remark]:
    if WHOLE in task.args:
        yield Remark(
            "late-arguments",
            task.arg_sources.get(WHOLE, task.source),
            f"the parameters of this {task.module} come out of a template",
            "they are checked on each host only, when its turn comes; name them if you can",
        )


def _unused_handlers(play: Play, called: set[str]) -> Iterator[Remark]:
    for handler in play.handlers:
        if handler.role is not None or "{{" in handler.name:
            continue  # a role's handlers are there for whoever needs them
        if called.isdisjoint({handler.name, *handler.listen}):
            yield Remark(
                "unused-handler",
                handler.source,
                f"no task notifies '{handler.name}'",
                "remove it, or notify it",
            )


_TASK_RULES: Final[tuple[Callable[[Task], Iterator[Remark]], ...]] = (
    _unnamed, _unpredictable, _irreversible, _ignored, _late_arguments, _not_gathered,
)  # fmt: skip
