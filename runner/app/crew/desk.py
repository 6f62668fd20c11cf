"""The desk: what a run has only one of, at the service of its mates."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final

from runner.app.crew.messages import (
    Answer,
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
from runner.engine.hosts.access import Access
from runner.engine.hosts.credentials import Credentials
from runner.engine.hosts.leasing import Leasing
from runner.engine.hosts.pacing import Pace
from runner.engine.stop import Stop
from runner.errors import AuthenticationFailed, RunnerError, Unreachable
from runner.journal.journal import Journal

_THREADS: Final = 8
"""How many of the mates' questions that wait for the disk are answered at once."""


class _Refused(AuthenticationFailed):
    """A host of a mate has looked at a password and said no."""


class _NotTried(Unreachable):
    """A logon in a mate came to another end."""


class Desk:
    """Answers what mates ask. Each has a wire; all methods may be called by any thread."""

    def __init__(
        self,
        stop: Stop,
        access: Access,
        journal: Journal | None,
        run: str,
        leasing: Leasing | None,
    ) -> None:
        """``access`` has the pace as it was asked for; ``leasing`` keeps the names of leases."""
        self._journal = journal
        self._run = run
        # Who asked for the turn waits for it, in the mate.
        self._pace = Pace(stop, access.pace.settings, sleep=lambda _seconds: False)
        self._credentials = Credentials(stop)
        self._slots = _Slots(access.pace.settings.at_once)
        self._trials: dict[tuple[int, int], SimpleQueue[Message]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, "desk")
        self._quick: dict[str, Callable[..., Any]] = {
            "pace": self._pace.admit,
            "forgive": self._credentials.forgive,
        }
        self._slow: dict[str, Callable[..., Any]] = {}
        if leasing is not None:
            self._quick |= {
                "lease.comes": leasing.comes, "lease.met": leasing.met,
                "lease.leaves": leasing.leaves, "lease.left": leasing.left,
            }  # fmt: skip
        if journal is not None:
            self._quick |= {
                "closed": journal.closed, "gone": journal.gone,
                "trail.forget": journal.trail.forget,
            }  # fmt: skip
            self._slow = {
                "claim": journal.claim, "opened": journal.opened, "left": journal.left,
                "trail.note": journal.trail.note, "trail.status": journal.trail.status,
                "trail.unchanged": journal.trail.unchanged,
            }  # fmt: skip

    def close(self) -> None:
        """Nobody asks any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def take(self, wire: Wire, message: Message) -> None:
        """See to one message. Quick: what takes its time is done on another thread."""
        match message:
            case Intend(number, intents):
                promise = self._record().announce(self._run, intents)
                promise.add_done_callback(lambda done: _answer(wire, number, done))
            case Settled(ended):
                self._record().end(ended)
            case Call(number, "slot", _):
                self._slots.take(wire, number)
            case Note("slot free", _):
                self._slots.give(wire)
            case Call(number, service, words) if service in self._slow:
                work = self._pool.submit(self._slow[service], *words)
                work.add_done_callback(lambda done: _answer(wire, number, done))
            case Call(number, service, words):
                done: Future[Any] = Future()
                try:
                    done.set_result(self._quick[service](*words))
                except RunnerError as error:
                    done.set_exception(error)
                _answer(wire, number, done)
            case Note(service, words):
                self._quick[service](*words)
            case Trial(number):
                # Known before anything else is heard of this mate, such as its end.
                heard = self._trials[id(wire), number] = SimpleQueue()
                threading.Thread(
                    target=self._try, args=[wire, message, heard], name="trial", daemon=True
                ).start()
            case Reached(number, _) | Tried(number, _, _):
                if (words_of := self._trials.get((id(wire), number))) is not None:
                    words_of.put(message)

    def lost(self, wire: Wire) -> None:
        """The mate at the other end is gone: what it held is given back."""
        self._slots.lost(wire)
        for (of, number), words in list(self._trials.items()):
            if of == id(wire):
                words.put(Tried(number, False, False))

    def _record(self) -> Journal:
        if self._journal is None:
            raise RunnerError("a preview writes nothing to the journal")
        return self._journal

    def _try(self, wire: Wire, trial: Trial, words: SimpleQueue[Message]) -> None:
        """Stand for a host of a mate while its password is shown."""
        number = trial.number

        def reach() -> None:
            wire.send(Reach(number))
            match words.get():
                case Reached(_, Exception() as error):
                    raise error
                case Tried():
                    raise _NotTried("the process that tried it is gone")

        try:
            with self._credentials.trial(
                trial.host,
                trial.credential,
                lambda error: isinstance(error, _Refused),
                keep_trying=trial.keep_trying,
                reach=reach,
            ):
                wire.send(Go(number))
                _judge(words.get())
        except (_Refused, _NotTried):
            pass
        except Exception as error:  # noqa: BLE001 - raised where the password was to be tried
            wire.send(Refusal(number, error))
        finally:
            del self._trials[id(wire), number]


def _judge(tried: Message) -> None:
    """Raises what the logon of a trial came to, unless it worked."""
    match tried:
        case Tried(_, False, True):
            raise _Refused("refused")
        case Tried(_, False, False):
            raise _NotTried("not tried")


class _Slots:
    """Places for logons that are under way at the same time. Nobody waits in here."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._held: dict[int, int] = {}
        self._waiting: deque[tuple[Wire, int]] = deque()
        self._lock = threading.Lock()

    def take(self, wire: Wire, number: int) -> None:
        """Answer that question when there is a place."""
        with self._lock:
            self._waiting.append((wire, number))
        self._hand_out()

    def give(self, wire: Wire) -> None:
        """One is free again."""
        with self._lock:
            self._held[id(wire)] -= 1
            self._free += 1
        self._hand_out()

    def lost(self, wire: Wire) -> None:
        """All of that mate's are."""
        with self._lock:
            self._free += self._held.pop(id(wire), 0)
            self._waiting = deque(one for one in self._waiting if one[0] is not wire)
        self._hand_out()

    def _hand_out(self) -> None:
        while True:
            with self._lock:
                if not self._free or not self._waiting:
                    return
                wire, number = self._waiting.popleft()
                self._free -= 1
                self._held[id(wire)] = self._held.get(id(wire), 0) + 1
            wire.send(Answer(number, None))


def _answer(wire: Wire, number: int, done: Future[Any]) -> None:
    error = done.exception()
    match error:
        case None:
            wire.send(Answer(number, done.result()))
        case Exception():
            wire.send(Refusal(number, error))
        case _:
            wire.send(Refusal(number, RunnerError(str(error))))
