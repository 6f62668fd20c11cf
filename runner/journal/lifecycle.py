"""How a run begins, ends, goes on later, or is found dead.

These functions run inside the writer's transaction: all of it happens, or nothing.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable

from runner.errors import JournalError, RunNotFound
from runner.journal import locks, trail
from runner.journal.process import Process
from runner.journal.records import RUNNING, RunRecord
from runner.journal.rows import insert, run_values
from runner.journal.store import sound


def begin(
    connection: sqlite3.Connection, run: RunRecord, breaking: trail.Breaking | None = None
) -> None:
    """Record a run and take its hosts. Raises HostsBusy, and sqlite3.Error for a damaged file."""
    sound(connection)
    recover(connection)
    process = Process.of(run.pid)
    values = {**run_values(run), "status": RUNNING}
    values |= {"machine": process.machine, "birth": process.birth}
    connection.execute(insert("runs", values), values)
    _take(connection, run.id, run.hosts, breaking)


def _take(
    connection: sqlite3.Connection,
    run: str,
    hosts: Iterable[str],
    breaking: trail.Breaking | None,
) -> None:
    """Take hosts, breaking what is to be broken, and put that on record. Raises HostsBusy."""
    if breaking is None:
        locks.acquire(connection, run, hosts)
        return
    for broken in locks.acquire(connection, run, hosts, breaking.has):
        text = f"{breaking.reason} (was held by {broken})"
        trail.add(connection, run, trail.LOCK_BROKEN, breaking.user, text)


def claim(
    connection: sqlite3.Connection, run: str, host: str, breaking: trail.Breaking | None = None
) -> None:
    """Take one more host for a run that is under way. Raises HostsBusy."""
    recover(connection)
    row = connection.execute("SELECT status FROM runs WHERE id = ?", [run]).fetchone()
    if row is None or row[0] != RUNNING:
        raise JournalError(f"run {run} is not running, so it cannot take {host}")
    if not locks.holds(connection, run, host):
        _take(connection, run, [host], breaking)


def reopen(
    connection: sqlite3.Connection,
    run: str,
    pid: int,
    user: str,
    why: str,
    breaking: trail.Breaking | None = None,
) -> None:
    """Go on with a run that has ended: take its hosts again. Raises HostsBusy, RunNotFound."""
    sound(connection)
    recover(connection)
    row = connection.execute("SELECT hosts, status FROM runs WHERE id = ?", [run]).fetchone()
    if row is None:
        raise RunNotFound(f"there is no run {run} in the journal")
    _take(connection, run, json.loads(row[0]), breaking)
    trail.add(connection, run, trail.REOPENED, user, f"{why}; it was {row[1]}")
    process = Process.of(pid)
    connection.execute(
        "UPDATE runs SET status = ?, finished = NULL, exit_code = NULL,"
        " pid = ?, machine = ?, birth = ? WHERE id = ?",
        [RUNNING, process.pid, process.machine, process.birth, run],
    )


def finish(connection: sqlite3.Connection, run: str, status: str, exit_code: int) -> None:
    """End a run: free its hosts, and leave what is still open in doubt."""
    statement = "UPDATE runs SET status = ?, exit_code = ?, finished = ? WHERE id = ?"
    if connection.execute(statement, [status, exit_code, time.time(), run]).rowcount != 1:
        raise RunNotFound(f"there is no run {run} in the journal")
    locks.doubt(connection, run)
    locks.release(connection, run)


def recover(connection: sqlite3.Connection) -> list[str]:
    """Bury every run whose process is surely gone."""
    dead = locks.dead_runs(connection)
    for run in dead:
        locks.bury(connection, run)
    return dead


def abandon(connection: sqlite3.Connection, run: str) -> None:
    """Bury a run whose process cannot be seen from here."""
    row = connection.execute(
        "SELECT status, machine, pid, birth FROM runs WHERE id = ?", [run]
    ).fetchone()
    if row is None or row[0] != RUNNING:
        raise JournalError(f"run {run} is not running")
    if Process(*row[1:]).is_seen_alive:
        raise JournalError(
            f"run {run} is alive: process {row[2]} works on it",
            hint=f"Stop it in good order with: kill -INT {row[2]}",
        )
    locks.bury(connection, run)
