"""One command of a remote shell: its output on the way to Receive, its input from Send."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from runner.lab.winrm.wsman import faults

COALESCE: Final = 0.005
"""Seconds that a Receive waits for the end of a command whose output has begun to arrive."""
BACKLOG: Final = 8 << 20
"""Bytes of output that are kept before the command has to wait for a Receive."""
_PER_STREAM: Final = 160
"""Bytes of markup around the data of one rsp:Stream."""
_PROGRESS: Final = 1024
"""Bytes that the smallest answer carries, however little its envelope may hold."""


@dataclass(frozen=True, slots=True)
class Output:
    """What one Receive carries: writes in their order, and the exit code once it is known."""

    chunks: tuple[tuple[str, bytes], ...]
    exit_code: int | None


class Command:
    """A command that runs or has run. Its thread writes, the threads of requests read."""

    def __init__(self, command_id: str, line: str) -> None:
        self.id = command_id
        self.line = line
        self.cancelled = threading.Event()
        self._changed = threading.Condition()
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._waiting = 0
        self._stdin: deque[bytes] = deque()
        self._stdin_ended = False
        self._exit_code: int | None = None
        self._gone = False

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._exit_code is None

    def write(self, stream: str, data: bytes) -> None:
        """Take what the command printed; blocks while the client does not fetch it."""
        if not data:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._waiting < BACKLOG or self.cancelled.is_set())
            if not self._gone:
                self._chunks.append((stream, data))
                self._waiting += len(data)
                self._changed.notify_all()

    def read_stdin(self) -> bytes:
        """The next bytes that the client sent; empty at the end of input or when cancelled."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stdin or self._stdin_ended or self.cancelled.is_set()
            )
            return self._stdin.popleft() if self._stdin else b""

    def feed(self, data: bytes, *, end: bool) -> None:
        """Take input from a Send. Raises Fault when the command has ended."""
        with self._changed:
            if not self.running or self._gone:
                raise faults.no_such_command()
            if data:
                self._stdin.append(data)
            self._stdin_ended = self._stdin_ended or end
            self._changed.notify_all()

    def finish(self, exit_code: int) -> None:
        """The command has ended."""
        with self._changed:
            self._exit_code = exit_code
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Control-C: the command is asked to end and stays to be read."""
        self.cancelled.set()
        with self._changed:
            self._changed.notify_all()

    def kill(self) -> None:
        """End the command and forget its output; a Receive that waits is told so."""
        self.cancelled.set()
        with self._changed:
            self._gone = True
            self._chunks.clear()
            self._waiting = 0
            self._changed.notify_all()

    def receive(self, wanted: Collection[str], *, timeout: float, room: int) -> Output:
        """Wait for output or the end. ``room`` is what the answer may hold, in bytes.

        Raises Fault: timed out after ``timeout`` seconds of silence, aborted when killed.
        """
        with self._changed:
            self._changed.wait_for(self._tellable, timeout)
            if self._chunks and self.running:
                self._changed.wait_for(lambda: not self.running or self._gone, COALESCE)
            if self._gone:
                raise faults.aborted()
            if not self._tellable():
                raise faults.timed_out()
            chunks = self._take(wanted, room)
            done = not self.running and not self._chunks
            self._changed.notify_all()
            return Output(chunks, self._exit_code if done else None)

    def _tellable(self) -> bool:
        return bool(self._chunks) or not self.running or self._gone

    def _take(self, wanted: Collection[str], room: int) -> tuple[tuple[str, bytes], ...]:
        taken: list[tuple[str, bytes]] = []
        while self._chunks and room > 0:
            stream, data = self._chunks.popleft()
            self._waiting -= len(data)
            if stream not in wanted:
                continue
            fits = max((room - _PER_STREAM) * 3 // 4, _PROGRESS)
            piece, rest = data[:fits], data[fits:]
            taken.append((stream, piece))
            room -= _PER_STREAM + len(piece) * 4 // 3
            if rest:
                self._chunks.appendleft((stream, rest))
                self._waiting += len(rest)
        return tuple(taken)
