"""A rollback of one recorded change, with all that the engine knows of it: states and a status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Writer
from runner.engine.undoing.undo import Undo
from runner.interfaces.module import Module, Params
from runner.journal.records import ChangeRecord
from runner.model.job import JobId
from runner.model.state import Change


def take_back(
    link: Link,
    module: Module[Any, Any],
    params: Params,
    facts: Mapping[str, Any],
    change: Change[Any],
    *,
    left: Any = None,
    half: bool = False,
) -> None:
    """Take a change back; without ``left`` (how the run left it) nobody saw its end.

    ``half`` says that an earlier rollback began to.
    """
    record = ChangeRecord(
        id=1, run="r", sequence=1, started=0.0, job=JobId("step", "here"), item="", task="t",
        module="m", params=None, subject=change.subject, before=None, after=None,
        status="in doubt" if half or left is None else "changed",
    )  # fmt: skip
    after = change.after if left is None else left
    undo = Undo(record.job, record, module, params, change.before, after, change.after, link, facts)
    found = Reader(link).drive(module.probe(params, facts))
    if undo.differ(undo.before, found):
        assert not undo.foreign(found), f"it would call its own doing a conflict: {found}"
        back: Change[Any] = Change(change.subject, undo.target(found), found)
        Writer(link).drive(module.undo(params, back, facts))
    if undo.sweeps:
        Writer(link).drive(module.sweep(params, change, facts))
