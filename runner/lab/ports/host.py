"""What a port needs from the machine behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Profile(Protocol):
    """The facts of an operating system that show in its remote management."""

    @property
    def build(self) -> int: ...
    @property
    def nt(self) -> tuple[int, int]: ...
    @property
    def winrm_stack(self) -> str: ...
    @property
    def oem_codepage(self) -> int: ...
    @property
    def shell_codepages(self) -> str: ...
    @property
    def product_version(self) -> str: ...
    @property
    def max_shells(self) -> int: ...
    @property
    def max_operations(self) -> int: ...
    @property
    def max_processes_per_shell(self) -> int: ...


class Host(Protocol):
    """A machine that runs command lines. Every method may be called from any thread."""

    @property
    def name(self) -> str: ...
    @property
    def profile(self) -> Profile: ...
    @property
    def power(self) -> str: ...

    def subscribe_power(self, callback: Callable[[Any], None]) -> None:
        """Have ``callback`` called with the machine on every change of power."""

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
        """Run ``cmd /c LINE`` to its end; returns the exit code. ``memory_mb`` is what a program
        may take of memory, where there is a limit."""

    def snapshot(self) -> dict[str, Any]:
        """Everything about the machine, for people and tests."""

    def power_on(self) -> None: ...
    def power_off(self) -> None: ...
    def crash(self) -> None: ...
