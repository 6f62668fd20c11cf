"""A machine behind a real WinRM front: it does what one word of a command line says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from runner.lab.machine import PoweredOff
from runner.lab.profiles.table import OsProfile, profile_for

PATIENCE = 20.0
"""Seconds after which a command that waits gives up, so that no test leaves a thread behind."""


class Machine:
    """Knows out, err, both, exit, cat, big, text, slow, nap, rest and wait; no other word does
    anything."""

    name = "web01"

    def __init__(self, os: str = "2016") -> None:
        self.profile: OsProfile = profile_for(os)
        self.power = "on"
        self.ran: list[str] = []
        self.ended: list[str] = []
        self.codepages: list[int] = []
        self.running = threading.Event()
        self.at_end: Callable[[], None] | None = None
        self._callbacks: list[Callable[[Any], None]] = []
        self._unplugged = threading.Event()

    def subscribe_power(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    def snapshot(self) -> dict[str, Any]:
        return {}

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
        del user, cwd, env, memory_mb
        self.ran.append(line)
        self.codepages.append(codepage)
        word, _, rest = line.partition(" ")
        match word:
            case "out" | "err":
                write(f"std{word}", f"{rest}\r\n".encode())
            case "both":
                for stream, text in (("out", "one"), ("err", "two"), ("out", "three")):
                    write(f"std{stream}", f"{text}\r\n".encode())
            case "cat":
                while data := stdin():
                    write("stdout", data)
            case "big":
                write("stdout", bytes(range(256)) * (int(rest) // 256))
            case "text":
                write("stdout", "h\u00e9llo ".encode("cp437" if codepage == 437 else "utf-8"))
            case "slow":
                for number in range(int(rest)):
                    write("stdout", b"%d\r\n" % number)
                    time.sleep(0.05)
            case "nap":
                time.sleep(0.1)  # by now the client waits in Receive
            case "rest":
                cancelled.wait(float(rest))  # and says nothing meanwhile
            case "wait":
                self._wait(cancelled)
        self.ended.append(line)
        if self.at_end is not None:
            self.at_end()
        return int(rest) if word == "exit" else 0

    def _wait(self, cancelled: threading.Event) -> None:
        unplugged = self._unplugged
        self.running.set()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not cancelled.wait(0.005):
            if unplugged.is_set():
                raise PoweredOff
