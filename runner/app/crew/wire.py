"""The wire between two processes of a crew: messages in order, several in one packet.

Who reads never waits for who writes: with both ends full, each would wait for the other to read.
So what the threads that read have to say is sent by another thread. In the process that forked the
others, that is so with whatever is said: no mate that hangs may hold up the rest of the run.
"""

from __future__ import annotations

import copyreg
import dataclasses
import itertools
import operator
import os
import pickle
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

from runner.app.crew.messages import Answer, Batch, Broke, Message, Reached, Refusal, Told
from runner.engine.tasks.outcomes import plain
from runner.errors import JournalError, RunnerError
from runner.events import JobDetail, JobFinished, JobOutput, JobStarted
from runner.model.job import Outcome
from runner.model.state import Difference

LINGER: Final = 0.05
"""Seconds for which a message that nobody waits for may stay here, to travel with others."""
_MOST_HELD: Final = 200


def _rebuilt(kind: type[Any], values: tuple[Any, ...]) -> Any:
    return kind(*values)


def _quick(kind: type[Any]) -> None:
    """Have pickle take a frozen noun with slots apart in one step."""
    values = operator.attrgetter(*(one.name for one in dataclasses.fields(kind)))
    copyreg.pickle(kind, lambda noun: (_rebuilt, (kind, values(noun))))


for _kind in (Outcome, Difference, JobStarted, JobFinished, JobDetail, JobOutput):
    _quick(_kind)


_reading = threading.local()
"""Has ``yes`` on a thread that reads from a wire."""


class WireCut(JournalError):
    """The other process is gone: nothing can be put on record any more."""


class Wire:
    """One end. ``deliver`` gets what nobody here has asked for, in order, on the wire's own thread;
    ``cut`` is called there once, at the end. Any thread may send; where none ``waits``, what is
    sent stays here as long as the other end does not read.

    What is pickled comes from this program itself over a socket that nobody else can open.
    """

    def __init__(
        self,
        connection: Connection[Any, Any],
        deliver: Callable[[Message], None],
        cut: Callable[[], None],
        name: str,
        *,
        waits: bool = True,
    ) -> None:
        self._waits = waits
        self._connection = connection
        self._deliver = deliver
        self._cut = cut
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._held: list[Message] = []
        self._is_cut = False
        self._holding = threading.Lock()
        """For what is held: never kept while the other end is waited for."""
        self._sending = threading.Lock()
        self._something = threading.Event()
        self._now = threading.Event()
        self._reader = threading.Thread(target=self._read, name=f"{name} reads", daemon=True)
        self._lingerer = threading.Thread(target=self._linger, name=f"{name} sends", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._reader.start()
        self._lingerer.start()

    def close(self) -> None:
        """Cut it, for both ends."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)

    def post(self, message: Message) -> None:
        """Send it soon; nothing when the wire is cut."""
        if self._hold(message) < _MOST_HELD:
            self._something.set()
        else:
            self._send_held()

    def send(self, message: Message) -> None:
        """Send it now, behind all that was posted."""
        self._hold(message)
        self._send_held()

    def ask(self, question: Callable[[int], Message]) -> Any:
        """The answer to a question, which is given its number. Raises what the other end refuses
        it with, and WireCut when that is gone."""
        return self.ask_for(question).result()

    def ask_for(self, question: Callable[[int], Message]) -> Future[Any]:
        """The same, to come."""
        number = next(self._numbers)
        promise = self._waiting[number] = Future()
        self.send(question(number))
        if self._is_cut:
            self._give_up()
        return promise

    def number(self) -> int:
        """One that no question has."""
        return next(self._numbers)

    def _hold(self, message: Message) -> int:
        with self._holding:
            self._held.append(message)
            return len(self._held)

    def _send_held(self) -> None:
        if self._waits and not getattr(_reading, "yes", False):
            self._flush()
        else:
            self._now.set()
            self._something.set()

    def _flush(self) -> None:
        with self._sending:
            with self._holding:
                held, self._held = self._held, []
            if self._is_cut or not held:
                return
            packet, lost = _packed(held)
            try:
                self._connection.send_bytes(packet)
            except OSError:
                return  # the reading end tells
        for number, error in lost:
            if (promise := self._waiting.pop(number, None)) is not None:
                promise.set_exception(error)

    def _linger(self) -> None:
        while not self._is_cut:
            self._something.wait()
            # A moment in which others may come; what somebody waits for is not held up.
            if not self._is_cut:
                self._now.wait(LINGER)
            self._something.clear()
            self._now.clear()
            self._flush()

    def _read(self) -> None:
        _reading.yes = True
        try:
            while True:
                for message in pickle.loads(self._connection.recv_bytes()):
                    self._take(message)
        except (EOFError, OSError):
            pass
        finally:
            with self._sending:
                self._is_cut = True
                self._connection.close()
            self._now.set()
            self._something.set()
            self._give_up()
            self._cut()

    def _take(self, message: Message) -> None:
        match message:
            case Answer(number, value) if number in self._waiting:
                self._waiting.pop(number).set_result(value)
            case Refusal(number, error) if number in self._waiting:
                self._waiting.pop(number).set_exception(error)
            case _:
                self._deliver(message)

    def _give_up(self) -> None:
        for number in list(self._waiting):
            if (promise := self._waiting.pop(number, None)) is not None:
                promise.set_exception(WireCut("the other process of this run is gone"))


def _packed(batch: Batch) -> tuple[bytes, list[tuple[int, Exception]]]:
    """The packet; and the numbers of questions that cannot travel, with the reason."""
    lost: list[tuple[int, Exception]] = []
    try:
        return pickle.dumps([*map(_safe, batch)], pickle.HIGHEST_PROTOCOL), lost
    except Exception:  # noqa: BLE001 - one of them cannot travel; the others must
        found = []
        for message in batch:
            portable = _portable(message)
            if isinstance(portable, tuple):
                lost.append(portable)
            else:
                found.append(portable)
        return pickle.dumps(found, pickle.HIGHEST_PROTOCOL), lost


def _safe(message: Message) -> Message:
    """The same with an error that the other end can make again: some cannot be, though they can
    be pickled, and nothing of the packet would arrive."""
    if not isinstance(message, Refusal | Broke | Reached) or message.error is None:
        return message
    try:
        pickle.loads(pickle.dumps(message.error, pickle.HIGHEST_PROTOCOL))
    except Exception:  # noqa: BLE001 - each kind of error fails in its own way
        return dataclasses.replace(message, error=RunnerError(str(message.error)))
    return message


def _portable(message: Message) -> Message | tuple[int, Exception]:
    """The same with plain data, where what it holds is tied to this process; or the number of a
    question that cannot be asked."""
    message = _safe(message)
    try:
        pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        return message
    except Exception as error:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        why = RunnerError(f"{type(message).__name__} cannot be told to another process: {error}")
    match message:
        case Told(JobFinished() as event):
            return Told(dataclasses.replace(event, outcome=_plain_outcome(event.outcome)))
        case Answer(number, dict() as value):
            return Answer(number, {key: plain(one) for key, one in value.items()})
        case Answer(number):
            return Refusal(number, why)
    asked: int | None = getattr(message, "number", None)
    return Broke(why) if asked is None else (asked, why)


def _plain_outcome(outcome: Outcome) -> Outcome:
    return dataclasses.replace(
        outcome,
        result=plain(outcome.result),
        items=tuple(map(_plain_outcome, outcome.items)),
        differences=tuple(
            Difference(one.field, plain(one.before), plain(one.after))
            for one in outcome.differences
        ),
    )
