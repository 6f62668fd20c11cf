"""Keywords as they are on one host: flags and numbers, with their templates rendered.

A task keeps a keyword as it was written; what it says is known when the task's turn comes, with
the element of its loop. Source: Ansible, "Playbook keywords" and "Using variables"; ``omit`` is
the same as not saying anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from runner.errors import DependsOnUnknown, TemplateError
from runner.interfaces.template import Templates
from runner.model.source import Source
from runner.model.task import Flag, Number, Task, Way

_TRUE: Final = frozenset({"y", "yes", "on", "1", "true", "t", "1.0"})
_FALSE: Final = frozenset({"n", "no", "off", "0", "false", "f", "0.0"})


class Renderer:
    """Renders the keywords of one task on one host.

    Everything raises TemplateError, with the task's place and the keyword's name.
    """

    def __init__(
        self, templates: Templates, variables: Mapping[str, Any], source: Source | None
    ) -> None:
        self._templates = templates
        self._variables = variables
        self._source = source

    def value(self, raw: Any) -> Any:
        """The rendered value; None when it is omitted."""
        if not self._templates.is_template(raw):
            return raw
        return self._templates.render({"value": raw}, self._variables, self._source).get("value")

    def maybe_flag(self, name: str, raw: Flag | None) -> bool | None:
        """Yes, no, or not said."""
        if raw is None or isinstance(raw, bool):
            return raw
        return as_flag(name, self.value(raw), self._source)

    def flag(self, name: str, raw: Flag | None, default: bool = False) -> bool:
        """Yes or no."""
        found = self.maybe_flag(name, raw)
        return default if found is None else found

    def number(self, name: str, raw: Number | None) -> float | None:
        """A number, or not said."""
        if raw is None or isinstance(raw, int | float):
            return raw
        found = self.value(raw)
        if found is None:
            return None
        try:
            number = float(found)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(found, bool) or not math.isfinite(number):
            raise self._error(name, "a number", found)
        return number

    def whole(self, name: str, raw: Number | None) -> int | None:
        """A whole number, or not said."""
        number = self.number(name, raw)
        if number is not None and number != int(number):
            raise self._error(name, "a whole number", number)
        return None if number is None else int(number)

    def text(self, name: str, raw: str | None) -> str | None:
        """Text, or not said."""
        found = self.value(raw)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
        raise self._error(name, "text", found)

    def way(self, way: Way) -> Way:
        """The way to a host with nothing left to render."""
        if way == _NO_WAY:
            return way
        port = self.whole("port", way.port)
        return Way(
            self.text("connection", way.connection), self.text("remote_user", way.user), port
        )

    def _error(self, name: str, wanted: str, found: Any) -> TemplateError:
        return _wrong(name, wanted, found, self._source)


POLL: Final = 10.0
"""Seconds between two looks at a detached command, where the task does not say."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """The flags and numbers of a task on a host, for one element of its loop.

    Seconds are seconds. ``timeout`` None and ``async_seconds`` 0 mean that there is none.
    ``check_mode`` and ``diff`` None: as the whole run. ``retries`` None: not said.
    """

    ignore_errors: bool = False
    ignore_unreachable: bool = False
    no_log: bool = False
    any_errors_fatal: bool = False
    check_mode: bool | None = None
    diff: bool | None = None
    timeout: float | None = None
    retries: int | None = None
    delay: float = 5.0
    poll: float = POLL
    async_seconds: float = 0.0
    left: bool = False
    """The playbook says ``poll: 0``, but the task is waited for all the same."""
    delegate_facts: bool = False


def keywords_of(task: Task, templates: Templates, variables: Mapping[str, Any]) -> Keywords:
    """The task's keywords with these variables. Raises TemplateError with the place."""
    if _said(task) == _NOTHING:
        return _PLAIN  # as of most tasks
    render = Renderer(templates, variables, task.source)
    delay = render.number("delay", task.delay)
    poll = render.number("poll", task.poll)
    keywords = Keywords(
        ignore_errors=render.flag("ignore_errors", task.ignore_errors),
        ignore_unreachable=render.flag("ignore_unreachable", task.ignore_unreachable),
        no_log=render.flag("no_log", task.no_log),
        any_errors_fatal=render.flag("any_errors_fatal", task.any_errors_fatal),
        check_mode=render.maybe_flag("check_mode", task.check_mode),
        diff=render.maybe_flag("diff", task.diff),
        timeout=render.number("timeout", task.timeout) or None,
        retries=render.whole("retries", task.retries),
        delay=5.0 if delay is None else delay,
        poll=POLL if poll is None else poll,
        async_seconds=render.number("async", task.async_seconds) or 0.0,
        delegate_facts=render.flag("delegate_facts", task.delegate_facts),
    )
    for name, value in (
        ("timeout", keywords.timeout),
        ("async", keywords.async_seconds),
        ("poll", keywords.poll),
    ):
        if value is not None and value < 0:
            raise _wrong(name, "a number of seconds", value, task.source)
    return keywords


def keywords_in_trouble(
    task: Task, templates: Templates, variables: Mapping[str, Any] | None
) -> Keywords:
    """What is left of the keywords when a task failed before they were rendered.

    What cannot be rendered does not excuse a failure, and hides its values.
    """
    render = Renderer(templates, variables or {}, task.source)

    def flag(raw: Flag, default: bool) -> bool:
        try:
            return render.flag("", raw)
        except (TemplateError, DependsOnUnknown):
            return default

    return Keywords(
        ignore_errors=flag(task.ignore_errors, False),
        ignore_unreachable=flag(task.ignore_unreachable, False),
        no_log=flag(task.no_log, True),
        any_errors_fatal=flag(task.any_errors_fatal, False),
    )


def as_flag(name: str, value: Any, source: Source | None) -> bool | None:
    """A value as yes or no, by Ansible's words for it. Raises TemplateError."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if isinstance(value, str | int | float) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise _wrong(name, "yes or no", value, source)


def _wrong(name: str, wanted: str, found: Any, source: Source | None) -> TemplateError:
    return TemplateError(f"'{name}' must be {wanted}, and here it is {found!r}", source=source)


_NO_WAY: Final = Way()

_NAMES: Final = (
    "ignore_errors", "ignore_unreachable", "no_log", "any_errors_fatal", "check_mode", "diff",
    "timeout", "retries", "delay", "poll", "async_seconds", "delegate_facts",
)  # fmt: skip
_said: Final = attrgetter(*_NAMES)
_NOTHING: Final = tuple({f.name: f.default for f in fields(Task)}[name] for name in _NAMES)
_PLAIN: Final = Keywords()
