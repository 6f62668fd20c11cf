"""Files, folders and links of a POSIX host: there, gone, and with which attributes.

What is removed or replaced is kept for a rollback (see ``_parts.file_state``): small files on
record, everything else on the host, in ``/var/lib/runner/backups`` or ``~/.runner-backups``, from
where it is moved back. Without ``keep`` it is deleted for good. Folders that had to be made above a
path are removed again by a rollback when they are empty then.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.model.state import Change
from runner.modules._parts import file_apply, file_change, file_plan, file_probe, restoring_posix
from runner.modules._parts.file_params import Params
from runner.modules._parts.file_state import ABSENT, FILE, FOLDER, LINK, FileState
from runner.modules._parts.posix import require_posix


class Module(base.Module[Params, FileState]):
    """Brings one path to a state."""

    params = Params
    state = FileState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html"
    guide = Guide(
        example=("file:\n  path: /srv/quarantine\n  state: directory"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "file", "win_file")
        return (yield from file_probe.probe(params))

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        return file_plan.plan(params, before)

    def apply(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from file_apply.apply(params, change.before, change.after)
        return {}

    def undo(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was, now = change.before, change.after
        yield from file_apply.attributes_back(was.entries)
        yield from file_change.take_back(was, now)
        return {}

    def sweep(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from file_change.sweep(change.before)

    def irreversible(self, params: Params, change: Change[FileState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        gone = before.kind not in (ABSENT, LINK) and after.kind != before.kind
        if gone and not params.keep and before.saved is None:
            return "what is removed is not kept (keep: false)"
        return ""

    def restore(self, params: Params, change: Change[FileState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.file(change)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        path = after.path or params.path
        state = params.state or {LINK: "link", FOLDER: "directory", FILE: "file"}.get(after.kind)
        found: dict[str, Any] = {"dest" if state in ("touch", "link", "hard") else "path": path}
        if state in ("link", "hard"):
            found["src"] = params.src or after.target
        if after.kind == ABSENT:
            return {**found, "state": "absent"}
        return {**found, **file_plan.returned(after)}
