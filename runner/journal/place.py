"""Where the journal lies, and who may read it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runner.errors import JournalError

ROOM: Final = 1_000_000
"""Bytes that must be free before a run begins."""
ROOM_PER_HOST: Final = 16_000
"""And for each of its hosts: some tens of changes with their outcomes."""
_ELSEWHERE = "Set RUNNER_HOME to a directory of your own on a local disk."


def journal_path(environ: Mapping[str, str] | None = None) -> Path:
    """``$RUNNER_HOME/journal.db``, or ``runner/journal.db`` in the user's state directory.

    The state directory is ``$XDG_STATE_HOME``, by default ``~/.local/state``; a relative one is
    ignored, as the XDG Base Directory Specification demands. Raises JournalError for a user
    without a home directory.
    """
    known = os.environ if environ is None else environ
    try:
        if home := known.get("RUNNER_HOME"):
            return Path(home).expanduser().absolute() / "journal.db"
        state = Path(known.get("XDG_STATE_HOME") or "")
        if not state.is_absolute():
            state = Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise JournalError(
            f"no place for the journal: this user has no home directory ({error})", hint=_ELSEWHERE
        ) from error
    return state / "runner" / "journal.db"


def prepare(path: Path) -> None:
    """Make the file (0600) and its directory (0700) if they are missing.

    The journal holds the configuration of every host, so a file that others can read is closed
    to them. A directory that others can write to is refused: they could put another file there.
    Raises JournalError when the place cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_open_directory(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be written: {error.strerror}{_owner(path)}",
            hint=f"Nothing was sent: without a journal nothing could be taken back. {_ELSEWHERE}",
        ) from error


def require_room(path: Path, hosts: int) -> None:
    """Refuse to begin what would soon fill the disk: a run that cannot record stops half-way.

    Raises JournalError when less is free than a run on so many hosts may need at least.
    """
    needed = ROOM + hosts * ROOM_PER_HOST
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise JournalError(
            f"only {free / 1e6:.1f} MB are free for the journal {path}, and a run on {hosts} hosts"
            f" needs {needed / 1e6:.1f} MB",
            hint="Free some space, or set RUNNER_HOME. Nothing was sent to any host.",
        )


def _refuse_open_directory(directory: Path) -> None:
    mode = stat.S_IMODE(directory.stat().st_mode)
    if os.name == "posix" and mode & 0o022:
        raise JournalError(
            f"the journal's directory {directory} can be written by others (mode {mode:04o})",
            hint=f"Close it with: chmod 700 {directory}\n  Or: {_ELSEWHERE}",
        )


def _owner(path: Path) -> str:
    """Whose it is, when it is not ours: the usual trace of an earlier run with sudo."""
    for place in (path, path.parent):
        try:
            if os.name == "posix" and place.stat().st_uid != os.geteuid():
                return f" ({place} belongs to {place.owner()})"
        except (OSError, KeyError):
            continue
    return ""
