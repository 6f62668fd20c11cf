"""One process on the controller: its streams drained together, its deadline kept."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from typing import Final

from runner.errors import ConnectionLost, DeadlineExceeded, Unreachable
from runner.interfaces.listening import Listener, Stream
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.transports.local.options import LocalOptions

_CHUNK: Final = 65536
_GRACE: Final = 1.0
"""Seconds between asking a process group to end and ending it."""
_QUIET: Final = 0.5
"""Seconds without output after which streams that a background process holds open are left."""
_TICK: Final = 0.05
_MOST_TICK: Final = 1.0


class LocalConnection(Connection):
    """Runs one command after the other; holds nothing between them."""

    encoding = "utf-8"

    def __init__(self, options: LocalOptions) -> None:
        self._options = options
        self._running: _Process | None = None
        self._closed = False

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        """Run the line in the shell, in a session of its own.

        It inherits no standard input: without one given it finds the end at once. A process that
        a signal ended has the code 128 and the signal's number, as in a shell.
        """
        if self._closed:
            raise ConnectionLost("the connection is closed")
        self.exchanges += 1
        argv = [self._options.shell, "-c", invocation.line]
        process = self._running = _Process(argv, invocation, self.listener)
        try:
            return process.finish(timeout)
        except BaseException:
            self.close()
            raise
        finally:
            self._running = None

    def close(self) -> None:
        """End what still runs (when called from another thread). May be repeated."""
        self._closed = True
        if (process := self._running) is not None:
            process.end()


class _Process:
    def __init__(self, argv: list[str], invocation: Invocation, listener: Listener | None) -> None:
        self._listener = listener
        self._begun = time.monotonic()
        self._line = invocation.text
        self._input = memoryview(invocation.stdin or b"")
        try:
            self._child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL if invocation.stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise Unreachable(
                f"cannot start a process on this controller: {error.strerror or error}",
                hint="too many processes, no memory, or a line that is too long",
            ) from error
        self._output: dict[int, bytearray] = {}
        self._names: dict[int, Stream] = {}
        self._selector = selectors.DefaultSelector()
        names: tuple[Stream, Stream] = ("stdout", "stderr")
        for name, stream in zip(names, (self._child.stdout, self._child.stderr), strict=True):
            assert stream is not None
            self._output[stream.fileno()] = bytearray()
            self._names[stream.fileno()] = name
            self._selector.register(stream, selectors.EVENT_READ)
        if self._child.stdin is not None:
            os.set_blocking(self._child.stdin.fileno(), False)
            self._selector.register(self._child.stdin, selectors.EVENT_WRITE)

    def finish(self, timeout: float) -> RawOutput:
        """Wait for its end. Raises DeadlineExceeded after signalling it."""
        try:
            if not self._drain(self._begun + timeout):
                self.end()
                raise DeadlineExceeded(
                    f"no end after {timeout:g} s: {self._line[:200]}",
                    hint="its processes were ended; what they had done by then stays done. "
                    "Give the task a longer 'timeout', or make it 'async'",
                    may_have_started=True,
                )
        finally:
            self._release()
        code = self._child.returncode
        stdout, stderr = (bytes(data) for data in self._output.values())
        seconds = time.monotonic() - self._begun
        return RawOutput(128 - code if code < 0 else code, stdout, stderr, seconds)

    def _drain(self, end: float) -> bool:
        """Move bytes until the process has ended and said all; False when time is up first."""
        last = time.monotonic()
        tick = 0.001
        while True:
            now = time.monotonic()
            ended = self._child.poll() is not None
            open_outputs = [fd for fd in self._output if fd in self._selector.get_map()]
            if ended and (not open_outputs or now - last > _QUIET):
                return True
            if now >= end:
                return False
            # With its streams closed a process may still run: then it is asked from time to time.
            tick = min(tick * 2, _TICK if ended or not open_outputs else _MOST_TICK)
            ready = self._selector.select(min(tick, end - now))
            if self._listener is not None and not ready:
                self._listener("stdout", b"")
            for key, _ in ready:
                last = time.monotonic()
                self._move(key)

    def _move(self, key: selectors.SelectorKey) -> None:
        if key.fd not in self._output:
            self._feed()
            return
        data = os.read(key.fd, _CHUNK)
        if data:
            self._output[key.fd] += data
            if self._listener is not None:
                self._listener(self._names[key.fd], data)
        else:
            self._selector.unregister(key.fileobj)

    def _feed(self) -> None:
        stream = self._child.stdin
        assert stream is not None
        try:
            if self._input:
                self._input = self._input[os.write(stream.fileno(), self._input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it does not read its input: not a failure, as in a pipe of the shell
            self._input = memoryview(b"")
        if not self._input:
            self._selector.unregister(stream)
            with contextlib.suppress(OSError):
                stream.close()

    def end(self) -> None:
        """Ask the group to end, then end it. What changed its user may not be ours to end."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE)
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _release(self) -> None:
        self._selector.close()
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
