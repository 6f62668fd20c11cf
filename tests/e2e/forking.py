"""``runner`` as a process of its own, without the second that it takes to import it.

A helper process imports what a first command line needed and forks for each further one. It has
a single thread, so that a fork copies no lock that somebody holds. What it gives is a process like
any other: it has its own threads and files, can be killed, and its end can be waited for.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from tests.e2e.fleet import Done

_LIMIT: Final = 200.0
"""Seconds that one command line may take; then it is ended, and the test fails."""


class Command:
    """One command line under way. ``kill`` may be called by any thread at any time."""

    def __init__(self, server: Forker, pid: int, number: int) -> None:
        self._server = server
        self._pid = pid
        self._number = number
        self._lock = threading.Lock()
        self._reaped = False

    @property
    def pid(self) -> int:
        """Its number, which nobody else has before ``wait`` has given its end."""
        return self._pid

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal; nothing when it has ended."""
        with self._lock:
            if not self._reaped:
                os.kill(self._pid, number)

    def end(self) -> None:
        """Kill it and wait for it, if nobody has."""
        if not self._reaped:
            self.kill()
            self.wait()

    def wait(self, seconds: float | None = None) -> Done | None:
        """Its end; None when it has not come after that many seconds (default: it must come).

        The exit code is that of ``subprocess``: minus the signal when it was killed.
        """
        if not self._server.over(self._pid, _LIMIT if seconds is None else seconds):
            if seconds is not None:
                return None
            self.kill()
            raise AssertionError(f"it does not end: {self._server.said(self._number)}")
        with self._lock:
            code = self._server.reap(self._pid)
            self._reaped = True
        out, err = self._server.said(self._number)
        return Done(code, out, err)


class Forker:
    """Starts command lines. A context manager; of use to one thread."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = dict(environment)
        self._numbers = 0
        self._waiting: int | None = None

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.forking"],
            env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent.parent,
        )  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in (self._server.stdin, self._server.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def run(self, *words: str) -> Done:
        """One command line to its end."""
        done = self.start(*words).wait()
        assert done is not None
        return done

    def start(
        self, *words: str, die: str = "", environment: Mapping[str, str] | None = None
    ) -> Command:
        """Begin one; ``die`` names a moment in the journal's life at which it is killed.

        ``environment`` is the whole of it, else that of this forker.
        """
        self._numbers += 1
        files = [str(path) for path in self._files(self._numbers)]
        order = {
            "words": words,
            "files": files,
            "die": die,
            "cwd": str(Path.cwd()),
            "environment": dict(self._environment if environment is None else environment),
        }
        return Command(self, self._ask(order), self._numbers)

    def over(self, pid: int, seconds: float) -> bool:
        """Whether it has ended within that time. It is still there then, so its number, too."""
        if self._waiting is None:
            self._say({"wait": pid})
            self._waiting = pid
        assert self._waiting == pid, "one at a time"
        assert self._server.stdout is not None
        if not select.select([self._server.stdout], [], [], seconds)[0]:
            return False
        self._hear()
        self._waiting = None
        return True

    def reap(self, pid: int) -> int:
        """Its exit code; from now on another process may have its number."""
        return self._ask({"reap": pid})

    def said(self, number: int) -> tuple[str, str]:
        """What a command line printed."""
        out, err = (path.read_text(errors="replace") for path in self._files(number))
        return out, err

    def _files(self, number: int) -> tuple[Path, Path]:
        return self._home / f"said-{number}.out", self._home / f"said-{number}.err"

    def _ask(self, words: Any) -> int:
        self._say(words)
        return self._hear()

    def _say(self, words: Any) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(words).encode() + b"\n")
        self._server.stdin.flush()

    def _hear(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


# -- the other side: the process that forks ----------------------------------------------------
def _serve(orders: IO[bytes], answers: IO[bytes], learned: Path) -> None:
    for line in orders:
        order = json.loads(line)
        if "wait" in order:
            os.waitid(os.P_PID, order["wait"], os.WEXITED | os.WNOWAIT)
            answer = 0
        elif "reap" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["reap"], 0)[1])
        else:
            _learn(learned)
            answer = _fork(order, learned)
        answers.write(b"%d\n" % answer)
        answers.flush()


def _fork(order: Mapping[str, Any], learned: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        for number, path in enumerate((os.devnull, *order["files"])):
            mode = os.O_RDWR if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            opened = os.open(path, mode, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        os.closerange(3, 64)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        code = _runner(order["words"], order["die"])
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            learned.write_text(json.dumps(sorted(sys.modules)))
        os._exit(code)


def _runner(words: list[str], die: str) -> int:
    from runner.cli.main import invoke

    if die:
        _die_at(*die.split())
    try:
        return invoke(words)
    except BaseException:  # noqa: BLE001 - whatever it is, the parent shows it
        import traceback

        traceback.print_exc()
        return 70


def _die_at(moment: str, number: str) -> None:
    """Be killed just before, or just after, the journal commits for the nth time."""
    from runner.journal import writer

    left = int(number)
    write = writer.Writer._write

    def dying(self: writer.Writer, entries: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0 and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, entries)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    writer.Writer._write = dying  # type: ignore[method-assign, assignment]


def _learn(learned: Path) -> None:
    """Import what the last command line needed, so that the next one finds it there."""
    if not learned.exists():
        return
    for name in json.loads(learned.read_text()):
        if name not in sys.modules and name.startswith(_WELL_KNOWN):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    learned.unlink()
    assert threading.active_count() == 1, "a fork copies no thread"
    gc.collect()
    gc.freeze()


_WELL_KNOWN: Final = (
    *sys.stdlib_module_names, "runner", "click", "rich", "yaml", "jinja2", "markupsafe", "pydantic",
    "networkx", "winrm", "requests", "urllib3", "spnego", "xmltodict", "cryptography", "certifi",
    "idna", "typing_extensions", "annotated_types", "charset_normalizer", "pygments",
)  # fmt: skip


if __name__ == "__main__":
    import runner.cli.main  # noqa: F401 - so that it is there

    home = Path(os.environ["RUNNER_HOME"])
    with os.fdopen(os.dup(0), "rb") as said, os.fdopen(os.dup(1), "wb") as answers:
        _serve(said, answers, home / "learned.json")
