"""Runs a process to its end and says what it cost: processor time, wall time, memory.

Kept small on purpose: Linux counts the memory of the process that forks as a floor of the peak
that ``wait4`` reports for the child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from bench.contenders import Start

_PAUSE: Final = 0.3
"""Seconds between two looks at the memory of all processes; looking costs time itself."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``cpu`` and ``wall`` in seconds, children included; ``rss`` in bytes, of all processes at
    one moment where there are several (shared pages counted once)."""

    cpu: float
    wall: float
    rss: int


class Failed(Exception):
    """A client that was measured did not do its work."""


def run(start: Start, directory: Path, limit: float) -> Cost:
    """Run it. Raises Failed when it fails or takes longer than ``limit`` seconds."""
    with tempfile.TemporaryFile(dir=directory) as output:
        begun = time.monotonic()
        process = _spawn(start, directory, output)
        watch = _Watch(process.pid, begun + limit)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - begun
        except BaseException:
            kill_group(process.pid)
            process.wait()
            raise
        finally:
            watch.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or watch.expired:
            raise Failed(_why(start, process.returncode, output, expired=watch.expired))
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, wall, max(watch.peak, usage.ru_maxrss * 1024))


def _spawn(start: Start, directory: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        start.argv,
        cwd=directory,
        env=dict(start.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kill_group(leader: int) -> None:
    """End a process that leads a session, and its children."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _why(start: Start, code: int, output: IO[bytes], *, expired: bool) -> str:
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - 3000))
    text = output.read().decode("utf-8", "replace")
    end = "took too long" if expired else f"ended with {code}"
    return f"{' '.join(start.argv)} {end}:\n{text}"


class _Watch:
    """Looks at a process and its children now and then: memory, and whether time is up."""

    def __init__(self, pid: int, deadline: float) -> None:
        self.peak = 0
        self.expired = False
        self._pid = pid
        self._deadline = deadline
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The process is over."""
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        pause = _PAUSE
        while not self._done.wait(pause):
            began = time.monotonic()
            if began > self._deadline:
                self.expired = True
                kill_group(self._pid)
                return
            family = list(_family(self._pid))
            if len(family) > 1:
                self.peak = max(self.peak, sum(map(_memory, family)))
            # At most a twentieth of the time is spent looking.
            pause = max(_PAUSE, 20 * (time.monotonic() - began))


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _memory(pid: int) -> int:
    """Bytes of a process; of pages that it shares, its part."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        for line in text.splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
