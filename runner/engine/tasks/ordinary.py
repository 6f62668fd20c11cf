"""What is ordinary about a task: only such travel with others."""

from __future__ import annotations

from typing import Final

from runner.engine.tasks.work import Work
from runner.interfaces.template import Templates
from runner.model.task import Become, Task, Way

_NO_WAY: Final = Way()
_NO_BECOME: Final = Become()


def eligible(work: Work) -> bool:
    """Whether the probe of a task may share an exchange with others."""
    return work.module.ahead and is_ordinary(work)


def is_ordinary(work: Work) -> bool:
    """Whether nothing about the work is out of the ordinary."""
    keywords = work.keywords
    return (
        ordinary(work.task)
        and not work.target
        and not work.setting
        and keywords.timeout is None
        and keywords.check_mode is None
        and not keywords.async_seconds
    )


def ordinary(task: Task) -> bool:
    """Whether nothing that is written of the task is."""
    return (
        task.loop is None
        and task.include is None
        and task.delegate_to is None
        and task.until is None
        and task.retries is None
        and task.way == _NO_WAY
        and not task.throttle
    )


def opaque(task: Task, work: Work | None, *, skipped: bool = False) -> bool:
    """Whether later jobs may see what becomes of this one in their variables."""
    if task.register:
        return True
    return not skipped and (work is None or not work.module.straight)


def constant(work: Work, templates: Templates) -> bool:
    """Whether an ordinary task is rendered to the same always: there is no template in it, and its
    module is given nothing but its arguments."""
    task, module = work.task, work.module
    return not (
        module.controller_files
        or module.renders
        or module.params.HIDDEN
        or module.needs_facts
        or task.environment
        or task.become != _NO_BECOME
        or templates.is_template(dict(task.args))
    )
