"""Copy a file or a folder of the controller, a text, or something of the host itself, to a
Windows host.

Whether something is to be done is known by comparing SHA-1 checksums. Content travels in pieces
through standard input, goes into a new file beside the old one, is compared there, and takes its
place (see ``windows/put.py``). A file that is replaced keeps its permissions and attributes, and
comes back with a rollback (see ``win_files``).

Of a folder everything is copied that is in it; what else is in the folder on the host stays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import SourceEntry
from runner.interfaces.loose import said_yes
from runner.model.state import Change
from runner.modules._parts import restoring, win_copy_tree, win_fetch, win_files
from runner.modules._parts.copy_sources import sources_of
from runner.modules._parts.win_backup import backup_path
from runner.modules._parts.win_copy_params import Params
from runner.modules._parts.win_files import WinFileModule, WinFileState
from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER, look, require_checksum


class Module(WinFileModule):
    """Brings a file, or all that is in a folder, to a content."""

    params = Params
    controller_files: ClassVar[Mapping[str, str]] = {"src": "files"}
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_copy_module.html"
    )
    guide = Guide(
        example=("win_copy:\n  src: agent.ini\n  dest: C:\\agent\\agent.ini"),
        using=(Using("cmd, certutil, attrib, icacls, findstr"),),
    )

    def controller_file(self, parameter: str, args: Mapping[str, Any]) -> str | None:
        if said_yes(args, "remote_src", default=False):
            return None
        return super().controller_file(parameter, args)

    def filled_in(self, args: Mapping[str, Any], decrypt: base.Decrypt) -> Mapping[str, Any]:
        return sources_of(args, decrypt)

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_copy", "copy")
        if params.origin == "directory":
            return (yield from win_copy_tree.probe(params, params.sources))
        if params.origin != "host":
            return (yield from win_files.find_in(params.dest, params.name))
        (source,) = yield from look([params.origin_path], checksum="sha1")
        if source.kind == ABSENT:
            raise ModuleError(f"Cannot copy src file: '{params.src}' as it does not exist")
        if source.kind == FOLDER:
            sources = yield from win_copy_tree.sources_on_host(source.path)
            return (yield from win_copy_tree.probe(params, sources))
        require_checksum(source)
        state = yield from win_files.find_in(params.dest, params.name)
        entry = SourceEntry(params.name, FILE, source.path, 0, source.size, source.checksum)
        return dataclasses.replace(state, told=entry)

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        if _is_tree(params, before):
            return win_copy_tree.plan(before)
        win_files.require_file(before)
        if before.kind != ABSENT and not params.force:
            return before
        if not params.dest.endswith("\\"):
            win_files.require_folder(before)
        checksum, size = _wanted(params, before)
        return win_files.wanted(before, checksum, size)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if _is_tree(params, before):
            return (yield from win_copy_tree.apply(params, change))
        backup = backup_path(after.path) if params.backup and before.kind == FILE else ""
        if params.origin != "host":
            content, offering = params.file, params.offering
            return (yield from win_fetch.write_content(before, after, content, backup, offering))
        folder = paths.parent(after.path)
        yield from win_files.make_folders([folder], before.above)
        yield from win_copy_tree.write_one(params, before, after, before.told, backup)
        return {"backup_file": backup} if backup else {}

    def undo(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if _is_folder(change):
            yield from win_copy_tree.take_back(change.before)
        else:
            yield from win_files.take_back(change.before, change.after)
        return {}

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def result(
        self,
        params: Params,
        change: Change[WinFileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        found: dict[str, Any] = {"dest": after.path, **applied}
        if params.src is not None:
            found |= {"src": params.src, "original_basename": params.name}
        if _is_tree(params, change.before):
            return {**found, "operation": "folder_copy"}
        found |= {"checksum": after.checksum, "size": after.size, "operation": "file_copy"}
        return found


def _is_tree(params: Params, before: WinFileState) -> bool:
    if params.origin == "host":
        return isinstance(before.told, dict)
    return params.origin == "directory"


def _is_folder(change: Change[WinFileState]) -> bool:
    return change.after.kind == FOLDER


def _wanted(params: Params, before: WinFileState) -> tuple[str, int]:
    if params.origin != "host":
        if params.origin == "file":
            return params.sources[0].checksum, params.sources[0].size
        content = params.file
        return content.sha1, content.size
    source = before.told
    if not isinstance(source, SourceEntry):
        raise Refused(f"Cannot copy src file: '{params.src}'")
    return source.checksum, source.size
