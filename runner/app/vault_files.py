"""Files that hold secrets: read whole, replaced whole, edited in private, wiped afterwards."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from runner.errors import InputError, RunnerError, UsageError

STANDARD: Final = "-"
"""The file name that stands for standard input or output."""
_OWNER_ONLY: Final = 0o600
_OWNERS: Final = stat.S_IRWXU
_EVERYBODYS: Final = 0o7777
"""Which bits of a file's mode stay when its content is replaced."""
_EDITOR: Final = "vi"
"""What edits where $EDITOR says nothing (as in Ansible)."""


def read(name: str) -> bytes:
    """A file's content, or that of standard input. Raises InputError."""
    if name == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {name}: {_reason(error)}") from None


def write(name: str, content: bytes, *, wipe: bool = False, private: bool = False) -> None:
    """Put a content in a file's place: at every moment it is the old one or the new one, whole.

    Mode and owner stay; a new file is its owner's alone. A symbolic link stays one. ``wipe``: the
    old content is secret, so it is overwritten on the disk as well (what a journalling or
    log-structured file system, a snapshot or a flash drive keeps of it is out of reach).
    ``private``: the new content is secret, so nobody but the owner keeps a right to the file.
    Raises RunnerError.
    """
    if name == STANDARD:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    target = Path(name).resolve()
    try:
        old = target.stat() if target.exists() else None
        if old is not None and not stat.S_ISREG(old.st_mode):
            target.write_bytes(content)  # a pipe or a device
            return
        with _descriptor(target, wanted=wipe and old is not None) as previous:
            _replace(target, content, old, _OWNERS if private else _EVERYBODYS)
            if previous is not None:
                _overwrite(previous)
    except OSError as error:
        raise RunnerError(f"cannot write {name}: {_reason(error)}") from None


def _replace(target: Path, content: bytes, old: os.stat_result | None, kept: int) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if old is not None:
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode) & kept)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


@contextmanager
def _descriptor(target: Path, *, wanted: bool) -> Iterator[int | None]:
    """The old file held open, so that it can be overwritten after it has lost its name.

    None where it cannot be written to, and where it has another name that must stay as it is.
    """
    descriptor = None
    if wanted:
        with contextlib.suppress(PermissionError):
            descriptor = os.open(target, os.O_WRONLY)
    try:
        lonely = descriptor is not None and os.fstat(descriptor).st_nlink == 1
        yield descriptor if lonely else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    left = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, bytes(min(left, 1 << 20)))
    os.fsync(descriptor)


def edited(content: bytes, suffix: str) -> bytes:
    """The content after a person has changed it with $EDITOR.

    It lies in a file of a private folder only while the editor runs; then every file there, the
    editor's own copies too, is overwritten and removed. Raises RunnerError when the editor fails.
    """
    with _cleaning_up_when_told_to_end(), _private_copy(content, suffix) as copy:
        _run_editor(copy)
        try:
            return copy.read_bytes()
        except OSError as error:
            raise RunnerError(f"the editor left no file: {_reason(error)}") from None


@contextmanager
def _private_copy(content: bytes, suffix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="runner-vault-"))  # mode 0700
    try:
        copy = folder / f"vaulted{suffix}"
        handle = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield copy
    finally:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(OSError), path.open("r+b") as file:
                    _overwrite(file.fileno())
        shutil.rmtree(folder)


def _run_editor(path: Path) -> None:
    said = os.environ.get("EDITOR") or _EDITOR
    try:
        command = [*shlex.split(said), str(path)]
    except ValueError:
        raise UsageError(f"$EDITOR cannot be read: {said}") from None
    # Ctrl-C is for the editor, which shares the terminal with us.
    old = _on_signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        hint = "say which editor to use with the environment variable EDITOR"
        raise UsageError(f"cannot start the editor '{said}': {_reason(error)}", hint=hint) from None
    finally:
        _on_signal(signal.SIGINT, old)
    if code:
        raise RunnerError(f"the editor '{said}' ended with {code}: nothing was saved")


@contextmanager
def _cleaning_up_when_told_to_end() -> Iterator[None]:
    """A signal that would end the process at once ends it through every ``finally``."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    old = {number: _on_signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            _on_signal(number, handler)


def _on_signal(number: signal.Signals, handler: Any) -> Any:
    """Set a handler, and give the one before it; only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(number, handler)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
