"""Programs that Wine only pretends to have, and what stands in their place.

Wine's stubs print nothing and return 0, so a test that called one would believe anything. How it
is known of each is Wine's own word: with ``WINEDEBUG=fixme+all`` such a program prints ``stub``
on standard error (``tests/wine/test_stubs.py`` asks every one). Two say nothing of the kind.
"""

from __future__ import annotations

import re
from typing import Final

STUBS: Final = (
    "arp.exe", "cacls.exe", "certutil.exe", "dism.exe", "fc.exe", "findstr.exe", "icacls.exe",
    "msinfo32.exe", "regini.exe", "robocopy.exe", "sdbinst.exe", "secedit.exe",
    "setx.exe", "shutdown.exe", "subst.exe", "systeminfo.exe", "wevtutil.exe", "where.exe",
    "wbem/mofcomp.exe", "WindowsPowerShell/v1.0/powershell.exe",
)  # fmt: skip
"""Calling one of these fails and is noted: ``programs/stub.c`` stands in for it."""

SILENT: Final = {"secedit.exe": "returns 0 and prints nothing whatever it is given"}
"""Stubs that do not call themselves one."""

STAND_INS: Final = {
    "sc.exe": "Wine's has no config, qc, queryex, enumdepend and pause; every failure is 1",
    "tasklist.exe": "Wine's is a stub",
    "netsh.exe": "Wine's is a stub; ours keeps rules of the firewall in the registry, no more",
    "wbem/wmic.exe": "Wine's ignores /value; ours knows only 'os' and 'computersystem'",
}
"""Programs of ours, ``programs/NAME.c``, and why. They ask Wine's system and hold no state;
what they do not know they refuse as a stub is refused."""

PARTLY: Final = {
    r"net1?(\.exe)? +(user|accounts|share|localgroup|group|session|statistics|config|file|view)":
        "Wine's net knows start, stop and use; all else prints its usage and returns 0",
    r"schtasks(\.exe)? +/(query|run|end)": "Wine's schtasks knows /create /xml, /delete, /change",
    r"wusa(\.exe)? ": "Wine's wusa unpacks a package and registers nothing",
    r"sc(\.exe)? +(failure|sdset|sdshow|sidtype|privs)": "not in our sc, nor in Wine's",
}  # fmt: skip
"""What of real programs is a stub: a pattern on command lines, and how Wine's source has it."""

_PARTLY: Final = {re.compile(rf"(?i)(^|[\s&|(@\\\"]){words}"): why for words, why in PARTLY.items()}


def partly_stub(line: str) -> str:
    """Why a command line asks for something that Wine only pretends to do; empty otherwise."""
    return next((why for pattern, why in _PARTLY.items() if pattern.search(line)), "")
