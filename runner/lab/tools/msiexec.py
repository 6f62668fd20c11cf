"""msiexec.exe: `/i FILE`, `/x FILE|{CODE}`, silently. Exit codes are Win32 errors.

A package of the lab is a text file: `lab msi {PRODUCT-CODE} VERSION NAME`.
"""

from __future__ import annotations

import re

from runner.lab.state.process import Process

_PACKAGE = re.compile(rb"lab msi (\{[0-9A-F-]{36}\}) (\S+) (.+)")
_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_UNKNOWN_PRODUCT = 1605
_CANNOT_OPEN = 1619
_INVALID = 1620
_BAD_LINE = 1639


def main(process: Process) -> int:
    """Install or uninstall; anything but `/qn` would ask."""
    words = [word for word in process.args if not re.fullmatch(r"[A-Z][A-Z0-9_.]*=.*", word)]
    lower = [word.lower() for word in words]
    if "/qn" not in lower:
        process.not_simulated("msiexec with questions")
    if len(words) < 2 or lower[0] not in ("/i", "/x"):
        return _BAD_LINE
    process.mutates()
    code, version, name = words[1].upper(), "", ""
    if not code.startswith("{"):
        file = process.host.files.find(process.absolute(words[1]))
        if file is None or file.is_dir:
            return _CANNOT_OPEN
        found = _PACKAGE.match(file.content or b"")
        if found is None:
            return _INVALID
        code, version, name = (part.decode() for part in found.groups())
    registry, key = process.host.registry, rf"{_KEY}\{code}"
    if lower[0] == "/x":
        if registry.find(key) is None:
            return _UNKNOWN_PRODUCT
        registry.delete_key(key)
        return 0
    registry.set(key, "DisplayName", name)
    registry.set(key, "DisplayVersion", version)
    registry.set(key, "WindowsInstaller", 1)
    registry.set(key, "UninstallString", f"MsiExec.exe /I{code}", "REG_EXPAND_SZ")
    return 0
