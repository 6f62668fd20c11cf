"""Files for win_copy to send, over a wire that counts, changes and cuts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts import reconnecting
from runner.errors import ConnectionLost, Unreachable
from runner.interfaces.local_file import survey
from runner.interfaces.shell import Invocation, RawOutput
from runner.windows.put import PIECE
from tests.modules.labhost import LabHost, LabTask

DATA = random.Random(7).randbytes(4 * PIECE + 12_345)
DEST = r"C:\data\big.bin"
Run = Callable[..., RawOutput]


class Wire:
    """What happens to the commands that carry content: counted, changed, cut."""

    def __init__(self, host: LabHost, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[int] = []
        self.cut_at: dict[int, float] = {}
        self.spoil = False
        self.is_down = False
        connection = type(host.link.transport.connect(None, timeout=1))
        self._run: Run = connection.run
        monkeypatch.setattr(
            connection,
            "run",
            lambda link, line, *, timeout: self._carry(link, line, timeout=timeout),
        )
        monkeypatch.setattr(reconnecting, "full_jitter", lambda *_: 0.0)

    def _carry(self, link: Any, invocation: Invocation, *, timeout: float) -> RawOutput:
        if self.is_down:
            raise Unreachable("the host is down")
        data = invocation.stdin
        if data is None:
            return self._run(link, invocation, timeout=timeout)
        self.sent.append(len(data))
        share = self.cut_at.pop(len(self.sent), None)
        if share is not None:
            half = Invocation(invocation.line, data[: int(len(data) * share)])
            self._run(link, half, timeout=timeout)
            raise ConnectionLost("the line was cut", may_have_started=True)
        if self.spoil:
            at = len(data) // 2
            data = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        return self._run(link, Invocation(invocation.line, data), timeout=timeout)


def sending(host: LabHost, path: Path, data: bytes, dest: str = DEST, **more: Any) -> LabTask:
    path.write_bytes(data)
    return host.task(
        "win_copy", src=str(path), dest=dest, origin="file", sources=survey(str(path)), **more
    )


def content(host: LabHost, path: str = DEST) -> Any:
    return host.state["files"].get(path, {}).get("sha1")


def litter(host: LabHost) -> list[str]:
    return [name for name in host.state["files"] if ".runner-" in name]


def with_old_file() -> LabHost:
    """A host whose C:\\data has a file."""
    return LabHost("2008r2-sp1", files={r"C:\data\old.txt": {"content": "old"}})
