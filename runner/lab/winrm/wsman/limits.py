"""The limits of a host's WS-Management service."""

from __future__ import annotations

from dataclasses import dataclass

from runner.lab.ports.host import Profile


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
