"""Files and folders of a Windows host: that they are there, or not.

What is removed, a folder with all that is in it too, is not destroyed but moved aside on its drive
(see ``win_files``), so that a rollback gives it back exactly.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring, win_files
from runner.modules._parts.win_files import PathText, WinFileState, do, planned
from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER
from runner.windows.paths import quoted
from runner.windows.put_lines import ATTRIB, cleared, given


class Params(base.Params):
    """Parameters of Ansible's win_file."""

    path: PathText = Field(
        validation_alias=AliasChoices("path", "dest", "name"), description="the file or folder"
    )
    state: Literal["absent", "directory", "file", "touch"] | None = Field(
        None,
        description="directory makes those above it too; file wants one that is there; touch "
        "makes an empty one, or sets the time of one; nothing: what is there stays",
    )


class Module(base.Module[Params, WinFileState]):
    """Brings a path to a kind."""

    params = Params
    state = WinFileState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_file_module.html"
    )
    guide = Guide(
        example=("win_file:\n  path: C:\\agent\n  state: directory"),
        using=(Using("cmd, attrib"),),
        undo="the time that a touched file had",
    )

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_file", "file")
        return (yield from win_files.find(params.path.rstrip("\\"), checksum=""))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        path = before.path
        match params.state, before.kind:
            case "absent", _:
                if paths.is_root(path):
                    raise Refused(f"{path} is the root of a drive: it cannot be removed")
                return WinFileState(path=path, above=before.above)
            case "directory", kind if kind == FILE:
                raise Refused(f"path {path} is not a directory: a file is there")
            case "directory", kind if kind == ABSENT:
                return WinFileState(FOLDER, path=path, above=before.above)
            case "file" | None, kind if kind == ABSENT:
                raise Refused(
                    f"path {path} will not be created", hint="say state: touch, or directory"
                )
            case "file" | "touch", kind if kind == FOLDER:
                raise Refused(f"path {path} is not a file: a folder is there")
            case "touch", kind if kind == ABSENT:
                win_files.require_folder(before)
                return WinFileState(FILE, path=path, above=before.above)
            case "touch", _:
                modified: Any = UNKNOWN
                return planned(before, modified=modified)
        return before

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if after.kind == ABSENT:
            yield from win_files.remove(before)
        elif after.kind == FOLDER:
            yield from win_files.make_folders([after.path], before.above)
        elif before.kind == ABSENT:
            name = quoted(after.path)
            yield from do(f"make {after.path}", f"(if not exist {name} type nul>{name})||exit 1")
        else:
            yield from _touch(before)
        return {}

    def undo(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from win_files.take_back(change.before, change.after)
        return {}

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def irreversible(self, params: Params, change: Change[WinFileState], facts: base.Facts) -> str:
        if change.before.kind == FILE and change.after.kind == FILE:
            return "the time that a file had before cannot be set with cmd"
        return ""


def _touch(before: WinFileState) -> Generator[Request, Reply, None]:
    """``copy /b NAME+,,`` sets the time of a file in the current folder (``copy /?``, "+,,")."""
    name = quoted(f".\\{paths.name(before.path)}")
    lines = [f"(cd /d {quoted(paths.parent(before.path))}||exit 1)"]
    if before.attributes:
        lines.append(f"{ATTRIB} {cleared(before.attributes)} {name}")
    lines.append(f"(copy /b {name}+,,>nul||exit 1)")
    if before.attributes:
        lines.append(f"({ATTRIB} {given(before.attributes)} {name}||exit 1)")
    yield from do(f"set the time of {before.path}", "&".join([*lines, "exit 0"]))
