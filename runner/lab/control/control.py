"""Starting, asking and stopping a lab from another process: what ``runner lab`` calls."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from runner.lab.control_files import (
    LOG,
    RECORD,
    SPEC,
    LabError,
    clean,
    is_running,
    read_record,
    write_private,
)

__all__ = ["Lab", "LabError", "LabHost"]

_STEP: Final = 0.02
"""Seconds between two looks at a process that starts or ends."""
_children: dict[int, subprocess.Popen[bytes]] = {}
"""Labs that this process started: they are its children and have to be reaped by it."""


@dataclass(frozen=True, slots=True)
class LabHost:
    """Where one simulated host answers."""

    name: str
    address: str
    port: int
    scheme: str
    user: str
    os: str

    @property
    def url(self) -> str:
        """The endpoint: of WinRM, or of SSH."""
        path = "" if self.scheme == "ssh" else "/wsman"
        return f"{self.scheme}://{self.address}:{self.port}{path}"


class Lab:
    """A running lab, seen from outside. Every method raises LabError when the lab says no."""

    def __init__(self, directory: Path, record: Mapping[str, Any]) -> None:
        self.directory = directory
        self._record = record

    @classmethod
    def start(cls, spec: Mapping[str, Any], directory: Path, *, timeout: float = 60) -> Self:
        """Start a lab in the background; returns when all its hosts accept connections.

        Its log is ``directory/lab.log``. Raises LabError if one runs there already, if it ends
        at once (the error has the end of its log), or is not ready within ``timeout`` seconds.
        """
        directory = directory.absolute()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_running(directory):
            raise LabError(f"a lab already runs in {directory}; stop it first")
        clean(directory)
        spec_path = directory / SPEC
        write_private(spec_path, json.dumps(spec))
        process = _spawn(spec_path, directory)
        _children[process.pid] = process
        try:
            _await_ready(process, directory, timeout)
        finally:
            spec_path.unlink(missing_ok=True)  # it holds passwords, and has been read
        return cls.attach(directory)

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """The lab that runs in this directory. Raises LabError if there is none."""
        directory = directory.absolute()
        if not is_running(directory):
            raise LabError(f"no lab runs in {directory}")
        return cls(directory, read_record(directory))

    @property
    def pid(self) -> int:
        """The process of the lab."""
        return int(self._record["pid"])

    @property
    def ca(self) -> Path | None:
        """The file with the authority that signed the hosts' certificates; None without https."""
        path = self._record["ca"]
        return Path(path) if path else None

    def hosts(self) -> tuple[LabHost, ...]:
        """All hosts, those without power included."""
        return tuple(LabHost(**host) for host in self._record["hosts"])

    def state(self, host: str) -> dict[str, Any]:
        """Everything about one machine."""
        result: dict[str, Any] = self._call("state", host=host)
        return result

    def exec(
        self, host: str, line: str, codepage: int = 65001, *, timeout: float = 600.0
    ) -> tuple[int, bytes, bytes]:
        """Run a command line on the machine itself, not over WinRM: exit code, stdout, stderr.

        After ``timeout`` seconds the command is told to end.
        """
        result = self._call(
            "exec", timeout + 10, host=host, line=line, codepage=codepage, timeout=timeout
        )
        stdout, stderr = (base64.b64decode(result[name]) for name in ("stdout", "stderr"))
        return int(result["code"]), stdout, stderr

    def power(self, host: str, to: Literal["on", "off", "crash"]) -> None:
        """Switch a machine on or off, or pull its plug."""
        self._call("power", host=host, to=to)

    def fault(self, host: str, kind: str, count: int = 1) -> None:
        """Have the front commit a fault on the next ``count`` occasions; 0 takes it back."""
        self._call("fault", host=host, kind=kind, count=count)

    def counters(self, host: str) -> dict[str, int]:
        """What the front of a host has counted since it was started."""
        result: dict[str, int] = self._call("counters", host=host)
        return result

    def stop(self, *, timeout: float = 20.0) -> None:
        """End the lab and wait until it is gone; by force after ``timeout`` seconds.

        A lab that is gone already is fine.
        """
        with contextlib.suppress(LabError):
            self._call("stop")
        if not self._gone(timeout / 2):
            self._signal(signal.SIGTERM)
        if not self._gone(timeout / 2):
            self._signal(signal.SIGKILL)
        if not self._gone(5.0):
            raise LabError(f"the lab in {self.directory} does not end (process {self.pid})")
        clean(self.directory)

    def _signal(self, number: signal.Signals) -> None:
        if is_running(self.directory):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone(self, timeout: float) -> bool:
        child = _children.get(self.pid)
        deadline = time.monotonic() + timeout
        while is_running(self.directory) or (child is not None and child.poll() is None):
            if time.monotonic() > deadline:
                return False
            time.sleep(_STEP)
        _children.pop(self.pid, None)
        return True

    def _call(self, verb: str, patience: float = 60.0, **arguments: Any) -> Any:
        control = self._record["control"]
        connection = http.client.HTTPConnection(control["address"], timeout=patience)
        headers = {"Authorization": f"Bearer {control['token']}"}
        try:
            connection.request("POST", "/", json.dumps({"verb": verb, **arguments}), headers)
            content = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LabError(
                f"{verb}: the lab in {self.directory} does not answer: {error}"
            ) from error
        finally:
            connection.close()
        if "error" in content:
            raise LabError(str(content["error"]))
        return content.get("result")


def _spawn(spec: Path, directory: Path) -> subprocess.Popen[bytes]:
    package = str(Path(__file__).resolve().parents[3])
    before = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([package, before] if before else [package]),
    }
    with (directory / LOG).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "runner.lab", str(spec), "--dir", str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )


def _await_ready(process: subprocess.Popen[bytes], directory: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not (directory / RECORD).exists():
        if process.poll() is not None:
            _children.pop(process.pid, None)
            raise LabError(f"the lab did not start: {_last_words(directory)}")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            _children.pop(process.pid, None)
            clean(directory)
            raise LabError(
                f"the lab was not ready within {timeout:g} seconds: {_last_words(directory)}"
            )
        time.sleep(_STEP)


def _last_words(directory: Path) -> str:
    text = (directory / LOG).read_text(encoding="utf-8", errors="replace").strip()
    return "\n".join(text.splitlines()[-5:]) or f"{directory / LOG} is empty"
