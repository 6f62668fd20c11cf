"""How the OpenSSH of a simulated host is configured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import paramiko

Shell = Literal["cmd", "powershell", "sh"]


@dataclass(frozen=True, slots=True)
class SshOptions:
    """How a host's OpenSSH is configured; the defaults are those of Windows.

    ``shell`` is what starts a command: ``sh`` on a Unix host; on Windows what
    HKLM\\SOFTWARE\\OpenSSH names as DefaultShell. ``max_sessions`` is sshd's own MaxSessions.
    ``sftp`` says whether ``Subsystem sftp`` is set. ``banner`` is what it greets with.
    """

    shell: Shell = "cmd"
    max_sessions: int = 10
    sftp: bool = True
    banner: str = "SSH-2.0-OpenSSH_for_Windows_8.1"
    host_key: paramiko.PKey = field(default_factory=paramiko.ECDSAKey.generate)
