"""The namespaces of one Wine machine: processes, mounts, network and name of its own.

Nothing of this computer is reachable inside but ``/usr``, read-only; what the machine writes goes
to memory. The first process ends when its standard input does, which happens when its owner goes,
however it goes; the kernel then ends all other processes and unmounts everything
(pid_namespaces(7), mount_namespaces(7)). So nothing can be left behind.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, Self

from runner.lab.wine.found import WineError

ENGLISH: Final = "C.UTF-8"
_SCRIPT: Final = Path(__file__).with_name("sandbox.sh")
_SPACES: Final = ("--mount", "--uts", "--ipc", "--net", "--pid")
_USER: Final = ("--user", "--map-root-user")


@cache
def user_namespace() -> bool:
    """Whether the namespaces need one of their own for users: they do unless we are root.

    Raises WineError where neither is allowed.
    """
    for user in ((), _USER):
        probe = ["unshare", *user, *_SPACES, "--fork", "mount", "-t", "tmpfs", "probe", "/tmp"]
        try:
            done = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=20)
        except FileNotFoundError:
            raise WineError("unshare is not installed (Debian: util-linux)") from None
        if done.returncode == 0:
            return bool(user)
    raise WineError(
        "this process may not make namespaces and mounts (a container without CAP_SYS_ADMIN?): "
        + (done.stderr.strip().splitlines() or ["unshare failed"])[-1]
    )


class Sandbox:
    """A running sandbox around a prefix. ``empty`` is a folder to mount on. A context manager.

    ``writable`` works on the prefix itself; otherwise changes are kept in memory and forgotten.
    ``locale`` decides the code pages of the machine. Raises WineError when it cannot be made.
    """

    def __init__(
        self,
        prefix: Path,
        locales: Path,
        empty: Path,
        *,
        name: str,
        locale: str = ENGLISH,
        writable: bool = False,
    ) -> None:
        self._user = user_namespace()
        self.environment: Mapping[str, str] = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/home",
            "LC_ALL": locale,
            "LOCPATH": "/locales",
            "USER": "Administrator",
            "LOGNAME": "Administrator",
            "WINEUSERNAME": "Administrator",
            "WINEARCH": "win64",
            "WINEPREFIX": "/wine",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=",
        }
        self._guard = subprocess.Popen(
            ["unshare", *(_USER if self._user else ()), *_SPACES, "--fork",
             "--kill-child=SIGKILL", "bash", str(_SCRIPT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "WINE_ROOT": str(empty), "WINE_PREFIX": str(prefix), "WINE_NAME": name,
                "WINE_LAYER": "rw" if writable else "ro", "WINE_LOCALES": str(locales),
                "WINE_USERNS": "1" if self._user else "0",
            },
        )  # fmt: skip
        assert self._guard.stdout is not None
        assert self._guard.stderr is not None
        if self._guard.stdout.readline() != "ready\n":
            said = self._guard.stderr.read().strip()
            self.close()
            raise WineError(f"no sandbox for {name}: {said or 'it ended without a word'}")
        self.first = _child_of(self._guard.pid)

    @property
    def drive(self) -> Path:
        """Drive C: as this process sees it."""
        return Path(f"/proc/{self.first}/root/wine/drive_c")

    def start(
        self, words: Sequence[str], more: Mapping[str, str] | None = None, **pipes: Any
    ) -> subprocess.Popen[bytes]:
        """Start a program inside, in the prefix, with nothing but ``environment`` and ``more``."""
        user = ["--user", "--preserve-credentials"] if self._user else []
        # Without a fixed layout Wine sometimes finds an address taken that it needs, and fails.
        enter = [
            "setarch",
            "-R",
            "nsenter",
            "--target",
            str(self.first),
            *user,
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
        ]
        return subprocess.Popen(
            [*enter, "--root", "--wd", "--", *words],
            env={**self.environment, **(more or {})}, **pipes,
        )  # fmt: skip

    def run(self, *words: str, timeout: float = 60, **more: str) -> int:
        """Run a program inside to its end: its exit code, cut to 8 bits. What it prints is lost.

        Raises WineError after ``timeout`` seconds.
        """
        nothing = subprocess.DEVNULL
        process = self.start(words, more, stdin=nothing, stdout=nothing, stderr=nothing)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise WineError(f"{' '.join(words)} did not end in {timeout:g} seconds") from None

    def end_processes(self) -> None:
        """End every process inside but the first, as losing power does."""
        self.run("/usr/bin/bash", "-c", "kill -KILL -1")

    def close(self) -> None:
        """End everything inside and wait for it."""
        _close(self._guard.stdin)
        try:
            self._guard.wait(10)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        _close(self._guard.stdout)
        _close(self._guard.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _close(file: IO[str] | None) -> None:
    if file is not None:
        with contextlib.suppress(OSError):
            file.close()


def _child_of(pid: int) -> int:
    """The only child of a process (proc_pid_task(5), children)."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return int(text.split()[0])
