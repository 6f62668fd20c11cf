"""A crew: the mates of a run, from their fork to their end, as the process that forks them sees it.

Mates are forked when everything is loaded and compiled, and before there is a thread or a
connection: all of that is shared, and nothing of it is written twice. Their numbers are not
reused while this process has not waited for them.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self

from runner.app.crew.mate import Share, live
from runner.app.crew.messages import Broke, End, Finished, Halt, Message, Refusal, Walked
from runner.app.crew.wire import Wire
from runner.engine.graph.graph import JobGraph
from runner.engine.runtime import Links
from runner.engine.stop import Stop, StopLevel

_LOOK: Final = 0.1
"""Seconds between two looks at whether the run is to stop."""
_HANGING: Final = 5.0
"""How long a mate that was told to stop now may take until it says what became of its jobs."""
_ENDING: Final = 5.0
"""How long a mate of which nothing more is wanted may take to end."""


@dataclass(slots=True, eq=False)
class Mate:
    """One of the processes. ``hosts`` are its hosts, by index."""

    pid: int
    connection: Connection[Any, Any]
    hosts: frozenset[int]
    wire: Wire = field(init=False)
    walked: bool = False
    finished: bool = False
    exchanges: int = 0
    gone: bool = False
    """It ended before its time."""
    status: int | None = None
    """How it ended, as ``waitpid`` says; None while nobody has waited for it."""
    waiting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.finished or self.gone

    def reap(self, seconds: float) -> bool:
        """Wait for its end, so long; whether it has ended."""
        end = time.monotonic() + seconds
        while not self._has_ended():
            if time.monotonic() >= end:
                return False
            time.sleep(0.005)
        return True

    def kill(self) -> None:
        """End it now."""
        with self.waiting:  # until somebody has waited for it, nobody else has its number
            if self.status is None:
                os.kill(self.pid, signal.SIGKILL)
        self.reap(_ENDING)

    def _has_ended(self) -> bool:
        with self.waiting:
            if self.status is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.status = status
            return self.status is not None

    @property
    def end(self) -> str:
        """How it ended, for people."""
        if self.status is None:
            return "ended"
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            known = {one.value: one.name for one in signal.Signals}
            return f"was killed by signal {number} ({known.get(number, 'of its own')})"
        return f"ended with exit code {os.waitstatus_to_exitcode(self.status)}"


Take = Callable[[Mate, Message], None]


class Crew:
    """The mates of one run. A context manager: none of them outlives it."""

    def __init__(self, shares: Sequence[tuple[frozenset[int], Share]]) -> None:
        """Fork a mate for each share. There must be no other thread yet. Raises OSError where the
        system has no room for one of them, and then there is none."""
        self._changed = threading.Condition()
        self._take: Take = lambda _mate, _message: None
        self._lost: Callable[[Mate], None] = lambda _mate: None
        self._broken: Exception | None = None
        self.mates: list[Mate] = []
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        gc.collect()
        gc.freeze()  # what is collected later would be copied only to be looked at
        try:
            for hosts, share in shares:
                self.mates.append(self._fork(hosts, share))
        except OSError:
            self.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def _fork(self, hosts: frozenset[int], share: Share) -> Mate:
        ours, theirs = Pipe()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            pid = os.fork()
            if pid == 0:
                live(theirs, share, [ours, *(mate.connection for mate in self.mates)])
        except OSError:
            ours.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        return Mate(pid, ours, hosts)

    # -- at work ----------------------------------------------------------------------------

    def start(self, begins: Sequence[Message], take: Take, lost: Callable[[Mate], None]) -> None:
        """Let each begin. ``take`` gets what they say; ``lost`` is told of one that has ended
        before its time."""
        self._take, self._lost = take, lost
        for mate, begin in zip(self.mates, begins, strict=True):
            mate.wire = self._wire(mate)
            mate.wire.start()
            mate.wire.send(begin)

    def _wire(self, mate: Mate) -> Wire:
        return Wire(
            mate.connection,
            lambda message: self._hear(mate, message),
            lambda: self._cut(mate),
            f"mate {mate.pid}",
            waits=False,
        )

    def tell(self, message: Message, but: Mate | None = None) -> None:
        """Tell all of them, or all but one."""
        for mate in self.mates:
            if mate is not but and not mate.gone:
                mate.wire.send(message)

    def of(self, host: int) -> Mate | None:
        """The mate that works on this host."""
        return next((mate for mate in self.mates if host in mate.hosts), None)

    def work(self, stop: Stop) -> None:
        """Until each job has its outcome, and links are closed; or, when it is to stop now, until
        each has said what became of its jobs. Raises what broke one of them."""
        level, since = StopLevel.GO_ON, 0.0
        while True:
            if stop.level > level:
                level, since = stop.level, time.monotonic()
                self.tell(Halt(level))
            with self._changed:
                now = level is StopLevel.NOW
                if all(mate.is_over or (now and mate.walked) for mate in self.mates):
                    break
                if self._broken is not None:
                    stop.ask(StopLevel.FINISH)
                self._changed.wait(_LOOK)
            if now and time.monotonic() - since > _HANGING:
                for mate in self.mates:
                    if not mate.walked:
                        mate.kill()
        if self._broken is not None:
            raise self._broken

    def _hear(self, mate: Mate, message: Message) -> None:
        match message:
            case Walked():
                with self._changed:
                    mate.walked = True
                    self._changed.notify_all()
            case Finished(exchanges):
                with self._changed:
                    mate.exchanges = exchanges
                    mate.finished = mate.walked = True
                    self._changed.notify_all()
            case Broke(error):
                self._fail(error)
            case _:
                try:
                    self._take(mate, message)
                except Exception as error:  # noqa: BLE001 - raised where the run is waited for
                    self._fail(error)
                    if (number := getattr(message, "number", None)) is not None:
                        mate.wire.send(Refusal(number, error))

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._broken = self._broken or error
            self._changed.notify_all()

    def _cut(self, mate: Mate) -> None:
        """A mate's wire has come to its end."""
        if not mate.finished:
            mate.reap(_ENDING)
            try:
                self._lost(mate)
            except Exception as error:  # noqa: BLE001 - raised where the run is waited for
                self._fail(error)
        with self._changed:
            mate.gone = not mate.finished
            self._changed.notify_all()

    # -- the end ----------------------------------------------------------------------------

    def finish(self, seconds: float) -> None:
        """Wait until links are closed, so long; who has not done it then is ended."""
        with self._changed:
            self._changed.wait_for(lambda: all(mate.is_over for mate in self.mates), seconds)
        for mate in self.mates:
            if not mate.is_over:
                mate.kill()

    def end(self) -> None:
        """Nothing more is wanted of any of them. May be repeated."""
        for mate in self.mates:
            with suppress(OSError):
                if hasattr(mate, "wire"):
                    mate.wire.send(End())
                else:
                    mate.connection.close()  # it has not begun, and ends by itself
        for mate in self.mates:
            if not mate.reap(_ENDING):
                mate.kill()
        gc.unfreeze()


class CrewLinks(Links):
    """The links of a run whose mates have them."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def close_all(self, hosts: object = None) -> None:
        """Each mate has closed its own."""
        self._crew.finish(_HANGING)

    def end_now(self, seconds: float) -> None:
        """Each mate does it."""
        self._crew.finish(seconds + 1.0)

    @property
    def exchanges(self) -> int:
        return sum(mate.exchanges for mate in self._crew.mates)


def part_of(graph: JobGraph, hosts: frozenset[int]) -> JobGraph:
    """The graph of a part of its hosts that nothing ties to the others."""
    part = JobGraph(graph.hosts)
    kept: dict[frozenset[int], frozenset[int]] = {}
    for step in graph.steps:
        if step.members not in kept:
            kept[step.members] = step.members & hosts
        part.add(replace(step, members=kept[step.members]))
    for earlier, later, link in graph.edges():
        part.link(part.step(earlier.name), part.step(later.name), link)
    return part
