"""What the simulated hosts answer to command lines, as cheaply as can be.

Behind each host is a machine of the lab, whose commands take 0.1 to 1 ms. PowerShell is not
simulated: a program that arrives for it gets the answer that the real one would print, ready made,
after all of its input has been taken.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runner.lab.machine import Machine
from runner.lab.spec import HostSpec

_ENCODED: Final = re.compile(r"-EncodedCommand\s+([A-Za-z0-9+/=]+)", re.IGNORECASE)
_POWERSHELL: Final = re.compile(r'^"?([^" ]*\\)?powershell(\.exe)?"?(\s|$)', re.IGNORECASE)

# What ansible.windows' modules print.
_WIN_COMMAND: Final = {
    "changed": True,
    "cmd": "hostname",
    "delta": "0:00:00.015625",
    "end": "2024-01-01 00:00:00.015625",
    "rc": 0,
    "start": "2024-01-01 00:00:00.000000",
    "stderr": "",
    "stdout": "bench\r\n",
}
_WIN_SERVICE: Final = {
    "can_pause_and_continue": False,
    "changed": False,
    "depended_by": ["Fax"],
    "dependencies": ["RPCSS", "http"],
    "description": "This service spools print jobs and handles interaction with the printer.",
    "desktop_interact": False,
    "display_name": "Print Spooler",
    "exists": True,
    "name": "Spooler",
    "path": "C:\\WINDOWS\\System32\\spoolsv.exe",
    "start_mode": "auto",
    "state": "running",
    "username": "NT AUTHORITY\\SYSTEM",
}

_WIN_REGEDIT: Final = {"changed": True, "data_changed": False, "data_type_changed": False}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, in pieces, and its exit code."""

    output: tuple[tuple[str, bytes], ...]
    code: int


def wants_input(line: str) -> bool:
    """Whether the command reads its input to the end before it prints anything."""
    return _POWERSHELL.match(line) is not None and not _runs_cmd(line)


class Commands:
    """Runs the command lines of all hosts, one after the other."""

    def __init__(self) -> None:
        self._spec = HostSpec(name="bench", port=0, user="Administrator", password="-", os="2016")
        self._machines: dict[str, Machine] = {}
        self._never = threading.Event()

    def prepare(self, hosts: Iterable[str]) -> None:
        """Have a fresh machine ready for each of these hosts, and for no other."""
        kept = {name: machine for name, machine in self._machines.items() if _is_fresh(machine)}
        self._machines = {name: kept.get(name) or Machine(self._spec) for name in hosts}

    def run(self, host: str, line: str, stdin: bytes) -> Answer:
        """Run a line of cmd to its end."""
        if _POWERSHELL.match(line):
            inner = _runs_cmd(line)
            if inner is None:
                return Answer((("stdout", _module_result(stdin)),), 0)
            line = inner
        pieces: list[tuple[str, bytes]] = []
        rest = [stdin]
        code = self._machine(host).run(
            line,
            write=lambda stream, data: pieces.append((stream, data)),
            stdin=lambda: rest.pop() if rest else b"",
            codepage=65001,
            user="Administrator",
            cwd=None,
            env={},
            cancelled=self._never,
        )
        return Answer(tuple(_joined(pieces)), code)

    def _machine(self, host: str) -> Machine:
        if host not in self._machines:
            self._machines[host] = Machine(self._spec)
        return self._machines[host]


def _is_fresh(machine: Machine) -> bool:
    return machine.counters.writes == 0


def _joined(pieces: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """One piece a stream, as a command that is over before the Receive comes has them."""
    whole: dict[str, bytearray] = {}
    for stream, data in pieces:
        whole.setdefault(stream, bytearray()).extend(data)
    return [(stream, bytes(data)) for stream, data in whole.items()]


def _runs_cmd(line: str) -> str | None:
    """The program in ``-EncodedCommand`` when it is a plain command (ansible.builtin.raw)."""
    found = _ENCODED.search(line)
    if found is None:
        return None
    try:
        script = base64.b64decode(found[1]).decode("utf-16-le").strip()
    except ValueError:
        return None
    return "hostname" if script.splitlines()[-1:] == ["hostname"] else None


def _module_result(stdin: bytes) -> bytes:
    """The JSON of the module whose program was sent."""
    payloads = {b"win_service": _WIN_SERVICE, b"win_regedit": _WIN_REGEDIT}
    found = next((payload for name, payload in payloads.items() if name in stdin), _WIN_COMMAND)
    return json.dumps(found).encode() + b"\r\n"
