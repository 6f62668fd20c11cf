"""What the WS-Management service needs from the machine behind it, and that machine's limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What a generation of WinRM allows one user, as ``winrm get winrm/config`` shows it.

    Times are seconds, ``envelope`` is bytes. Sources: the configuration that Server 2008 R2 and
    2012 R2 print, and the quotas of [MS-WSMV] 2.2.4.
    """

    shells: int
    operations: int
    processes: int
    idle: float
    envelope: int
    timeout: float = 60.0
    connections: int = 300
    memory_mb: int = 1024
    users: int = 10

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        """The defaults of this operating system."""
        new = profile.winrm_stack == "3.0"
        return cls(
            shells=profile.max_shells,
            operations=profile.max_operations,
            processes=profile.max_processes_per_shell,
            idle={"1.1": 900.0, "2.0": 180.0}.get(profile.winrm_stack, 7200.0),
            envelope=(500 if new else 150) * 1024,
            connections=300 if new else 25,
            memory_mb=1024 if new else 150,
            users=10 if new else 5,
        )
