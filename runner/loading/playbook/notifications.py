"""Whether every notification is heard by some handler of the play."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from runner.errors import DependsOnUnknown, PlaybookError, TemplateError
from runner.loading.playbook.reading import Reading
from runner.loading.text.words import suggestion
from runner.model.playbook import Entry, IncludeKind, Task, tasks_in

_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def check_notifications(reading: Reading, entries: Iterable[Entry], handlers: list[Task]) -> None:
    """Note a mistake for each name that some task notifies and that no handler has or listens to.

    Names with templates are known on a host only. So are the handlers of a role whose name is a
    template: where the play includes one, nothing is said.
    """
    tasks = [*tasks_in(entries), *handlers]
    if any(_brings_unknown_handlers(task, reading) for task in tasks):
        return
    heard = {name for handler in handlers for name in _names(handler, reading)}
    patterns = [_pattern(name) for name in heard if reading.templates.is_template(name)]
    for name, source in reading.notified.items():
        known = name in heard or reading.templates.is_template(name)
        if known or any(p.fullmatch(name) for p in patterns) or reading.problems.may_be_lost(name):
            continue
        hint = suggestion(name, heard, otherwise="" if heard else "this play has no handlers")
        message = f"no handler is named or listens to '{name}'"
        reading.problems.note(PlaybookError(message, source=source, hint=hint))


def _brings_unknown_handlers(task: Task, reading: Reading) -> bool:
    if task.include is None or task.include.kind is not IncludeKind.ROLE:
        return False
    return reading.templates.is_template(dict(task.args))


def _names(handler: Task, reading: Reading) -> Iterator[str]:
    """A handler's name, also with its role before it, and what it listens to."""
    name = handler.name
    with suppress(TemplateError, DependsOnUnknown):  # a host would know
        name = str(reading.templates.render(name, reading.static, handler.source))
    yield name
    if handler.role is not None:
        yield f"{handler.role.name} : {name}"
    yield from handler.listen


def _pattern(name: str) -> re.Pattern[str]:
    """What a name with templates may become."""
    return re.compile(".*".join(re.escape(part) for part in _TEMPLATE.split(name)), re.DOTALL)
