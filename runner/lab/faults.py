"""What can end a simulated program early, other than its own exit code.

LabFault
├── PoweredOff     the machine went down while the command ran, or is down
├── Cancelled      the client ended the command
└── NotSimulated   the lab does not know this tool, verb or switch: loud, never a silent success
"""

from __future__ import annotations

__all__ = ["NOT_SIMULATED_EXIT", "Cancelled", "LabFault", "NotSimulated", "PoweredOff"]

NOT_SIMULATED_EXIT = 0x270F
"""The exit code of everything that the lab does not simulate (9999)."""


class LabFault(Exception):
    """The root of the lab's own exceptions."""


class PoweredOff(LabFault):
    """The machine lost power, was shut down or restarted while a command ran (or is down)."""


class Cancelled(LabFault):
    """The client asked for the end of the command."""


class NotSimulated(LabFault):
    """A tool, verb or switch that exists on Windows but not in the lab."""

    def __init__(self, what: str, exit_code: int = NOT_SIMULATED_EXIT, text: str = "") -> None:
        self.what = what
        self.exit_code = exit_code
        self.text = text or f"lab: not simulated: {what}"
        super().__init__(self.text)
