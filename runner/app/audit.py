"""``runner audit verify``: whether the journal is as it was written."""

from __future__ import annotations

from runner.journal.chain import Audit
from runner.journal.journal import Journal


def verify(expected: str | None) -> Audit:
    """Look at every record; ``expected`` is a head that was kept elsewhere."""
    with Journal.open() as journal:
        journal.recover()
        return journal.audit(expected)
