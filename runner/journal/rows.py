"""Records to rows and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Set
from functools import cache
from typing import Any, Final, NamedTuple

from runner.errors import JournalError
from runner.journal.records import (
    JSON,
    SETTLED_STATUSES,
    ChangeRecord,
    Intent,
    OutcomeRecord,
    RunRecord,
)
from runner.model.job import JobId


class Announced(NamedTuple):
    """An intent as it is written: the job, the host that the run must hold, the columns."""

    job: str
    held: str
    values: dict[str, Any]


class Ended(NamedTuple):
    """What became of a change, as it is written; None leaves what is known already."""

    change: int
    status: str
    found: str | None
    applied: str | None
    time: float


def dump(value: JSON, what: str) -> str:
    """The value as JSON text. Raises JournalError, naming ``what``, for what JSON cannot hold."""
    if value is None:
        return "null"  # as much of a record is
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(
            f"{what} cannot be recorded: {error}",
            hint="Nothing was sent. This is a defect of the module: states must survive JSON.",
        ) from error


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return dict(value)
        case Set():
            return sorted(value)
    raise TypeError(f"{type(value).__name__} {value!r} is not JSON")


_ENCODER: Final = json.JSONEncoder(
    allow_nan=False, separators=(",", ":"), default=_plain, check_circular=False
)


def as_text(value: str) -> str:
    """SQLite keeps UTF-8, which has no half surrogates: what a bad file name may bring is shown."""
    if value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def run_values(run: RunRecord) -> dict[str, Any]:
    """The columns of ``runs`` that the caller fills."""
    return {
        "id": run.id,
        "verb": run.verb,
        "title": as_text(run.title),
        "playbook": as_text(run.playbook),
        "inventory": dump(run.inventory, "the inventory's names"),
        "digest": run.digest,
        "options": dump(run.options, "the run's options"),
        "hosts": dump(run.hosts, "the run's hosts"),
        "started": run.started,
        "finished": run.finished,
        "status": run.status,
        "user": as_text(run.user),
        "of": run.of,
        "pid": run.pid,
        "version": run.version,
        "exit_code": run.exit_code,
    }


def run_record(row: sqlite3.Row) -> RunRecord:
    """A row of ``runs``."""
    return RunRecord(
        id=row["id"],
        verb=row["verb"],
        title=row["title"],
        playbook=row["playbook"],
        inventory=tuple(json.loads(row["inventory"])),
        digest=row["digest"],
        options=json.loads(row["options"]),
        hosts=tuple(json.loads(row["hosts"])),
        started=row["started"],
        finished=row["finished"],
        status=row["status"],
        user=row["user"],
        of=row["of"],
        pid=row["pid"],
        version=row["version"],
        exit_code=row["exit_code"],
    )


def intent_values(intent: Intent) -> dict[str, Any]:
    """The columns of ``changes`` that an intent fills. Raises JournalError."""
    what = f"of {intent.subject or intent.task} ({intent.job})"
    return {
        "step": as_text(intent.job.step),
        "host": as_text(intent.job.host),
        "item": as_text(intent.item),
        "task": as_text(intent.task),
        "module": intent.module,
        "subject": as_text(intent.subject),
        "irreversible": as_text(intent.irreversible),
        "rollback": int(intent.rollback),
        "place": as_text(intent.place),
        "target": as_text(intent.target),
        **{
            name: dump(getattr(intent, name), f"the {name} {what}")
            for name in ("params", "before", "after", "undo", "facts")
        },
    }


def announced(intent: Intent) -> Announced:
    """An intent as it is written. Raises JournalError."""
    return Announced(str(intent.job), intent.held, intent_values(intent))


def change_record(row: sqlite3.Row) -> ChangeRecord:
    """A row of ``changes``."""
    return ChangeRecord(
        job=JobId(row["step"], row["host"]),
        item=row["item"],
        task=row["task"],
        module=row["module"],
        params=json.loads(row["params"]),
        subject=row["subject"],
        before=json.loads(row["before"]),
        after=json.loads(row["after"]),
        irreversible=row["irreversible"],
        rollback=bool(row["rollback"]),
        place=row["place"],
        undo=json.loads(row["undo"]),
        facts=json.loads(row["facts"]),
        target=row["target"],
        id=row["id"],
        run=row["run"],
        sequence=row["sequence"],
        started=row["started"],
        status=row["status"],
        found=load(row["found"]),
        applied=load(row["applied"]),
        settled=row["settled"],
        undone_by=row["undone_by"],
    )


def outcome_values(
    run: str, job: JobId, item: str, status: str, data: JSON, time: float
) -> dict[str, Any]:
    """The columns of ``outcomes``. Raises JournalError."""
    return {
        "run": run,
        "step": as_text(job.step),
        "host": as_text(job.host),
        "item": as_text(item),
        "status": str(status),
        "data": dump(data, f"the outcome of {job}"),
        "time": time,
    }


def ended(change: int, status: str, found: JSON, applied: JSON, time: float) -> Ended:
    """What became of a change, as it is written. Raises JournalError, and ValueError for what is no
    such status."""
    if status not in SETTLED_STATUSES:
        raise ValueError(f"{status!r} is not what can become of a change")
    what = f"the result of change {change}"
    return Ended(change, str(status), _dumped(found, what), _dumped(applied, what), time)


def _dumped(value: JSON, what: str) -> str | None:
    return None if value is None else dump(value, what)


def outcome_record(row: sqlite3.Row) -> OutcomeRecord:
    """A row of ``outcomes``."""
    return OutcomeRecord(
        run=row["run"],
        job=JobId(row["step"], row["host"]),
        item=row["item"],
        status=row["status"],
        data=json.loads(row["data"]),
        time=row["time"],
    )


def insert(table: str, values: Mapping[str, Any]) -> str:
    """The statement that takes these values by their names. Names are ours, never a user's."""
    return _insert(table, tuple(values))


@cache  # there are as many as there are kinds of records
def _insert(table: str, names: tuple[str, ...]) -> str:
    marks = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"


def load(text: str | None) -> JSON:
    """The value of a column that may not be filled yet."""
    return None if text is None else json.loads(text)
