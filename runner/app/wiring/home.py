"""Where this user's runs keep what is theirs."""

from __future__ import annotations

from pathlib import Path

from runner.errors import JournalError
from runner.journal.place import journal_path


def home() -> Path | None:
    """The folder of the journal, which need not be there yet: it lies on a disk, which a folder for
    temporary files need not. None where there is none; a preview needs no journal."""
    try:
        return journal_path().parent
    except JournalError:
        return None
