"""What Windows Defender of a simulated machine has found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FRESH", "KEY", "NEWEST", "TEST_FILE", "Threat"]

KEY = r"HKLM\SOFTWARE\Microsoft\Windows Defender"
FRESH = "1.237.1.0"
"""Signatures that a machine is found with: older than WannaCry."""
NEWEST = "1.401.22.0"
"""Signatures that an update brings."""
TEST_FILE = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
"""What every antivirus finds: the test file of EICAR (eicar.org)."""


@dataclass(frozen=True, slots=True)
class Threat:
    """Something that a scan found; active while it is still where it was."""

    name: str
    path: str
    active: bool
