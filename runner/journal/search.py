"""From the word a person typed to the run that is meant."""

from __future__ import annotations

import difflib
import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runner.errors import RunNotFound
from runner.journal.records import UNDONE, RunRecord
from runner.journal.rows import run_record

LAST: Final = "last"
_SHOWN = 10
_NEAR = 3


def find(connection: sqlite3.Connection, word: str, path: Path, *, for_rollback: bool) -> RunRecord:
    """The run with this id, this unique beginning, or this ending; or the ``last`` one.

    With ``for_rollback``, ``last`` is the latest run that is not a rollback and is not yet taken
    back. Raises RunNotFound, which names what could have been meant.
    """
    if word == LAST:
        return _last(connection, path, for_rollback)
    ids = [row[0] for row in connection.execute("SELECT id FROM runs ORDER BY number DESC")]
    matches = _matches(word, ids)
    if len(matches) == 1:
        return _by_id(connection, matches[0])
    if matches:
        raise RunNotFound(
            f"{word!r} is the beginning of {len(matches)} runs",
            hint=_choices("Say which:", connection, matches),
        )
    near = difflib.get_close_matches(word, ids, n=_NEAR, cutoff=0.7) or ids[:_NEAR]
    raise RunNotFound(
        f"no recorded run has the id {word!r}",
        hint=_choices("There are, for instance:", connection, near)
        if near
        else f"No run is recorded in {path} yet.",
    )


def _matches(word: str, ids: Sequence[str]) -> list[str]:
    word = word.strip().lower()
    if not word:
        return []
    if word in ids:
        return [word]
    begins = [known for known in ids if known.startswith(word)]
    return begins or [known for known in ids if known.endswith(f"-{word}")]


def _last(connection: sqlite3.Connection, path: Path, for_rollback: bool) -> RunRecord:
    for row in connection.execute("SELECT * FROM runs ORDER BY number DESC"):
        run = run_record(row)
        if not for_rollback or (run.verb != "rollback" and not taken_back(connection, run.id)):
            return run
    what = "run is left to take back" if for_rollback else "run is recorded"
    raise RunNotFound(f"no {what} in {path}")


def taken_back(connection: sqlite3.Connection, run: str) -> bool:
    """Whether a rollback has taken back all of this run that can be taken back.

    A change counts as dealt with when it is marked undone, or when a rollback that ended well
    worked on its host: it then found nothing to do there. A run that no rollback has touched is
    not taken back, even if it changed nothing: so that ``last`` never skips to an older run. Nor
    does one count that was about some plays (``on_failure``) or changes only, or that was itself
    taken back.
    """
    covered: set[str] | None = None
    for (hosts,) in connection.execute(
        "SELECT hosts FROM runs WHERE of = ? AND verb = 'rollback'"
        " AND status = 'finished' AND exit_code = 0"
        " AND json_extract(options, '$.plays') IS NULL"
        " AND json_extract(options, '$.part') IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM runs AS again"
        "  WHERE again.of = runs.id AND again.verb = 'rollback')",
        [run],
    ):
        covered = (covered or set()) | set(json.loads(hosts))
    if covered is None:
        return False
    open_hosts = connection.execute(
        "SELECT DISTINCT host FROM changes"
        " WHERE run = ? AND rollback AND irreversible = '' AND status != ?",
        [run, UNDONE],
    )
    return all(host in covered for (host,) in open_hosts)


def _by_id(connection: sqlite3.Connection, run: str) -> RunRecord:
    return run_record(connection.execute("SELECT * FROM runs WHERE id = ?", [run]).fetchone())


def _choices(intro: str, connection: sqlite3.Connection, ids: Sequence[str]) -> str:
    lines = [intro]
    for known in ids[:_SHOWN]:
        run = _by_id(connection, known)
        began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
        lines.append(f"  {run.id}  {began}  {run.verb} {run.title}  {run.status}")
    if len(ids) > _SHOWN:
        lines.append(f"  and {len(ids) - _SHOWN} more")
    return "\n  ".join(lines)
