"""Sending one script of commands, and what its answer says of each of them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from runner.engine.fusing.writer import Part
from runner.engine.hosts.link import Link, Taking
from runner.engine.hosts.session import DEFAULT_TIMEOUT, Reader
from runner.errors import ConnectionLost, DeadlineExceeded, TransportError
from runner.interfaces.exchange import Exec
from runner.interfaces.listening import Stream
from runner.interfaces.shell import RawOutput, Series

_LOST: Final = "it was sent in one script with others, and the answer was lost"


class Heard:
    """Listens to a script: keeps what comes, and notes when each command ends.

    Raises DeadlineExceeded when one takes longer than ``limit`` seconds.
    """

    def __init__(
        self,
        border: bytes,
        limit: float = DEFAULT_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._border = border
        self._limit = limit
        self._streams: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._looked = 0
        self._last = clock()
        self._ends: list[float] = []
        """When each border came, the one before the first command included."""

    def __call__(self, stream: Stream, data: bytes) -> None:
        """Take in bytes; see Listener."""
        now = self._clock()
        self._streams[stream] += data
        if stream == "stdout" and self._borders(now):
            self._last = now
        if now - self._last > self._limit:
            raise DeadlineExceeded(
                f"a command in a script of several was not done in {self._limit:g} s",
                hint="raise the timeout of this task, or look at what it waits for; "
                "processes that it started may still run",
                may_have_started=True,
            )

    def _borders(self, now: float) -> bool:
        """Whether there are borders that were not there before."""
        text, before = self._streams["stdout"], len(self._ends)
        while (at := text.find(self._border, self._looked)) >= 0:
            self._ends.append(now)
            self._looked = at + len(self._border)
        self._looked = max(self._looked, len(text) - len(self._border) + 1)
        return len(self._ends) > before

    def seconds(self, number: int) -> float:
        """What a command took, counted from 0; 0 where that is not known."""
        ends = self._ends[number : number + 2]
        return ends[1] - ends[0] if len(ends) == 2 else 0.0

    @property
    def raw(self) -> RawOutput:
        """All that has come."""
        return RawOutput(0, bytes(self._streams["stdout"]), bytes(self._streams["stderr"]))


class Refused(Exception):
    """What stood at the head of a script did not take the host: nothing else of it was run."""


def deliver_series(
    link: Link,
    parts: Sequence[Part],
    series: Series,
    seconds: float,
    taking: Taking | None = None,
) -> int:
    """Send it and share out the answers; says how many of the jobs have, or may have, begun.

    None of them, where the host surely did not run the script although it was asked to. Raises
    Refused where ``taking``, which is at its head, did not come out well.
    """
    heard = Heard(series.border)
    raw: RawOutput | None = None
    lost: TransportError | None = None
    encoding = ""
    try:
        connection = link.open()
        try:
            connection.listener = heard
            raw = _Sender(link).send(series, seconds)
        finally:
            connection.listener = None
            encoding = connection.encoding
        outputs = series.outputs(raw, encoding)
    except TransportError as error:
        if raw is not None and not error.may_have_started:
            return 0
        lost = error
        outputs = series.certain(raw or heard.raw, encoding)
    if taking is not None and link.lease is not None and outputs:
        if outputs[0].code:
            raise Refused
        link.lease.taken(taking)
        outputs = outputs[1:]
    before = 0 if taking is None else 1
    for number, (part, output) in enumerate(zip(parts, outputs, strict=False), start=before):
        part.outputs = (dataclasses.replace(output, seconds=heard.seconds(number)),)
    ended = len(outputs)
    if lost is None or ended == len(parts) or (ended and outputs[-1].code != 0):
        return ended
    parts[ended].lost = lost
    if not lost.may_have_started or (lost.ended and isinstance(lost, DeadlineExceeded)):
        return ended + 1  # the one that was waited for; nothing behind it has begun
    for part in parts[ended + 1 :]:
        part.lost = ConnectionLost(_LOST, hint=lost.hint, may_have_started=True)
    return len(parts)


class _Sender(Reader):
    """Sends one script."""

    def send(self, series: Series, seconds: float) -> Any:
        """The raw answer."""
        return self._exchange(self._shells.of(Exec("")), series.invocation, seconds)
