"""Several files written as one text: each begins after a line ``== path``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.errors import InputError, InputErrors
from runner.loading.playbook.play import Answers
from runner.loading.playbook.playbook import load_playbook
from runner.model.playbook import Play, Playbook, Task, tasks_in
from tests.loading.modules import MODULES

_HEADER = re.compile(r"^== (\S+)\n", re.MULTILINE)


def write(folder: Path, text: str) -> None:
    """The files; what stands before the first header is ``play.yml``."""
    first, *rest = _HEADER.split(text)
    files = {"play.yml": first, **dict(zip(rest[::2], rest[1::2], strict=True))}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def load(
    folder: Path,
    text: str,
    extra: Mapping[str, Any] | None = None,
    answers: Answers | None = None,
) -> Playbook:
    write(folder, text)
    modules = {**MODULES, "validate_argument_spec": False}
    return load_playbook(folder / "play.yml", modules, extra_vars=extra, answers=answers)


def play(folder: Path, text: str, extra: Mapping[str, Any] | None = None) -> Play:
    (only,) = load(folder, text, extra).plays
    return only


def roles(folder: Path, text: str, more: str = "", **extra: Any) -> Play:
    return play(folder, f"- hosts: all\n  roles: {text}\n{more}", extra)


def names(play: Play) -> list[str]:
    """What runs, in order."""
    return [task.name for task in tasks_in(play.tasks)]


def named(tasks: Iterable[Task], name: str) -> Task:
    (only,) = [task for task in tasks if task.name == name]
    return only


def said(error: InputError, folder: Path) -> list[str]:
    """``file:line:column: message | hint`` for each mistake."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    lines = []
    for each in errors:
        place = f"{each.source}: " if each.source else ""
        hint = f" | {each.hint}" if each.hint else ""
        lines.append(f"{place}{each.message}{hint}".replace(f"{folder}/", ""))
    return lines
