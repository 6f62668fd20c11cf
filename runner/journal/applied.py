"""Which runs applied a plan already, so that none is applied twice by mistake."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from runner.journal.records import IN_DOUBT, INTENDED, RunRecord
from runner.journal.rows import run_record
from runner.journal.search import taken_back


@dataclass(frozen=True, slots=True)
class Applied:
    """A run that applied the plan: how many of its changes are in doubt, and whether a rollback
    took all of it back."""

    run: RunRecord
    doubtful: int
    taken_back: bool


Admit: TypeAlias = Callable[[list[Applied]], str]
"""Is told which runs applied a plan, latest first, and raises what stands in the way of one more.
What it gives is noted in the trail, unless it is empty."""


def applied(connection: sqlite3.Connection, digest: str) -> list[Applied]:
    """The runs that applied the plan with this digest, latest first."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    rows = cursor.execute(
        "SELECT * FROM runs WHERE verb = 'apply' AND json_extract(options, '$.plan') = ?"
        " ORDER BY number DESC",
        [digest],
    ).fetchall()
    return [_applied(connection, run_record(row)) for row in rows]


def before(connection: sqlite3.Connection, run: RunRecord) -> list[Applied]:
    """The runs that applied the plan of this one, which has just begun."""
    found = applied(connection, run.options["plan"])
    return [one for one in found if one.run.id != run.id]


def _applied(connection: sqlite3.Connection, run: RunRecord) -> Applied:
    question = (
        "SELECT count(*) FROM changes WHERE run = ? AND status IN (SELECT value FROM json_each(?))"
    )
    doubtful = connection.execute(question, [run.id, json.dumps([INTENDED, IN_DOUBT])])
    return Applied(run, doubtful.fetchone()[0], taken_back(connection, run.id))
