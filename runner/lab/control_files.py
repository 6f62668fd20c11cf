"""What a running lab keeps in its directory, and how one knows that it runs.

The lab holds a lock on the directory itself for as long as it lives; the kernel releases it with
the process, however that ends. So a record that was left behind is never taken for a lab.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Final

RECORD: Final = "lab.json"
LOG: Final = "lab.log"
SPEC: Final = "spec.json"
AUTHORITY: Final = "ca.pem"
KNOWN_HOSTS: Final = "known_hosts"
USERS: Final = "users"


class LabError(Exception):
    """The lab cannot be started, reached or asked; the text says what to do."""


class DirectoryLock:
    """The proof of a running lab. Held until ``release`` or the end of the process.

    Raises LabError when another lab holds it. Those who only look hold it for a moment, too:
    so it is tried for ``patience`` seconds.
    """

    def __init__(self, directory: Path, patience: float = 1.0) -> None:
        self._handle = os.open(directory, os.O_RDONLY)
        deadline = time.monotonic() + patience
        while not _locked(self._handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(self._handle)
                raise LabError(f"a lab already runs in {directory}{_who(directory)}")
            time.sleep(0.01)

    def release(self) -> None:
        """Give the directory back."""
        os.close(self._handle)


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _who(directory: Path) -> str:
    try:
        return f" (process {read_record(directory)['pid']})"
    except (LabError, KeyError):
        return ""


def is_running(directory: Path) -> bool:
    """Whether a lab holds this directory."""
    if not directory.is_dir():
        return False
    handle = os.open(directory, os.O_RDONLY)
    try:
        return not _locked(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def write_private(path: Path, text: str) -> None:
    """Put a file in place at once and readable for this user only."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def read_record(directory: Path) -> dict[str, Any]:
    """What the lab in this directory wrote about itself. Raises LabError."""
    try:
        record = json.loads((directory / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"no lab runs in {directory}: its {RECORD} cannot be read") from error
    if not isinstance(record, dict):
        raise LabError(f"{directory / RECORD} is not the record of a lab")
    return record


def clean(directory: Path) -> None:
    """Remove everything but the log."""
    for name in (RECORD, AUTHORITY, KNOWN_HOSTS):
        with contextlib.suppress(FileNotFoundError):
            (directory / name).unlink()
    shutil.rmtree(directory / USERS, ignore_errors=True)
