"""Which machine and which versions the numbers belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.contenders import ANSIBLE, ROOT

_PACKAGES = ("pywinrm", "pypsrp", "pyspnego", "requests", "urllib3", "cryptography")


def describe() -> dict[str, Any]:
    """The machine, its load just now, and the versions of what is compared."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "commit": _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]),
        "versions": {**{p: _version(p) for p in _PACKAGES}, **_ansible()},
    }


def sentence(machine: dict[str, Any]) -> str:
    """The same for people."""
    versions = ", ".join(f"{name} {value}" for name, value in machine["versions"].items() if value)
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; load before the start "
        f"{machine['load']}; commit {machine['commit'] or 'unknown'}; {versions}"
    )


def _cpu() -> str:
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _ansible() -> dict[str, str]:
    said = _said([str(ANSIBLE / "ansible"), "--version"])
    core = re.search(r"\[core ([^\]]+)\]", said)
    listed = _said([str(ANSIBLE / "ansible-galaxy"), "collection", "list", "ansible.windows"])
    windows = re.search(r"ansible\.windows\s+(\S+)", listed)
    return {
        "ansible-core": core[1] if core else "",
        "ansible.windows": windows[1] if windows else "",
    }


def _said(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    sys.stdout.write(sentence(describe()) + "\n")
