"""One simulated machine on the bench: commands in, texts and exit codes out, no network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.lab.machine import Machine
from runner.lab.spec import HostSpec

__all__ = ["Bench", "Result", "bench", "changes", "wait_until"]


@dataclass(frozen=True)
class Result:
    """What a command left: texts with `\\n` line ends, the raw bytes, the signed exit code."""

    code: int
    out: str
    err: str
    raw: bytes


class Bench:
    """A machine and a client that speaks to it directly."""

    def __init__(self, machine: Machine, codepage: int) -> None:
        self.machine = machine
        self.codepage = codepage

    def run(
        self,
        line: str,
        *,
        codepage: int | None = None,
        stdin: bytes = b"",
        cancelled: threading.Event | None = None,
    ) -> Result:
        """Run a line to its end."""
        used = codepage or self.codepage
        streams: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        chunks = [stdin] if stdin else []
        code = self.machine.run(
            line,
            write=lambda name, data: streams[name].extend(data),
            stdin=lambda: chunks.pop(0) if chunks else b"",
            codepage=used,
            user="Administrator",
            cwd=None,
            env={},
            cancelled=cancelled or threading.Event(),
        )
        codec = "utf-8" if used == 65001 else f"cp{used}"
        out, err = (
            bytes(streams[name]).decode(codec, "replace").replace("\r\n", "\n")
            for name in ("stdout", "stderr")
        )
        signed = code - (1 << 32) if code >> 31 else code
        return Result(signed, out, err, bytes(streams["stdout"]))

    def ok(self, line: str, **keywords: Any) -> str:
        """Run a line that must succeed; its standard output."""
        result = self.run(line, **keywords)
        assert result.code == 0, (line, result)
        return result.out

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.machine.snapshot()["state"]
        return state

    @property
    def writes(self) -> int:
        return self.machine.counters.writes

    @property
    def not_simulated(self) -> list[str]:
        found: list[str] = self.machine.snapshot()["volatile"]["not_simulated"]
        return found

    def reboot(self) -> None:
        """Restart through the command and wait until the machine answers again."""
        boots = self.machine.snapshot()["volatile"]["boots"]
        self.ok("shutdown /r /f /t 0")
        wait_until(lambda: self.machine.snapshot()["volatile"]["boots"] > boots)


def bench(os: str = "2008r2-sp1", **state: Any) -> Bench:
    """A machine of an operating system; keywords are those of LabState."""
    settings = {"reboot_seconds": 0.02, "update_seconds": 0.0} | state
    spec = HostSpec.model_validate(
        {"name": "web01", "port": 1, "user": "Administrator", "password": "x", "os": os,
         "state": settings}
    )  # fmt: skip
    machine = Machine(spec)
    return Bench(machine, machine.profile.oem_codepage)


def changes(before: Any, after: Any, at: str = "") -> list[str]:
    """Where two states differ, as `path: before -> after`; empty when they are the same."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [] if before == after else [f"{at}: {before!r} -> {after!r}"]
    keys = sorted(set(before) | set(after))
    return [
        line for key in keys for line in changes(before.get(key), after.get(key), f"{at}/{key}")
    ]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that other threads bring about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
