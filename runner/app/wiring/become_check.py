"""What a task asks of ``become`` that no host can do: found before any host is contacted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.model.task import Task
from runner.windows.accounts import METHOD, bad_flags


def bad_become(task: Task, is_template: Callable[[Any], bool]) -> tuple[str, str] | None:
    """What cannot be, and what to do instead; None when nothing is wrong with what is written.

    Only ``runas`` is looked at. What a template says is found out on the host, with the same words.
    """
    become = task.become
    method = (become.method or "").rpartition(".")[2]
    if method != METHOD or become.active is False:
        return None
    if become.flags and not is_template(become.flags) and (problem := bad_flags(become.flags)):
        return f"become_flags cannot be followed: {problem}", "leave them out"
    if become.exe and not is_template(become.exe):
        return "become_exe has no meaning with become_method: runas", "leave it out"
    return None
