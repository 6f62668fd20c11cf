"""The durable record of runs: write-ahead journal, lock, history. Sees only the model."""

from __future__ import annotations

from runner.journal.journal import Journal
from runner.journal.place import journal_path
from runner.journal.records import (
    JSON,
    ChangeRecord,
    Intent,
    OutcomeRecord,
    PlanGraph,
    RunRecord,
    new_run_id,
)

__all__ = [
    "JSON",
    "ChangeRecord",
    "Intent",
    "Journal",
    "OutcomeRecord",
    "PlanGraph",
    "RunRecord",
    "journal_path",
    "new_run_id",
]
