"""The one thread that writes. It commits in groups: many workers share one wait for the disk.

While a commit is under way, whoever comes next queues up; the next commit takes them all. What
nobody waits for is held back a moment, to travel with the next group. When much is held back,
because the disk is slower than the hosts, whoever brings more waits: memory is no place to queue.

How a group is written is in ``group``: works may be called twice.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from runner.errors import JournalError
from runner.journal.group import Work, write_group
from runner.journal.store import explain

LINGER_SECONDS: Final = 0.1
"""How long a record that nobody waits for may stay in memory."""
RETRY_SECONDS: Final = 1.0
"""How long to wait before such records are tried again, after the disk refused them."""

MOST_WAITING: Final = 16_000_000
"""Bytes of such records that wait for the disk at most."""
OVERHEAD: Final = 1_000
"""Bytes that a record takes beside its texts, about."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """The books: how many records in how many commits."""

    records: int
    commits: int


class _Entry(NamedTuple):
    """Something to write, and the promise to whoever waits for it, if anybody does."""

    work: Work[Any]
    promise: Future[Any] | None
    size: int = 0


class Writer:
    """Takes work from any thread and does it in one, in the order in which it came."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._room = threading.Condition(lock)
        """The same lock, for those who wait until less is held back."""
        self._waiting = 0  # bytes that are held back, or being written
        self._pressing = 0  # how many wait for room
        # The disk has refused the last group: to wait for it might be to wait for ever.
        self._refusing = False
        self._queue: list[_Entry] = []
        self._awaited = False
        """Whether somebody waits for something in the queue."""
        self._busy = False
        self._closing = False
        self._not_before = 0.0
        self._problem: JournalError | None = None
        self._records = 0
        self._commits = 0
        self._thread = threading.Thread(target=self._loop, name="journal", daemon=True)
        self._thread.start()

    @property
    def written(self) -> Written:
        """How much has been written so far."""
        with self._changed:
            return Written(self._records, self._commits)

    def call(self, work: Work[T]) -> T:
        """Do it, and return when it is on the disk. Raises what the work raised, or JournalError.

        When it raises, nothing of this work was written.
        """
        return self.submit(work).result()

    def submit(self, work: Work[T]) -> Future[T]:
        """The same; who asks need not wait for it. The promise is kept on the writing thread."""
        promise: Future[T] = Future()
        self._put(_Entry(work, promise))
        return promise

    def post(self, work: Work[Any], size: int = 0) -> None:
        """Do it soon. A failure shows at the next ``flush``; what the disk refuses is kept.

        ``size`` is about how many characters it holds. Waits while too much is held back.
        """
        self._put(_Entry(work, None, size + OVERHEAD))

    def flush(self) -> None:
        """Return when all that was posted is on the disk. Raises JournalError if it is not."""
        with self._changed:
            idle = not self._queue and not self._busy
        if not idle:
            self.call(lambda _: None)
        self.complain()

    def complain(self) -> None:
        """Raise the first failure of a posted work, once."""
        with self._changed:
            problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def close(self) -> None:
        """Write what is left and end the thread. Raises JournalError when that fails."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self.complain()

    def _wait_for_room(self, size: int) -> None:
        if threading.current_thread() is self._thread:
            return
        self._pressing += 1
        try:
            while self._waiting and self._waiting + size > MOST_WAITING:
                if self._refusing or self._closing:
                    return
                self._changed.notify_all()  # what is held back is due now
                self._room.wait(1.0)
        finally:
            self._pressing -= 1

    def _put(self, entry: _Entry) -> None:
        with self._changed:
            if self._waiting + entry.size > MOST_WAITING:
                self._wait_for_room(entry.size)
            if self._closing:
                raise JournalError(f"the journal {self._path} is closed")
            self._waiting += entry.size
            is_news = not self._queue
            if entry.promise is not None:
                is_news = is_news or not self._awaited
                self._awaited = True
            elif is_news:
                self._not_before = max(self._not_before, time.monotonic() + LINGER_SECONDS)
            self._queue.append(entry)
            if is_news and not self._busy:
                # It sleeps until what it knows of is due. To wake it for each record would cost
                # two changes of threads each time.
                self._changed.notify_all()

    def _loop(self) -> None:
        while batch := self._take():
            self._write(batch)
        self._connection.close()

    def _take(self) -> list[_Entry]:
        """All that is queued, once it is worth a commit; nothing when the end has come.

        Everything is taken at once: so a flush is always in one commit with what came before it.
        """
        with self._changed:
            self._busy = False
            while not self._is_due():
                if self._closing:
                    return []
                wait = self._not_before - time.monotonic() if self._queue else None
                self._changed.wait(wait)
            batch, self._queue = self._queue, []
            self._awaited = False
            self._busy = True
            return batch

    def _is_due(self) -> bool:
        if not self._queue:
            return False
        if self._closing or self._awaited or time.monotonic() >= self._not_before:
            return True
        return self._pressing > 0 and not self._refusing

    def _write(self, batch: list[_Entry]) -> None:
        try:
            results = write_group(self._connection, [entry.work for entry in batch])
        except sqlite3.Error as error:
            self._refused(batch, error)
            return
        with self._changed:
            self._records += sum(failure is None for _, failure in results)
            self._commits += 1
            self._refusing = False
            self._free(batch)
        for entry, (value, failure) in zip(batch, results, strict=True):
            self._settle(entry, value, failure)

    def _free(self, entries: list[_Entry]) -> None:
        self._waiting -= sum(entry.size for entry in entries)
        if self._pressing:
            self._room.notify_all()

    def _refused(self, batch: list[_Entry], error: sqlite3.Error) -> None:
        """Nothing of the group was written: who waits is told, what was posted is kept."""
        kept = [entry for entry in batch if entry.promise is None]
        with self._changed:
            self._refusing = True
            self._free([entry for entry in batch if entry.promise is not None])
            if self._closing:
                if kept:
                    self._problem = self._problem or self._explained(error)
            else:
                self._queue[:0] = kept
                self._not_before = time.monotonic() + RETRY_SECONDS
        for entry in batch:
            if entry.promise is not None:
                self._settle(entry, None, self._explained(error))

    def _explained(self, error: sqlite3.Error) -> JournalError:
        explained = explain(error, self._path)
        explained.__cause__ = error
        return explained

    def _settle(self, entry: _Entry, value: Any, error: Exception | None) -> None:
        if entry.promise is None:
            if error is not None:
                problem = error if isinstance(error, JournalError) else JournalError(str(error))
                with self._changed:
                    self._problem = self._problem or problem
        elif error is not None:
            entry.promise.set_exception(error)
        else:
            entry.promise.set_result(value)
