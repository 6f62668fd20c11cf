"""Exceptions become outcomes here, and only here; loops become one outcome; secrets are masked."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from runner.errors import (
    DeadlineExceeded,
    DependsOnUnknown,
    HostError,
    InputError,
    JournalError,
    ModuleError,
    Refused,
    TransportError,
)
from runner.model.job import Outcome, Status
from runner.model.playbook import Task
from runner.model.secret import Redactor
from runner.model.state import UNKNOWN, Difference

log = logging.getLogger(__name__)

HIDDEN = "(hidden: no_log)"


def of_error(error: Exception) -> Outcome:
    """The outcome of a job that ended with this exception, before anything was sent.

    A JournalError is no host's affair: without the record nothing more may be sent, so it goes on
    its way and stops the walk.
    """
    match error:
        case JournalError():
            raise error
        case DependsOnUnknown():
            return Outcome(Status.NOT_PREDICTABLE, error.message)
        case DeadlineExceeded():
            return _failed(error, Status.FAILED, error.category)
        case TransportError():
            return _failed(error, Status.UNREACHABLE, error.category)
        case Refused():
            return _failed(error, Status.FAILED, "refused")
        case ModuleError():
            return _failed(error, Status.FAILED, "module")
        case HostError():
            return _failed(error, Status.FAILED, "host")
        case InputError():
            place = f"{error.source}: " if error.source else ""
            return Outcome(
                Status.FAILED,
                f"{place}{error.message}",
                error.hint,
                category="input",
                result={"failed": True, "msg": error.message},
            )
    log.error("internal error", exc_info=error)
    return Outcome(
        Status.FAILED,
        f"internal error: {type(error).__name__}: {error}",
        "this is a defect of runner, not of the host: please report it with the log",
        category="internal",
        result={"failed": True, "msg": str(error)},
    )


def _failed(error: HostError, status: Status, category: str) -> Outcome:
    result: dict[str, Any] = {"failed": True, "msg": error.message, "changed": False}
    if status is Status.UNREACHABLE:
        result["unreachable"] = True
    return Outcome(status, error.message, error.hint, category=category, result=result)


_WORST_FIRST = (
    Status.IN_DOUBT,
    Status.UNREACHABLE,
    Status.CONFLICT,
    Status.FAILED,
    Status.CANCELLED,
    Status.BLOCKED,
    Status.NOT_PREDICTABLE,
    Status.CHANGED,
    Status.WOULD_CHANGE,
    Status.IRREVERSIBLE,
    Status.OK,
)


def of_loop(items: Sequence[Outcome]) -> Outcome:
    """One outcome for a loop: the worst of its items, with Ansible's ``results``."""
    found = {o.status for o in items}
    status = next((s for s in _WORST_FIRST if s in found), Status.SKIPPED)
    trouble = next((o for o in items if o.status is status), None)
    result: dict[str, Any] = {
        "results": [dict(o.result) for o in items],
        "changed": any(o.status in (Status.CHANGED, Status.WOULD_CHANGE) for o in items),
        "failed": any(o.status.is_trouble and not o.ignored for o in items),
        "msg": "All items completed",
    }
    if status is Status.SKIPPED:
        result["skipped"] = True
    message = "no items" if not items else ""
    if trouble and (status.is_trouble or status is Status.NOT_PREDICTABLE):
        message = f"{trouble.item}: {trouble.message}" if trouble.item else trouble.message
    elif trouble and status is Status.SKIPPED:
        message = trouble.message
    return Outcome(
        status,
        message or (items[0].message if items and status is Status.SKIPPED else ""),
        trouble.advice if trouble else "",
        items=tuple(items),
        category=trouble.category if trouble else "",
        result=result,
        warnings=tuple(w for o in items for w in o.warnings),
    )


def with_ignores(outcome: Outcome, task: Task, play_ignores_unreachable: bool) -> Outcome:
    """Marks a failure that the playbook says to ignore."""
    unreachable = task.ignore_unreachable or play_ignores_unreachable
    ignored = (task.ignore_errors and outcome.status is Status.FAILED) or (
        unreachable and outcome.status is Status.UNREACHABLE
    )
    return dataclasses.replace(outcome, ignored=True) if ignored else outcome


def shown(outcome: Outcome, redactor: Redactor, no_log: bool) -> Outcome:
    """The outcome as others may see it: secrets masked, ``no_log`` obeyed at every depth."""
    items = tuple(shown(o, redactor, no_log) for o in outcome.items)
    if no_log:
        return dataclasses.replace(
            outcome,
            message=HIDDEN if outcome.message and outcome.status.is_trouble else "",
            advice="",
            differences=tuple(Difference(d.field, HIDDEN, HIDDEN) for d in outcome.differences),
            commands=(HIDDEN,) if outcome.commands else (),
            result={"censored": HIDDEN, "changed": outcome.status is Status.CHANGED},
            warnings=(),
            items=items,
            item=HIDDEN if outcome.item else "",
        )
    return dataclasses.replace(
        outcome,
        message=redactor.text(outcome.message),
        advice=redactor.text(outcome.advice),
        subject=redactor.text(outcome.subject),
        differences=tuple(
            Difference(d.field, redactor.value(d.before), redactor.value(d.after))
            for d in outcome.differences
        ),
        commands=tuple(redactor.text(c) for c in outcome.commands),
        result=_masked(outcome.result, redactor),
        items=items,
        item=redactor.text(outcome.item),
        irreversible=redactor.text(outcome.irreversible),
        warnings=tuple(redactor.text(w) for w in outcome.warnings),
    )


def _masked(result: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    masked = redactor.value(plain(result))
    assert isinstance(masked, dict)
    return masked


def plain(value: Any) -> Any:
    """The value as data that JSON can hold; what is not known shows as a word."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(v) for v in value]
    return repr(UNKNOWN) if value is UNKNOWN else repr(value)
