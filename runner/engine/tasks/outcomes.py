"""Exceptions become outcomes here, and only here; loops become one outcome; secrets are masked."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.errors import (
    DeadlineExceeded,
    DependsOnUnknown,
    Drifted,
    HostError,
    InputError,
    InputErrors,
    JournalError,
    ModuleError,
    Refused,
    TransportError,
)
from runner.model.job import Outcome, Status
from runner.model.secret import Redactor
from runner.model.state import UNKNOWN, Difference

log = logging.getLogger(__name__)

HIDDEN = "(hidden: no_log)"
_PLAIN_TYPES: Final = frozenset({type(None), bool, int, float, str})


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
        case Drifted():
            drifted = _failed(error, Status.CONFLICT, "drifted")
            return dataclasses.replace(drifted, differences=error.fields)
        case Refused():
            return _failed(error, Status.FAILED, "refused")
        case ModuleError():
            return _failed(error, Status.FAILED, "module")
        case HostError():
            return _failed(error, Status.FAILED, "host")
        case InputError():
            errors = error.errors if isinstance(error, InputErrors) else (error,)
            message = "; ".join(
                f"{e.source}: {e.message}" if e.source else e.message for e in errors
            )
            return Outcome(
                Status.FAILED,
                message,
                errors[0].hint,
                category="input",
                result={"failed": True, "changed": False, "msg": message},
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
    if not items:
        return Outcome(
            Status.SKIPPED,
            "no items",
            result={
                "changed": False,
                "skipped": True,
                "skipped_reason": "No items in the list",
                "results": [],
            },
        )
    found = {o.status for o in items}
    status = next((s for s in _WORST_FIRST if s in found), Status.SKIPPED)
    # Ansible ignores the failure of a loop only if it may ignore that of each element.
    failures = [o for o in items if o.status.is_trouble]
    ignored = bool(failures) and all(o.ignored for o in failures)
    worst = next(
        (o for o in items if o.status is status and (ignored or not o.ignored)),
        next(o for o in items if o.status is status),
    )
    message = worst.message
    if status.is_trouble or status is Status.NOT_PREDICTABLE:
        message = f"{worst.item}: {message}" if worst.item else message
    elif status is not Status.SKIPPED:
        message = ""
    return Outcome(
        status,
        message,
        worst.advice,
        items=tuple(items),
        category=worst.category,
        result=_loop_result(items, status),
        ignored=ignored,
        warnings=tuple(dict.fromkeys(w for o in items for w in o.warnings)),
    )


def _loop_result(items: Sequence[Outcome], status: Status) -> dict[str, Any]:
    """What ``register`` sees of a loop."""
    skipped = all(o.result.get("skipped") is True for o in items)
    failed = any(o.status in (Status.FAILED, Status.IN_DOUBT) for o in items)
    result: dict[str, Any] = {
        "results": [dict(o.result) for o in items],
        "changed": any(_is_changed(o) for o in items),
        "failed": failed,
        "skipped": skipped,
        "msg": "All items skipped" if skipped else "All items completed",
    }
    if failed:
        result["msg"] = "One or more items failed"
    if status is Status.UNREACHABLE or any(o.status is Status.UNREACHABLE for o in items):
        result["unreachable"] = True
    return result


def _is_changed(outcome: Outcome) -> bool:
    changed = outcome.result.get("changed")
    if isinstance(changed, bool):
        return changed
    return outcome.status in (Status.CHANGED, Status.WOULD_CHANGE)


def with_ignores(outcome: Outcome, *, errors: bool, unreachable: bool) -> Outcome:
    """Marks a failure that the playbook says to ignore."""
    ignored = (errors and outcome.status is Status.FAILED) or (
        unreachable and outcome.status is Status.UNREACHABLE
    )
    return dataclasses.replace(outcome, ignored=True) if ignored else outcome


def condition_false(condition: str) -> Outcome:
    """A task whose ``when`` does not hold."""
    return skipped(
        f"condition false: {condition}",
        {"skip_reason": "Conditional result was False", "false_condition": condition},
    )


def skipped(message: str, result: Mapping[str, Any] | None = None) -> Outcome:
    """A task that is not wanted here."""
    return Outcome(
        Status.SKIPPED,
        message,
        result={"changed": False, "skipped": True, **(result or {"skip_reason": message})},
    )


def interrupted(item: str = "") -> Outcome:
    """What the end of the run came before."""
    return Outcome(Status.CANCELLED, "the run was interrupted before this", item=item)


def interrupted_wait() -> Outcome:
    """A ``pause`` whose end, or whose answer, the run did not live to see."""
    message = "the run was interrupted during the pause"
    result = {"changed": False, "failed": True, "msg": message}
    return Outcome(Status.CANCELLED, message, result=result, said=True)


def of_leader(outcome: Outcome, leader: str) -> Outcome:
    """For a host that shares what one host did well for all (``run_once``)."""
    if outcome.status in (Status.SKIPPED, Status.NOT_PREDICTABLE):
        message = f"{outcome.message} (once for all, on {leader})"
        return Outcome(outcome.status, message, result=outcome.result)
    return Outcome(Status.OK, f"done once for all, on {leader}", result=outcome.result)


def shown(outcome: Outcome, redactor: Redactor, no_log: bool, diff: bool | None = None) -> Outcome:
    """The outcome as others may see it: secrets masked, ``no_log`` obeyed at every depth.

    ``diff`` False leaves the differences out, as the task asked for.
    """
    items = tuple(shown(o, redactor, no_log, diff) for o in outcome.items)
    if diff is False:
        outcome = dataclasses.replace(outcome, differences=())
    if no_log:
        return dataclasses.replace(
            outcome,
            # Of a command it is the command line.
            subject=HIDDEN if outcome.subject else "",
            message=HIDDEN if outcome.message and outcome.status.is_trouble else "",
            advice="",
            differences=tuple(Difference(d.field, HIDDEN, HIDDEN) for d in outcome.differences),
            commands=(HIDDEN,) if outcome.commands else (),
            result={"censored": HIDDEN, "changed": outcome.status is Status.CHANGED},
            warnings=(),
            said=False,
            items=items,
            item=HIDDEN if outcome.item else "",
        )
    result = plain(outcome.result)
    if redactor.is_clean([_texts_of(outcome), result]):
        return outcome.having(result=result, items=items)
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
        result=_masked(result, redactor),
        items=items,
        item=redactor.text(outcome.item),
        irreversible=redactor.text(outcome.irreversible),
        warnings=tuple(redactor.text(w) for w in outcome.warnings),
    )


def _texts_of(outcome: Outcome) -> list[Any]:
    """All that ``shown`` looks through but its result."""
    return [
        outcome.message,
        outcome.advice,
        outcome.subject,
        [(d.field, d.before, d.after) for d in outcome.differences],
        outcome.commands,
        outcome.item,
        outcome.irreversible,
        outcome.warnings,
    ]


def _masked(result: Mapping[str, Any], redactor: Redactor) -> Mapping[str, Any]:
    masked = redactor.value(result)
    assert isinstance(masked, dict)
    return masked


def plain(value: Any) -> Any:
    """The value as data that JSON can hold; what is not known shows as a word."""
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return value  # most are, and the patterns below take their time
    if kind is dict:
        return {
            k if type(k) is str else str(k): v if type(v) in _PLAIN_TYPES else plain(v)
            for k, v in value.items()
        }
    if kind is list or kind is tuple:
        return [v if type(v) in _PLAIN_TYPES else plain(v) for v in value]
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
