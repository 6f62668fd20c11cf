"""Starts endpoint processes and asks them what they saw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any, Self

from bench.contenders import ROOT, Target


@dataclass(frozen=True, slots=True)
class Seen:
    """What the far end counted between ``begin`` and ``end``."""

    exchanges: int
    bytes_in: int
    bytes_out: int
    connections: int
    logons: int
    refused_logons: int
    shells: int
    commands: int
    faults: int


class FarEnd:
    """Some endpoint processes that share the simulated hosts. A context manager."""

    def __init__(self, processes: int = 1) -> None:
        self._stack = ExitStack()
        self._processes: list[subprocess.Popen[str]] = []
        self._ports: list[int] = []
        for _ in range(processes):
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.endpoint"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._stack.callback(_stop, process)
            self._processes.append(process)
        for process in self._processes:
            self._ports.append(int(_said(process)["port"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, hosts: int, latency: float) -> Sequence[Target]:
        """Make so many hosts anew, and hold back each answer by so many seconds from now on.

        Returns addresses and ports; each host has an address of its own.
        """
        ports = self._ports
        targets = [(_address(number), ports[number % len(ports)]) for number in range(hosts)]
        for process, port in zip(self._processes, ports, strict=True):
            own = [address for address, its_port in targets if its_port == port]
            _tell(process, {"do": "begin", "latency": latency, "hosts": own})
        for process in self._processes:
            _said(process)
        return targets

    def end(self) -> Seen:
        """What all processes counted since ``begin``."""
        total: dict[str, int] = dict.fromkeys(Seen.__slots__, 0)
        for process in self._processes:
            _tell(process, {"do": "end"})
            for name, value in _said(process).items():
                total[name] += value
        return Seen(**total)


def _address(number: int) -> str:
    """127.80.0.1 and on, 250 to a net."""
    net, host = divmod(number, 250)
    return f"127.{80 + net // 256}.{net % 256}.{host + 1}"


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the endpoint was started without pipes")
    return stream


def _tell(process: subprocess.Popen[str], order: dict[str, Any]) -> None:
    stdin = _pipe(process.stdin)
    stdin.write(json.dumps(order) + "\n")
    stdin.flush()


def _said(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = _pipe(process.stdout).readline()
    if not line:
        raise RuntimeError(f"the endpoint ended with {process.wait()}")
    said: dict[str, Any] = json.loads(line)
    return said


def _stop(process: subprocess.Popen[str]) -> None:
    _pipe(process.stdin).close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _pipe(process.stdout).close()
