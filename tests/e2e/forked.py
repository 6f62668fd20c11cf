"""Single command lines by one forker that all tests of a process share."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.e2e.fleet import Done
from tests.e2e.forking import Command, Forker

__all__ = ["Command", "run_alone", "run_forked", "started"]

_shared: Forker | None = None
_in_use = threading.Lock()


def run_forked(environment: Mapping[str, str], words: Sequence[str], timeout: float) -> Done:
    """One command line to its end, by a forker that all tests of this process share.

    Raises TimeoutExpired. A second one at the same time is an ordinary process.
    """
    if not _in_use.acquire(blocking=False):
        return run_alone(environment, words, timeout)
    try:
        command = _forker().start(*words, environment=environment)
        done = command.wait(timeout)
        if done is None:
            command.kill()
            command.wait(30.0)
            raise subprocess.TimeoutExpired(list(words), timeout)
        return done
    finally:
        _in_use.release()


@contextlib.contextmanager
def started(environment: Mapping[str, str]) -> Iterator[Callable[..., Command]]:
    """Begins one command line, of which the end must be waited for before the next one of any test
    begins; kills what has not ended at the end."""
    begun: list[Command] = []

    def start(*words: str) -> Command:
        begun.append(_forker().start(*words, environment={**environment, "COLUMNS": "160"}))
        return begun[-1]

    yield start
    for command in begun:
        command.end()


def run_alone(environment: Mapping[str, str], words: Sequence[str], timeout: float) -> Done:
    """The same by a process that was started for it."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        env=dict(environment), capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def _forker() -> Forker:
    global _shared
    if _shared is None:
        home = Path(tempfile.mkdtemp(prefix="runner-forking-"))
        _shared = Forker(home, {**os.environ, "RUNNER_HOME": str(home)}).__enter__()
        atexit.register(_close, _shared, home)
    return _shared


def _close(forker: Forker, home: Path) -> None:
    forker.__exit__(None, None, None)
    shutil.rmtree(home, ignore_errors=True)
