"""The event bus: many workers publish, one thread delivers, nobody waits for a slow terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

from runner.events import Event, JobDetail, Notice
from runner.reporting.text import one_line

_MOST_WAITING: Final = 20_000
_LINGER_SECONDS: Final = 0.02
"""How long events are gathered. To wake the thread for each would cost two changes of threads."""


class Subscriber(Protocol):
    """Watches a run. Both methods are called on the publisher thread, never at the same time."""

    def handle(self, event: Event) -> None:
        """Take in one event, in the order of publishing."""

    def close(self) -> None:
        """Nothing more will come: write out, put the terminal back in order."""


@dataclass(frozen=True, slots=True)
class OfHosts:
    """Hands on what is about some hosts, and about the run as a whole."""

    to: Subscriber
    hosts: frozenset[str]

    def handle(self, event: Event) -> None:
        """Hand one event on, unless it is about the job of another host."""
        job = getattr(event, "job", None)
        if job is None or job.host in self.hosts:
            self.to.handle(event)

    def close(self) -> None:
        """Nothing more will come."""
        self.to.close()


class EventBus:
    """Delivers every event to every subscriber, in order, on one thread of its own.

    ``publish`` costs the caller a lock and an append. While subscribers are too slow (a paused
    pager, a slow link) and many events wait, new JobDetail events are left out and counted; all
    others are kept. A subscriber that raises is closed and dropped: reporting never harms a run.
    """

    def __init__(self, subscribers: Iterable[Subscriber], *, most_waiting: int = _MOST_WAITING):
        self._subscribers = list(subscribers)
        self._most_waiting = most_waiting
        self._waiting: deque[Event] = deque()
        self._left_out = 0
        self._closed = False
        self._idle = False
        """Whether the thread waits for the next event, however long that takes."""
        self.dropped: list[str] = []
        """What went wrong with subscribers, a line each: a report may be missing."""
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._deliver, name="event-bus", daemon=True)
        self._thread.start()

    def publish(self, event: Event) -> None:
        """Hand over an event; returns at once. After ``close`` it does nothing."""
        with self._wake:
            if self._closed:
                return
            if isinstance(event, JobDetail) and len(self._waiting) >= self._most_waiting:
                self._left_out += 1
                return
            self._waiting.append(event)
            if self._idle:
                self._idle = False
                self._wake.notify()

    def close(self) -> None:
        """Deliver what was published, close the subscribers, end the thread. May be repeated."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _deliver(self) -> None:
        while batch := self._next_batch():
            for event in batch:
                self._hand_out(event)
        for subscriber in list(self._subscribers):
            try:
                subscriber.close()
            except Exception as error:  # noqa: BLE001 - a report must not harm the run
                self._drop(subscriber, error)

    def _next_batch(self) -> list[Event]:
        """Wait for events; empty only when the bus is closed and drained."""
        with self._wake:
            while not self._waiting and not self._closed:
                self._idle = True
                self._wake.wait()
            self._idle = False
            if not self._closed:
                self._wake.wait(_LINGER_SECONDS)  # only the end wakes it now
            batch = list(self._waiting)
            self._waiting.clear()
            if self._left_out:
                text = f"{self._left_out} detail lines were not shown: output was too slow"
                batch.append(Notice(text, time.time()))
                self._left_out = 0
            return batch

    def _hand_out(self, event: Event) -> None:
        for subscriber in list(self._subscribers):
            try:
                subscriber.handle(event)
            except Exception as error:  # noqa: BLE001 - a report must not harm the run
                self._drop(subscriber, error)
                with contextlib.suppress(Exception):
                    subscriber.close()

    def _drop(self, subscriber: Subscriber, error: Exception) -> None:
        self._subscribers.remove(subscriber)
        reason = one_line(f"{type(error).__name__}: {error}")
        said = f"the {type(subscriber).__name__} report stopped: {reason}"
        self.dropped.append(said)
        with contextlib.suppress(OSError, ValueError, AttributeError):
            print(f"runner: {said}; the run itself is not affected", file=sys.stderr, flush=True)
