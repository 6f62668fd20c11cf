"""What a mate has in place of what a run has only one of: it asks the process that forked it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from runner.app.crew.messages import (
    Became,
    Call,
    Go,
    Intend,
    Message,
    Note,
    Reach,
    Reached,
    Refusal,
    Settled,
    Trial,
    Tried,
)
from runner.app.crew.wire import Wire
from runner.engine.hosts.credentials import Credentials
from runner.engine.hosts.pacing import Pace, PaceSettings, stopped
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed
from runner.interfaces.access import Credential
from runner.journal.holdings import LeftRecord
from runner.journal.journal import Journal
from runner.journal.records import JSON, Intent
from runner.journal.rows import announced, ended, outcome_values
from runner.journal.trail import Breaking, Trail
from runner.model.job import JobId


class RemoteJournal(Journal):
    """What a run's visits and connections need of the journal; its one writer is elsewhere."""

    def __init__(self, wire: Wire, path: Path, breaking: Breaking | None) -> None:
        self.path = path
        self.trail = RemoteTrail(wire)
        self.breaking = breaking
        self._wire = wire

    def close(self) -> None:
        """There is nothing to close here."""

    def intend_all(self, run: str, intents: Sequence[Intent]) -> list[int]:
        rows = tuple(announced(intent) for intent in intents)
        found: list[int] = self._wire.ask(lambda number: Intend(number, rows))
        return found

    def settle(self, change: int, status: str, *, found: JSON = None, applied: JSON = None) -> None:
        self._wire.post(Settled(ended(change, status, found, applied, time.time())))

    def outcome(self, run: str, job: JobId, item: str, status: str, data: JSON) -> None:
        self._wire.post(Became(outcome_values(run, job, item, status, data, time.time())))

    def claim(self, run: str, host: str) -> None:
        self._wire.ask(lambda number: Call(number, "claim", (run, host)))

    def opened(self, run: str, host: str, place: str, held: str) -> None:
        self._wire.ask(lambda number: Call(number, "opened", (run, host, place, held)))

    def closed(self, run: str, host: str, held: str) -> None:
        self._wire.post(Note("closed", (run, host, held)))

    def left(self, host: str, place: str, going_on: str = "") -> list[LeftRecord]:
        words = (host, place, going_on)
        found: list[LeftRecord] = self._wire.ask(lambda number: Call(number, "left", words))
        return found

    def gone(self, left: Sequence[LeftRecord]) -> None:
        self._wire.post(Note("gone", (tuple(left),)))


class RemoteTrail(Trail):
    """The trail of a journal whose writer is elsewhere."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def note(self, run: str, kind: str, user: str, text: str, host: str = "") -> None:
        words = (run, kind, user, text, host)
        self._wire.ask(lambda number: Call(number, "trail.note", words))

    def status(self, run: str) -> str | None:
        found: str | None = self._wire.ask(lambda number: Call(number, "trail.status", (run,)))
        return found

    def unchanged(self, host: str, name: str, text: str, boot: str, counted: float) -> float:
        words = (host, name, text, boot, counted)
        found: float = self._wire.ask(lambda number: Call(number, "trail.unchanged", words))
        return found

    def forget(self, host: str, name: str) -> None:
        self._wire.post(Note("trail.forget", (host, name)))


class RemotePace(Pace):
    """The pace of a run as one process of several keeps to it."""

    def __init__(self, wire: Wire, stop: Stop, settings: PaceSettings) -> None:
        super().__init__(stop, settings)
        self._wire = wire
        self._stop = stop

    def admit(self, most: float = math.inf) -> float:
        if not self.settings.rate:
            return 0.0
        wait: float = self._wire.ask(lambda number: Call(number, "pace", (most,)))
        if wait > 0 and self._stop.sleep(wait, StopLevel.NOW):
            raise stopped()
        return wait

    @contextmanager
    def slot(self) -> Iterator[None]:
        if not self.settings.rate:
            yield
            return
        self._wire.ask(lambda number: Call(number, "slot", ()))
        try:
            yield
        finally:
            self._wire.send(Note("slot free", ()))


class RemoteCredentials(Credentials):
    """What is known of a run's passwords, which hosts of other processes find out, too."""

    def __init__(self, wire: Wire, stop: Stop) -> None:
        super().__init__(stop)
        self._wire = wire
        self._trials: dict[int, SimpleQueue[Message]] = {}

    def say(self, number: int, message: Message) -> None:
        """Something about a trial; nothing when that is over."""
        if (words := self._trials.get(number)) is not None:
            words.put(message)

    @contextmanager
    def trial(
        self,
        host: str,
        credential: Credential | None,
        is_refusal: Callable[[AuthenticationFailed], bool],
        *,
        keep_trying: bool = False,
        reach: Callable[[], None] = lambda: None,
    ) -> Iterator[None]:
        if credential is None:
            yield
            return
        number = self._wire.number()
        words: SimpleQueue[Message] = SimpleQueue()
        self._trials[number] = words
        asks = worked = refused = False
        try:
            self._wire.send(Trial(number, host, credential, keep_trying))
            self._until_go(number, words, reach)
            asks = True
            yield
            worked = True
        except AuthenticationFailed as error:
            refused = asks and is_refusal(error)
            raise
        finally:
            del self._trials[number]
            self._wire.send(Tried(number, worked, refused))

    def _until_go(
        self, number: int, words: SimpleQueue[Message], reach: Callable[[], None]
    ) -> None:
        while True:
            match words.get():
                case Go():
                    return
                case Refusal(_, error):
                    raise error
                case Reach():
                    try:
                        reach()
                    except Exception as error:
                        self._wire.send(Reached(number, error))
                        raise
                    self._wire.send(Reached(number, None))

    def forgive(self, host: str, credential: Credential | None) -> None:
        if credential is not None:
            self._wire.ask(lambda number: Call(number, "forgive", (host, credential)))


def asked(wire: Wire, service: str, *words: Any) -> Any:
    """The answer of a service that a run has one of."""
    return wire.ask(lambda number: Call(number, service, words))
