"""A machine that does what one word says: enough to watch the protocol around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from runner.lab.machine import PoweredOff
from runner.lab.profiles.table import OsProfile, profile_for


class FakeMachine:
    """Runs ``say``, ``err``, ``both``, ``exit``, ``bytes``, ``cat``, ``env`` and ``wait``."""

    def __init__(self, os: str = "2016", name: str = "web01") -> None:
        self.name = name
        self.profile: OsProfile = profile_for(os)
        self.power = "on"
        self.ran: list[str] = []
        self.ended: list[str] = []
        self._callbacks: list[Callable[[Any], None]] = []
        self._unplugged = threading.Event()

    def subscribe_power(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    def snapshot(self) -> dict[str, Any]:
        return {"ran": list(self.ran)}

    def power_on(self) -> None:
        self._unplugged = threading.Event()
        self._turn("on")

    def power_off(self) -> None:
        self._unplugged.set()
        self._turn("off")

    def crash(self) -> None:
        self.power_off()

    def _turn(self, power: str) -> None:
        self.power = power
        for callback in self._callbacks:
            callback(self)

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
        self.ran.append(line)
        word, _, rest = line.partition(" ")
        if word == "say":
            write("stdout", f"{rest}\r\n".encode())
        elif word == "err":
            write("stderr", f"{rest}\r\n".encode())
        elif word == "both":
            write("stdout", b"out\r\n")
            write("stderr", b"err\r\n")
            write("stdout", b"more\r\n")
        elif word == "bytes":
            write("stdout", bytes(range(256)) * (int(rest) // 256))
        elif word == "cat":
            while data := stdin():
                write("stdout", data)
        elif word == "env":
            write("stdout", f"{env} {cwd} {codepage} {user}".encode())
        elif word == "wait":
            self._wait(cancelled, write)
        self.ended.append(line)
        return int(rest) if word == "exit" else 0

    def _wait(self, cancelled: threading.Event, write: Callable[[str, bytes], None]) -> None:
        """Say hello and run until cancelled or unplugged."""
        write("stdout", b"started\r\n")
        unplugged = self._unplugged
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if cancelled.wait(0.005):
                return
            if unplugged.is_set():
                raise PoweredOff
