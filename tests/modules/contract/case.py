"""What one case of the contract suite is: a task on a simulated host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SERVER_PARAMETERS: Final = r"HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"
OLD: Final[Mapping[str, Any]] = {
    r"C:\app\web.config": {"content": "old", "attributes": "AHR", "acl": "D:P(A;;FA;;;BA)"},
    r"C:\app\sub dir\b.txt": {"content": "b"},
}
"""Files that are there before."""


@dataclass(frozen=True)
class Case:
    """One task on one host. ``state`` is the lab's: how the host differs from a fresh one.

    ``restart`` says that the change is complete only after a restart, so that undo needs one too.
    ``again`` says that the task changes something every time (Ansible's ``restarted``).
    """

    name: str
    module: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    os: str = "2008r2-sp1"
    state: Mapping[str, Any] = field(default_factory=dict)
    restart: bool = False
    again: bool = False
