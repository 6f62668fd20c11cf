"""What a Wine machine needs of this computer, and what is missing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

PACKAGES: Final = "wine64 gcc-mingw-w64-x86-64-win32"
WINE: Final = "/usr/lib/wine/wine64"
WINESERVER: Final = "/usr/lib/wine/wineserver64"
"""Debian's wrapper of it adds ``-p0``: a server that ends with its last client."""
COMPILER: Final = "x86_64-w64-mingw32-gcc"
CACHE: Final = "RUNNER_WINE_CACHE"
"""The environment variable that names the folder for templates."""


class WineError(Exception):
    """There is no Wine machine here; the text says why and what to install."""


def missing() -> str:
    """What is not installed, as a sentence; empty when all is there."""
    if not Path(WINE).exists() or not Path(WINESERVER).exists():
        return f"Wine is not installed (Debian: apt-get install {PACKAGES})"
    if shutil.which(COMPILER) is None:
        return f"the compiler for Wine's stand-ins is missing (Debian: apt-get install {PACKAGES})"
    if not C_LOCALE.is_dir():
        return f"there is no {C_LOCALE} (glibc's C.UTF-8 locale)"
    return ""


C_LOCALE: Final = Path("/usr/lib/locale/C.utf8")


@cache
def version() -> str:
    """Wine's version, such as ``wine-8.0``. Raises WineError when it does not run."""
    environment = {"PATH": "/usr/bin:/bin", "WINEDEBUG": "-all"}
    try:
        done = subprocess.run(
            [WINE, "--version"],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WineError(f"{WINE} does not run: {error}") from error
    if done.returncode != 0 or not done.stdout.startswith("wine-"):
        raise WineError(f"{WINE} does not run: {done.stderr.strip()[:300]}")
    return done.stdout.split()[0]


def cache_folder() -> Path:
    """Where templates are kept: $RUNNER_WINE_CACHE, else the user's cache folder."""
    if named := os.environ.get(CACHE):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "runner" / "wine"


def digest(files: list[Path]) -> str:
    """A short name for the contents of files."""
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]
