"""Wine machines for tests: cmd, reg, net and the service control manager that we did not write."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from runner.lab.spec import HostSpec
from runner.lab.wine.found import CACHE, WineError, missing
from runner.lab.wine.machine import WineMachine
from runner.lab.wine.sandbox import user_namespace
from runner.lab.wine.state import files_of, registry_of
from runner.lab.wine.template import Template, template
from tests.lab.machine_bench import Result

ROOT = Path(__file__).parent.parent.parent
IN_CI = bool(os.environ.get("CI"))


def require_wine() -> Template:
    """The template; skips where Wine is missing or may not run. Under CI that is a failure."""
    os.environ.setdefault(CACHE, str(ROOT / "build" / "wine"))
    problem = missing()
    if not problem:
        try:
            user_namespace()
            return template()
        except WineError as error:
            problem = str(error)
    if IN_CI:
        pytest.fail(f"these tests need Wine: {problem}")
    pytest.skip(problem)


class WineBench:
    """A Wine machine and a client that speaks to it directly, as tests.lab.machine_bench.Bench."""

    def __init__(
        self, template: Template, *, language: str = "enu", os: str = "2008r2-sp1"
    ) -> None:
        self.machine = WineMachine(
            HostSpec.model_validate(
                {"name": "WEB01", "port": 0, "user": "Administrator", "password": "x", "os": os,
                 "state": {"language": language}}
            ),
            template,
        )  # fmt: skip
        self.codepage = self.machine.profile.oem_codepage

    def run(
        self,
        line: str,
        *,
        codepage: int | None = None,
        stdin: bytes = b"",
        cwd: str | None = None,
        cancelled: threading.Event | None = None,
        **env: str,
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
            cwd=cwd,
            env=env,
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

    def registry(self, *roots: str) -> dict[str, dict[str, str]]:
        """What ``reg export`` writes, without what changes by itself."""
        return registry_of(self.machine, *roots)

    def files(self) -> dict[str, str]:
        """Files that differ from a fresh machine's."""
        return files_of(self.machine)

    def everything(self) -> dict[str, Any]:
        """All that can be compared."""
        return {"registry": self.registry(), "files": self.files()}

    @property
    def not_simulated(self) -> list[str]:
        return self.machine.not_simulated

    def no_stub_was_called(self, since: int = 0) -> None:
        """Fails when a program was called that Wine only pretends to have."""
        called = self.not_simulated[since:]
        assert not called, f"Wine has only stubs of these: {called}"
