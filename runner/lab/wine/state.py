"""What of a Wine machine can be compared: its registry, and files that are not the template's."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final, Protocol

from runner.lab.wine.found import WINE, WineError
from runner.lab.wine.sandbox import Sandbox

_ROOTS: Final = ("HKLM\\Software", "HKLM\\System", "HKCU")
_EXPORT: Final = "runner-export.reg"
_OWN: Final = frozenset({_EXPORT, "windows/stubs.log"})
_COUNTS: Final = "\\control\\servicecurrent"
"""The end of a key in which the service control manager counts the processes it started."""
_VALUE: Final = re.compile(r'^("(?:[^"\\]|\\.)*"|@)=(.*)$', re.DOTALL)


class Machine(Protocol):
    """What is looked at of a Wine machine."""

    name: str

    @property
    def sandbox(self) -> Sandbox:
        """Where it runs."""

    @property
    def drive(self) -> Path:
        """Drive C: as this process sees it."""

    def boot(self) -> None:
        """Start Wine's services, if they do not run yet."""


def exported(text: str) -> dict[str, dict[str, str]]:
    """A .reg file as key -> value name -> data, all as they are written there."""
    keys: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    # A value goes on in the next line after a backslash (hex data) or inside its quotes.
    for line in re.split(r"\r?\n(?=\[|\"|@=|\r?\n|\Z)", text.replace("\\\r\n  ", "")):
        if line.startswith("[") and line.endswith("]"):
            current = keys.setdefault(line[1:-1], {})
        elif found := _VALUE.match(line.rstrip("\r\n")):
            current[found[1]] = found[2]
    return keys


def registry_of(machine: Machine, *roots: str) -> dict[str, dict[str, str]]:
    """What ``reg export`` writes of these keys. Raises WineError when one cannot be exported."""
    keys: dict[str, dict[str, str]] = {}
    machine.boot()
    for root in roots or _ROOTS:
        if machine.sandbox.run(WINE, "reg", "export", root, rf"C:\{_EXPORT}", "/y") != 0:
            raise WineError(f"{machine.name}: {root} cannot be exported")
        path = machine.drive / _EXPORT
        keys |= exported(path.read_bytes().decode("utf-16"))
        path.unlink()
    return {key: values for key, values in keys.items() if not key.lower().endswith(_COUNTS)}


def files_of(machine: Machine) -> dict[str, str]:
    """Files on drive C: that are new or changed since the template, by their SHA-1."""
    top = machine.drive.parents[1] / "layers" / "up" / "drive_c"
    found: dict[str, str] = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if name not in _OWN:
            found[name] = what_is(path)
    return found


def what_is(path: Path) -> str:
    """``folder``, ``deleted`` (a mark in a layer), or the SHA-1 of a file's bytes."""
    if path.is_dir():
        return "folder"
    if path.is_char_device():
        return "deleted"
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def machine_state(machine: Machine) -> dict[str, Any]:
    """Everything that can be compared."""
    return {"registry": registry_of(machine), "files": files_of(machine)}
