"""The namespaces of one simulated Linux host, from its start to its end.

Commands run there as its root, with the rights of a container's (capabilities(7)): they may not
mount, trace, load modules or set clocks, and the host has no network but its own loopback.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from runner.lab.linux.found import SPACES, space_of_users

_SCRIPT: Final = Path(__file__).with_name("first.sh")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RIGHTS: Final = (
    "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "net_bind_service", "net_raw",
)  # fmt: skip


_LONGEST_END: Final = 10.0


class NotStarted(Exception):
    """The namespaces of a host could not be made; the text says why."""


class Guard:
    """A host that runs. Raises NotStarted."""

    def __init__(self, root: Path, usr: Path, name: str) -> None:
        self._process = subprocess.Popen(
            ["unshare", *space_of_users(), *SPACES, "--fork", "--kill-child=SIGKILL",
             "sh", str(_SCRIPT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": _PATH, "LAB_ROOT": str(root), "LAB_USR": str(usr), "LAB_NAME": name},
        )  # fmt: skip
        self._first = ""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if self._process.stdout.readline() != "ready\n":
            self.end()
            said = self._process.stderr.read().strip()
            self.close()
            raise NotStarted(f"no Linux host {name}: {said or 'it ended without a word'}")
        text = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        self._first = text.split()[0]

    def start(self, words: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
        """Start a program inside; without an environment but the one that ``words`` make."""
        user = ["--user", "--preserve-credentials"] if space_of_users() else []
        rights = ",".join(("-all", *(f"+{right}" for right in _RIGHTS)))
        return subprocess.Popen(
            ["nsenter", "--target", self._first, *user, "-m", "-u", "-i", "-n", "-p",
             "--root", "--wd=/", "--", "setpriv", "--bounding-set", rights, *words],
            env={"PATH": _PATH}, **more,
        )  # fmt: skip

    def end(self) -> None:
        """Everything inside ends at once, as when power is lost."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process.wait()
        self._await_the_end()

    def _await_the_end(self) -> None:
        """The kernel ends the first process, and with it all others, a moment later."""
        deadline = time.monotonic() + _LONGEST_END
        while self._first and _runs(self._first):
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)

    def close(self) -> None:
        """End it and let go of what belongs to it."""
        self.end()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(pipe)


def _runs(pid: str) -> bool:
    """Whether a process is there that is more than its exit code (proc_pid_stat(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def _close(file: IO[str] | None) -> None:
    if file is not None:
        with contextlib.suppress(OSError):
            file.close()
