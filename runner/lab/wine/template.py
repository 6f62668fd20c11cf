"""The prefix that every Wine machine is a layer over: made once for a version of Wine and of ours.

Making it takes some seconds and 700 MB in the cache folder. Drive Z: (the whole computer) and the
links from a user's folders to this computer's are taken out of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.lab.wine.found import (
    C_LOCALE,
    COMPILER,
    WINE,
    WINESERVER,
    WineError,
    cache_folder,
    digest,
    missing,
    version,
)
from runner.lab.wine.sandbox import Sandbox
from runner.lab.wine.stubs import STAND_INS, STUBS

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE / "programs"
CHINESE: Final = "zh_CN.UTF-8"
LOCALES: Final = {"enu": "C.UTF-8", "chs": CHINESE}
"""The lab's languages -> what Wine takes its language and code pages from: 437 and 936."""
_LIBRARIES: Final = ("-ladvapi32", "-lole32", "-loleaut32", "-lwbemuuid")
_SYSTEM: Final = "drive_c/windows/system32"
_OVERRIDES: Final = r"HKCU\Software\Wine\DllOverrides"


@dataclass(frozen=True)
class Template:
    """A prefix that nobody starts, the locales that belong to it, and a folder to mount on.

    All machines can use the same folder: each mounts in a namespace of its own.
    """

    prefix: Path
    locales: Path
    empty: Path


def template() -> Template:
    """The template, made if it is not there yet. Raises WineError when it cannot be made."""
    if problem := missing():
        raise WineError(problem)
    sources = [*PROGRAMS.glob("*.[ch]"), *HERE.glob("*.sh"), Path(__file__), HERE / "stubs.py"]
    folder = cache_folder() / f"{version()}-{digest(sources)}"
    done = folder / "complete"
    if not done.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                _make(folder)
                done.touch()
    return Template(folder / "prefix", folder / "locales", folder / "empty")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One maker at a time; the others wait for what it makes."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def compile_program(source: Path, target: Path, *, console: bool = True) -> None:
    """Compile one C file for Windows. Raises WineError with what the compiler said."""
    words = [COMPILER, "-O1", "-s", "-Wall", "-Wextra", "-Wno-missing-field-initializers"]
    if console and "wmain" in source.read_text(encoding="utf-8"):
        words.append("-municode")
    done = subprocess.run(
        [*words, "-o", str(target), str(source), *_LIBRARIES],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode != 0:
        raise WineError(f"{source.name} cannot be compiled: {done.stderr.strip()[:1000]}")


def _make(folder: Path) -> None:
    prefix, locales, empty = folder / "prefix", folder / "locales", folder / "empty"
    prefix.mkdir(parents=True)
    locales.mkdir()
    empty.mkdir()
    # Wine wants the name of a language; what glibc's file says of characters is the same for all.
    shutil.copytree(C_LOCALE, locales / CHINESE)
    with Sandbox(prefix, locales, empty, name="TEMPLATE", writable=True) as sandbox:
        if sandbox.run(WINE, "wineboot", "-i", timeout=300) != 0:
            raise WineError("wineboot could not make a prefix")
        for name in (*STUBS, *STAND_INS):
            program = name.rpartition("/")[2]
            add = ("reg", "add", _OVERRIDES, "/v", program, "/d", "native,builtin", "/f")
            if sandbox.run(WINE, *add) != 0:
                raise WineError(f"reg add of the override for {program} failed")
        sandbox.run(WINESERVER, "-k")
        sandbox.run(WINESERVER, "-w")
    _cut_off(prefix)
    _place_programs(prefix)


def _cut_off(prefix: Path) -> None:
    """Take out every way to this computer's own files."""
    for drive in (prefix / "dosdevices").iterdir():
        if drive.name != "c:":
            drive.unlink()
    for path in (prefix / "drive_c" / "users").rglob("*"):
        if path.is_symlink():
            path.unlink()
            path.mkdir()


def _place_programs(prefix: Path) -> None:
    system = prefix / _SYSTEM
    compile_program(PROGRAMS / "shellhost.c", prefix / "drive_c/windows/shellhost.exe")
    for name in STAND_INS:
        _replace(PROGRAMS / f"{Path(name).stem}.c", system / name)
    first = system / STUBS[0]
    _replace(PROGRAMS / "stub.c", first)
    for name in STUBS[1:]:
        (system / name).unlink(missing_ok=True)
        shutil.copy2(first, system / name)


def _replace(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    compile_program(source, target)
