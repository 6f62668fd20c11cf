"""Copy a file or a folder of the controller, a text, or something of the host itself, to a host.

Whether something is to be done is known by comparing SHA-1 checksums. Content travels in pieces,
goes into a new file beside the old one, is compared there, and takes its place in one step. What
was there before comes back with a rollback (see ``_parts.file_state``).

Of a folder everything is copied that is in it; what else is in the folder on the host stays. Its
new folders get ``directory_mode``, and a rollback removes them again when they are empty.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.interfaces.loose import said_yes
from runner.model.state import Change
from runner.modules._parts import copy_file, copy_tree, file_change, restoring_posix
from runner.modules._parts.content import CONTENT
from runner.modules._parts.copy_params import Params
from runner.modules._parts.copy_sources import sources_of
from runner.modules._parts.file_state import FOLDER, FileState
from runner.modules._parts.posix import require_posix


class Module(base.Module[Params, FileState]):
    """Brings a file, or all that is in a folder, to a content."""

    params = Params
    state = FileState
    shares = CONTENT
    controller_files: ClassVar[Mapping[str, str]] = {"src": "files"}
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/copy_module.html"
    guide = Guide(
        example=("copy:\n  src: smb.conf\n  dest: /etc/samba/smb.conf"),
        where="posix",
    )

    def controller_file(self, parameter: str, args: Mapping[str, Any]) -> str | None:
        if said_yes(args, "remote_src", default=False):
            return None
        return super().controller_file(parameter, args)

    def filled_in(self, args: Mapping[str, Any], decrypt: base.Decrypt) -> Mapping[str, Any]:
        return sources_of(args, decrypt)

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "copy", "win_copy")
        if params.origin == "directory":
            return (yield from copy_tree.probe(params, params.sources))
        state = yield from copy_file.probe(params)
        if state.source is not None and state.source.kind == FOLDER:
            found = yield from copy_tree.probe_on_host(params, state.source.path)
            return found
        return state

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        if _is_tree(params, before):
            return copy_tree.plan(params, before)
        return copy_file.plan(params, before)

    def apply(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if _is_tree(params, change.before):
            return (yield from copy_tree.apply(params, change))
        return (yield from copy_file.apply(params, change))

    def undo(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from copy_tree.take_back(params, change.before, change.after)
        return {}

    def sweep(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from file_change.sweep(change.before)

    def restore(self, params: Params, change: Change[FileState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.file(change)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        if _is_tree(params, change.before):
            return {"dest": params.dest, "src": params.src, **applied}
        return copy_file.returned(params, change, applied)


def _is_tree(params: Params, before: FileState) -> bool:
    if params.origin == "host":
        return before.source is not None and before.source.kind == FOLDER
    return params.origin == "directory"
