"""How a run begins, ends, goes on later, or is found dead.

These functions run inside the writer's transaction: all of it happens, or nothing.
"""

from __future__ import annotations

import json
import sqlite3
import time

from runner.errors import JournalError, RunNotFound
from runner.journal import locks
from runner.journal.process import Process
from runner.journal.records import RUNNING, RunRecord
from runner.journal.rows import insert, run_values


def begin(connection: sqlite3.Connection, run: RunRecord) -> None:
    """Record a run and take its hosts. Raises HostsBusy."""
    recover(connection)
    process = Process.of(run.pid)
    values = {**run_values(run), "status": RUNNING}
    values |= {"machine": process.machine, "birth": process.birth}
    connection.execute(insert("runs", values), values)
    locks.acquire(connection, run.id, run.hosts)


def claim(connection: sqlite3.Connection, run: str, host: str) -> None:
    """Take one more host for a run that is under way. Raises HostsBusy."""
    recover(connection)
    row = connection.execute("SELECT status FROM runs WHERE id = ?", [run]).fetchone()
    if row is None or row[0] != RUNNING:
        raise JournalError(f"run {run} is not running, so it cannot take {host}")
    locks.claim(connection, run, host)


def reopen(connection: sqlite3.Connection, run: str, pid: int) -> None:
    """Go on with a run that has ended: take its hosts again. Raises HostsBusy, RunNotFound."""
    recover(connection)
    row = connection.execute("SELECT hosts FROM runs WHERE id = ?", [run]).fetchone()
    if row is None:
        raise RunNotFound(f"there is no run {run} in the journal")
    locks.acquire(connection, run, json.loads(row[0]))
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
