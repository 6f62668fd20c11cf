"""A disk that is slower than the hosts: records wait for it, but not without bounds in memory."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from runner.journal import Journal, writer
from runner.journal.store import connect
from runner.journal.writer import Writer
from runner.model.job import JobId, Status
from tests.journal.support import a_run

LONG = 30.0
"""Seconds for what surely comes."""


def test_whoever_brings_more_than_the_disk_takes_waits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OVERHEAD", 0)
    monkeypatch.setattr(writer, "MOST_WAITING", 1000)
    path.parent.mkdir()
    written: list[int] = []
    slow, begun = threading.Event(), threading.Event()

    def work(connection: sqlite3.Connection, number: int) -> None:
        begun.set()
        assert slow.wait(LONG)
        written.append(number)

    one = Writer(connect(path), path)
    brought: list[int] = []
    most: list[int] = []

    def bring() -> None:
        for number in range(50):
            one.post(partial(work, number=number), 100)
            brought.append(number)
            most.append(one._waiting)

    with closing(one):
        thread = threading.Thread(target=bring)
        thread.start()
        assert begun.wait(LONG)
        end = time.monotonic() + LONG
        while len(brought) < 10 and time.monotonic() < end:
            time.sleep(0.01)
        thread.join(0.2)
        assert (len(brought), written) == (10, []), "ten of them are a thousand characters"
        slow.set()
        thread.join(LONG)
        assert brought == list(range(50))
        one.flush()
        assert (written, one._waiting) == (list(range(50)), 0)
    assert max(most) <= 1000


def test_what_is_larger_than_all_that_may_wait_goes_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OVERHEAD", 0)
    monkeypatch.setattr(writer, "MOST_WAITING", 50)
    with Journal.open(path) as journal:
        run = a_run()
        journal.begin(run)
        for number in range(5):
            journal.outcome(run.id, JobId(f"s{number}", "web01"), "", Status.OK, {"x": "y" * 100})
        journal.flush()
        assert len(journal.outcomes(run.id)) == 5


def test_nobody_waits_for_a_disk_that_takes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OVERHEAD", 0)
    monkeypatch.setattr(writer, "MOST_WAITING", 100)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.05)
    path.parent.mkdir()
    refuses, refused = True, threading.Event()

    def work(connection: sqlite3.Connection) -> None:
        if refuses:
            refused.set()
            raise sqlite3.OperationalError("database or disk is full")
        done.append(1)

    def bring() -> None:
        for _ in range(5):
            one.post(work, 60)

    done: list[int] = []
    one = Writer(connect(path), path)
    with closing(one):
        thread = threading.Thread(target=bring)
        thread.start()
        assert refused.wait(LONG)
        thread.join(LONG)
        assert not thread.is_alive()
        assert (one._waiting, done) == (300, []), "it is kept"
        refuses = False
        one.flush()
        assert (len(done), one._waiting) == (5, 0)
