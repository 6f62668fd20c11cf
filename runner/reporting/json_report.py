"""``--json FILE``: what a run was and did, for programs.

One JSON document (RFC 8259, ASCII only: other characters are escaped). Schema 1::

    {
      "schema": 1,
      "run": "...", "verb": "run | check | rollback | ...", "title": "site.yml",
      "started": 1494835200.0,         seconds since 1970 (UTC), null if the walk never began
      "finished": true,                false when the report was written without an end of the run
      "interrupted": false,
      "seconds": 12.5,                 null while "finished" is false
      "exchanges": 4512,               round trips to hosts, null while "finished" is false
      "hosts": ["web01", ...],         the inventory's order
      "tasks": [{"step": "stop-smb", "play": "...", "name": "...", "module": "win_service",
                 "hosts": 230, "place": "site.yml:12"}],      those that includes brought in, too
      "counts": {"ok": 3, ...},        jobs by status; only those that occur
      "rescued": 1,                    how many of the failed jobs were rescued
      "host_counts": {"web01": {"ok": 3, ...}},
      "coverage": {"predicted": 9, "jobs": 10, "blocked": 1},     of a dry run
      "jobs": [{
        "id": "stop-smb@web01", "step": "stop-smb", "host": "web01", "task": "...",
        "status": "changed", "message": "", "advice": "", "subject": "service lanmanserver",
        "differences": [{"field": "state", "before": "running", "after": "stopped"}],
        "commands": ["sc stop lanmanserver"],
        "result": {...},               what register sees
        "items": [{"item": "...", ...the same fields as a job, from "status" on}],
        "blocked_by": "connect@web01", null if nothing blocked it
        "category": "", "irreversible": "", "ignored": false, "warnings": [], "seconds": 0.4,
        "rescued": false               a failure that a rescue of the playbook deals with
      }],
      "notices": [{"text": "...", "host": "", "time": 1494835200.0}]
    }

Statuses are the words that every report uses. A value that only the real change can settle is
``{"unknown": true}``; bytes are ``{"base64": "..."}``; a number that JSON cannot hold is a string.
Very long values are cut, and say so.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import errno
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final, TextIO

from runner.events import Event, RunFinished
from runner.model.job import Outcome, Status
from runner.model.state import UNKNOWN
from runner.reporting.collect import Collector, Entry
from runner.reporting.preview import coverage, tally
from runner.reporting.statuses import is_rescued

SCHEMA: Final = 1
_DEEPEST: Final = 40


def to_json(value: Any, _depth: int = 0) -> Any:
    """The value in JSON's terms, whatever it is."""
    if value is UNKNOWN:
        return {"unknown": True}
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        if value.isascii():
            return str(value)
        return value.encode("utf-8", "replace").decode("utf-8")  # no half of a surrogate pair
    if isinstance(value, bytes | bytearray):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if _depth >= _DEEPEST:
        return "…"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {to_json(str(k)): to_json(v, _depth + 1) for k, v in value.items()}
    if isinstance(value, Set):
        return sorted((to_json(v, _depth + 1) for v in value), key=str)
    if isinstance(value, Sequence):
        return [to_json(v, _depth + 1) for v in value]
    return to_json(str(value))


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome, from ``status`` on."""
    return {
        "status": outcome.status.value,
        "message": to_json(outcome.message),
        "advice": to_json(outcome.advice),
        "subject": to_json(outcome.subject),
        "differences": [to_json(difference) for difference in outcome.differences],
        "commands": to_json(outcome.commands),
        "result": to_json(outcome.result),
        "items": [{"item": to_json(item.item), **outcome_json(item)} for item in outcome.items],
        "blocked_by": to_json(str(outcome.blocked_by)) if outcome.blocked_by else None,
        "category": outcome.category,
        "irreversible": to_json(outcome.irreversible),
        "ignored": outcome.ignored,
        "warnings": to_json(outcome.warnings),
        "seconds": to_json(round(outcome.seconds, 3)),
        "rescued": is_rescued(outcome),
    }


def job_json(entry: Entry) -> dict[str, Any]:
    """A job of the report."""
    job = entry.job
    return {
        "id": to_json(str(job)),
        "step": to_json(job.step),
        "host": to_json(job.host),
        "task": to_json(entry.title),
        **outcome_json(entry.outcome),
    }


def run_json(collector: Collector, entries: Sequence[Entry]) -> dict[str, Any]:
    """The report without its jobs."""
    started, finished = collector.started, collector.finished
    counts = tally(entries)
    run = started or finished
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "run": run.run if run else "",
        "verb": run.verb if run else "",
        "title": to_json(started.title) if started else "",
        "started": started.time if started else None,
        "finished": finished is not None,
        "interrupted": finished.interrupted if finished else True,
        "seconds": finished.seconds if finished else None,
        "exchanges": finished.exchanges if finished else None,
        "hosts": to_json(started.hosts) if started else [],
        "tasks": [to_json(step) for step in collector.steps],
        "counts": _words(counts),
        "rescued": sum(is_rescued(entry.outcome) for entry in entries),
        "host_counts": {
            to_json(host): _words(of_host)
            for host, of_host in (finished.counts if finished else {}).items()
        },
    }
    if run and ("check" in run.verb or run.verb == "plan"):
        found["coverage"] = to_json(coverage(counts))
    return found


def _words(counts: Mapping[Status, int]) -> dict[str, int]:
    return {status.value: count for status, count in counts.items() if count}


def document(collector: Collector) -> Iterator[str]:
    """The report in pieces, a line a job, so that a big run is never one big text in memory."""
    entries = collector.entries()
    for key, value in run_json(collector, entries).items():
        yield f"{'{' if key == 'schema' else ','}\n{json.dumps(key)}: {_dump(value)}"
    yield ',\n"jobs": ['
    for number, entry in enumerate(entries):
        yield f"{',' if number else ''}\n{_dump(job_json(entry))}"
    notices = [to_json(notice) for notice in collector.notices]
    yield f'\n],\n"notices": {_dump(notices)}\n}}\n'


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def check_writable(path: Path) -> None:
    """Raise OSError now rather than after hours, if a report cannot be written there."""
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(folder))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder", str(path))
    if not os.access(path if _is_special(path) else folder, os.W_OK):
        raise PermissionError(errno.EACCES, "no right to write there", str(path))


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def write_atomically(path: Path, pieces: Iterator[str], encoding: str = "ascii") -> None:
    """Write a file that is either the old one or whole; readable by its owner only.

    A device or pipe (``/dev/null``, ``/dev/fd/3``) is written to, never replaced.
    """
    if _is_special(path):
        with path.open("w", encoding=encoding) as file:
            file.writelines(pieces)
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding=encoding) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


class JsonReport:
    """A subscriber that writes the report at the end of the run, or when it is closed early.

    ``target`` is a file, or an open stream (``--json -``). It reads from ``collector``, which
    must be subscribed before it. Raises OSError if the file could never be written.
    """

    def __init__(self, collector: Collector, target: Path | TextIO) -> None:
        if isinstance(target, Path):
            check_writable(target)
        self._collector = collector
        self._target = target
        self._written = False

    def handle(self, event: Event) -> None:
        """Write when the run is over. Raises OSError when the file cannot be written."""
        if isinstance(event, RunFinished):
            self._write()

    def close(self) -> None:
        """Write what is known if the end of the run never came."""
        if self._collector.started is not None:
            self._write()

    def _write(self) -> None:
        if self._written:
            return
        self._written = True
        if isinstance(self._target, Path):
            write_atomically(self._target, document(self._collector))
        else:
            self._target.writelines(document(self._collector))
            self._target.flush()
