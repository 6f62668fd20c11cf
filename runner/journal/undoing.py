"""What is taken back, and what is so no longer because a rollback was itself taken back.

These functions run inside the writer's transaction: all of it happens, or nothing.
"""

from __future__ import annotations

import sqlite3
import time

from runner.errors import JournalError
from runner.journal.records import IN_DOUBT, UNDONE


def undone(connection: sqlite3.Connection, change: int, by: str) -> None:
    """Mark a change as taken back by the run ``by``.

    A change of a rollback was the way back of another one: that one stands again.
    """
    statement = "UPDATE changes SET status = ?, undone_by = ?, settled = ? WHERE id = ?"
    now = time.time()
    if connection.execute(statement, [UNDONE, by, now, change]).rowcount != 1:
        raise JournalError(f"there is no change {change} in the journal")
    back = connection.execute(
        "SELECT runs.of, step, host, item, run, subject, module"
        " FROM changes JOIN runs ON runs.id = changes.run"
        " WHERE changes.id = ? AND runs.of IS NOT NULL",
        [change],
    ).fetchone()
    if back is None:
        return
    # One whose undo is tasks of its own was taken back by changes of other subjects. Where nothing
    # tells how the run left the host, it is as good as in doubt: its fields are looked at.
    connection.execute(
        "UPDATE changes SET undone_by = NULL, settled = ?,"
        " status = CASE WHEN found IS NULL AND undo IN ('[]', 'null') THEN ? ELSE 'changed' END"
        " WHERE run = ? AND step = ? AND host = ? AND item = ? AND undone_by = ?"
        " AND (undo NOT IN ('[]', 'null') OR (subject = ? AND module = ?))",
        [now, IN_DOUBT, *back],
    )
