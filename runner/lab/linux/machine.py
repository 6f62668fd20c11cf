"""A simulated Linux host behind the lab's SSH front.

Its shell and its text tools are this computer's own; they work in namespaces and on files of their
own. What manages packages, services, packet filters and power is the lab's.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

from runner.lab.faults import PoweredOff
from runner.lab.linux.guard import Guard
from runner.lab.linux.kinds import kind_of
from runner.lab.linux.spec import LinuxSpec
from runner.lab.linux.state import state_of
from runner.lab.linux.tree import make_root, shared_usr
from runner.lab.profiles.table import OsProfile
from runner.lab.spec import HostSpec
from runner.lab.state.power import Power

__all__ = ["LinuxMachine"]

_CHUNK: Final = 65536
_GRACE: Final = 0.1
"""Seconds between an accepted restart and the end of connections."""
_KILLED: Final = 137
_POLL: Final = 0.02
"""The longest time between two looks whether a command has ended."""
_LAST_WORDS: Final = 5.0
"""Seconds in which the pipes of a command have to end that was killed."""


class LinuxMachine:
    """One host. Every method may be called from any thread; ``close`` ends it for good.

    Raises ValueError for what it cannot be, NotStarted when it cannot be started.
    """

    def __init__(self, spec: HostSpec, folder: Path) -> None:
        kind = kind_of(spec.os)
        self.name = spec.name
        self.profile: OsProfile = kind.profile
        self._spec = spec.state
        self._user = spec.user.rpartition("\\")[2]
        self._folder = folder / f"host-{re.sub('[^A-Za-z0-9._-]', '_', spec.name)}"
        self._root = self._folder / "root"
        self._usr = shared_usr(kind, folder / "systems")
        short = spec.name.partition(".")[0][:63]
        make_root(self._root, kind, short, self._user, spec.state.linux or LinuxSpec())
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[Any], None]] = []
        self._guard: Guard | None = None
        self._timer: threading.Timer | None = None
        self._power = Power.OFF
        self._boots = 0
        self._booted = 0.0
        self._commands: deque[str] = deque(maxlen=2000)
        if spec.state.powered:
            self._boot()

    # -- power -----------------------------------------------------------------------------------

    @property
    def power(self) -> Power:
        """Whether the host answers now."""
        return self._power

    def subscribe_power(self, callback: Callable[[Any], None]) -> None:
        """Call ``callback`` with this host after every change of power, from any thread."""
        self._callbacks.append(callback)

    def power_on(self) -> None:
        """Switch it on, if it is off."""
        with self._lock:
            if self._power is Power.ON:
                return
            self._boot()
        self._tell()

    def power_off(self) -> None:
        """Shut it down: it stays off until ``power_on``."""
        self._go_down(Power.OFF)

    def crash(self) -> None:
        """Pull the plug. What it had written is there: its files are on this computer's disk."""
        self._go_down(Power.OFF)

    def close(self) -> None:
        """End it and remove its files."""
        self._go_down(Power.OFF, tell=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _boot(self) -> None:
        guard = Guard(self._root, self._usr, self.name.partition(".")[0][:63])
        with self._lock:
            self._guard, self._power = guard, Power.ON
            self._boots += 1
            self._booted = time.time()

    def _go_down(self, power: Power, *, tell: bool = True) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            was, self._power = self._power, power
            guard, self._guard = self._guard, None
        if guard is not None:
            guard.close()
        if tell and was != power:
            self._tell()

    def _tell(self) -> None:
        for callback in list(self._callbacks):
            callback(self)

    def _look_for_a_wish(self) -> None:
        """Whether a command asked for a restart, or to be switched off."""
        wish = self._root / "run/lab/power"
        with self._lock:
            if self._power is not Power.ON or self._timer is not None:
                return
            try:
                restart = wish.read_text("ascii").strip() == "restart"
            except OSError:
                return
            wish.unlink(missing_ok=True)
            self._timer = _timer(_GRACE, lambda: self._shut_down(restart=restart))

    def _shut_down(self, *, restart: bool) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():
                return
            self._timer = None
        self._go_down(Power.RESTARTING if restart else Power.OFF)
        if restart:
            with self._lock:
                self._timer = _timer(self._spec.reboot_seconds, self._come_back)

    def _come_back(self) -> None:
        with self._lock:
            if self._power is not Power.RESTARTING:
                return
            self._timer = None
            self._boot()
        self._tell()

    # -- commands --------------------------------------------------------------------------------

    def run(
        self,
        line: str,
        *,
        write: Callable[[str, bytes], None],
        stdin: Callable[[], bytes],
        codepage: int,
        user: str,
        cwd: str | None,
        env: Mapping[str, str],
        cancelled: threading.Event,
        memory_mb: int | None = None,
    ) -> int:
        """Run ``/bin/sh -c LINE`` to its end; the exit code. Raises PoweredOff.

        Neither ``codepage`` nor ``memory_mb`` mean anything here, and every user is root.
        """
        del codepage, memory_mb, user
        with self._lock:
            guard = self._guard
            if guard is None or self._power is not Power.ON:
                raise PoweredOff(self.name)
            self._commands.append(line)
        if self._spec.latency and cancelled.wait(self._spec.latency):
            return _KILLED
        process = guard.start(self._words(line, cwd, env), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        _feed(process, stdin)
        pumps = [_pump(process.stdout, "stdout", write), _pump(process.stderr, "stderr", write)]
        code = self._wait(process, cancelled)
        for pump in pumps:
            pump.join(None if self._alive(guard) and not cancelled.is_set() else _LAST_WORDS)
        if not self._alive(guard):
            raise PoweredOff(self.name)
        self._look_for_a_wish()
        return code

    def _alive(self, guard: Guard) -> bool:
        return self._guard is guard

    def _words(self, line: str, cwd: str | None, env: Mapping[str, str]) -> list[str]:
        surroundings = {
            "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8", **env,
        }  # fmt: skip
        pairs = [f"{name}={value}" for name, value in surroundings.items()]
        return ["/usr/bin/env", "-i", "-C", cwd or "/root", *pairs, "/bin/sh", "-c", line]

    def _wait(self, process: subprocess.Popen[bytes], cancelled: threading.Event) -> int:
        pause = 0.001
        while (code := process.poll()) is None:
            if cancelled.wait(pause):
                process.kill()
                code = process.wait()
                break
            pause = min(pause * 1.5, _POLL)
        return 128 - code if code < 0 else code

    # -- the record ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """``state`` can be compared; ``volatile`` changes by itself."""
        said = self._root / "run/lab/not_simulated"
        notes = said.read_text("utf-8").splitlines() if said.exists() else []
        return {
            "state": state_of(self._root),
            "volatile": {
                "power": str(self._power),
                "boots": self._boots,
                "boot_time": self._booted,
                "commands": list(self._commands),
                "not_simulated": notes,
                "restart_required": (self._root / "run/reboot-required").exists(),
            },
        }


def _timer(seconds: float, work: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()
    return timer


def _feed(process: subprocess.Popen[bytes], stdin: Callable[[], bytes]) -> None:
    """Forward what the client sends until it has nothing more, or nobody reads it."""

    def work() -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            while data := stdin():
                process.stdin.write(data)
                process.stdin.flush()
        with contextlib.suppress(OSError, ValueError):
            process.stdin.close()

    threading.Thread(target=work, name="linux stdin", daemon=True).start()


def _pump(
    pipe: IO[bytes] | None, stream: str, write: Callable[[str, bytes], None]
) -> threading.Thread:
    assert pipe is not None

    def work() -> None:
        with contextlib.suppress(OSError, ValueError), pipe:
            while data := pipe.read1(_CHUNK):  # type: ignore[attr-defined]
                write(stream, data)

    thread = threading.Thread(target=work, name=f"linux {stream}", daemon=True)
    thread.start()
    return thread
