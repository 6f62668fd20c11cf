"""Two runs never work on one host at once; and what a run left behind that died.

These functions run inside the writer's transaction, so that looking and taking are one step, also
between processes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runner.errors import HostsBusy
from runner.journal.process import Process
from runner.journal.records import CRASHED, IN_DOUBT, INTENDED, RUNNING

_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Holder:
    """A run that holds hosts which another one wants."""

    run: str
    verb: str
    title: str
    user: str
    started: float
    process: Process
    hosts: tuple[str, ...]

    def __str__(self) -> str:
        more = len(self.hosts) - _NAMED
        named = ", ".join(self.hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        return (
            f"{named}: run {self.run} ({self.verb} {self.title}) of {self.user},"
            f" process {self.process.pid} on {self.process.machine},"
            f" since {_moment(self.started)}, for {_duration(time.time() - self.started)}"
        )


def key(host: str) -> str:
    """What is locked: names of Windows hosts do not differ by case."""
    return host.casefold()


def acquire(
    connection: sqlite3.Connection,
    run: str,
    hosts: Iterable[str],
    may_break: Callable[[str], bool] = lambda _host: False,
) -> list[str]:
    """Take the lock of every host, or raise HostsBusy and take none.

    A run whose process cannot be seen from here loses its locks where ``may_break`` says so of
    all the hosts that are wanted of it: it is buried. Gives a line about each one.
    """
    wanted = {key(host): host for host in hosts}
    broken = []
    for holder in _holders(connection, wanted):
        if all(map(may_break, holder.hosts)) and not holder.process.is_seen_alive:
            bury(connection, holder.run)
            broken.append(str(holder))
    if holders := _holders(connection, wanted):
        busy = sum(len(holder.hosts) for holder in holders)
        count = f"{busy} of {len(wanted)} hosts are" if len(wanted) > 1 else "the host is"
        lines = "".join(f"\n    {holder}" for holder in holders)
        raise HostsBusy(f"{count} being worked on by another run{lines}", hint=_advice(holders))
    connection.executemany(
        "INSERT INTO locks (host, run) VALUES (?, ?)", [(host, run) for host in wanted]
    )
    return broken


def release(connection: sqlite3.Connection, run: str) -> None:
    """Give back what this run holds."""
    connection.execute("DELETE FROM locks WHERE run = ?", [run])


def holds(connection: sqlite3.Connection, run: str, host: str) -> bool:
    """Whether this run holds the lock of this host."""
    question = "SELECT 1 FROM locks WHERE host = ? AND run = ?"
    return connection.execute(question, [key(host), run]).fetchone() is not None


def dead_runs(connection: sqlite3.Connection) -> list[str]:
    """The runs that say they are running, and whose process is surely gone."""
    rows = connection.execute(
        "SELECT id, machine, pid, birth FROM runs WHERE status = ? ORDER BY number", [RUNNING]
    )
    return [row[0] for row in rows.fetchall() if Process(row[1], row[2], row[3]).is_dead]


def bury(connection: sqlite3.Connection, run: str) -> None:
    """Mark a run crashed, its open changes in doubt, and free its hosts."""
    connection.execute(
        "UPDATE runs SET status = ? WHERE id = ? AND status = ?", [CRASHED, run, RUNNING]
    )
    doubt(connection, run)
    release(connection, run)


def doubt(connection: sqlite3.Connection, run: str) -> None:
    """Nobody knows any more what became of the changes that are still only intended."""
    connection.execute(
        "UPDATE changes SET status = ? WHERE run = ? AND status = ?", [IN_DOUBT, run, INTENDED]
    )


def _holders(connection: sqlite3.Connection, wanted: dict[str, str]) -> list[_Holder]:
    taken: dict[str, list[str]] = {}
    for host, run in connection.execute("SELECT host, run FROM locks ORDER BY host").fetchall():
        if host in wanted:
            taken.setdefault(run, []).append(wanted[host])
    question = "SELECT verb, title, user, started, machine, pid, birth FROM runs WHERE id = ?"
    holders = []
    for run, hosts in taken.items():
        verb, title, user, started, *process = connection.execute(question, [run]).fetchone()
        holders.append(_Holder(run, verb, title, user, started, Process(*process), tuple(hosts)))
    return holders


def _advice(holders: list[_Holder]) -> str:
    """How to go on: wait, stop the other one, or leave its hosts out."""
    here = [str(holder.process.pid) for holder in holders if holder.process.is_here]
    away = [holder.process.machine for holder in holders if not holder.process.is_here]
    parts = ["Wait for it, or leave these hosts out with --limit."]
    if here:
        parts.append(f"To stop it in good order: kill -INT {' '.join(here)}")
    if away:
        parts.append(
            f"Its process is on {', '.join(away)} and cannot be seen from here."
            " If it is over for sure: --break-lock HOST --reason TEXT"
        )
    return "\n  ".join(parts)


def _moment(started: float) -> str:
    """Local time, as ``runner runs`` shows it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started))


def _duration(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
