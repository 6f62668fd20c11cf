"""What the module ``file`` wants of a path, by what is there."""

from __future__ import annotations

import dataclasses
import posixpath
from typing import Any

from runner.errors import Refused
from runner.model.state import UNKNOWN
from runner.modules._parts.file_params import NOW, PRESERVE, Params
from runner.modules._parts.file_state import (
    ABSENT,
    EMPTY,
    FILE,
    FOLDER,
    LINK,
    FileState,
    with_attributes,
)
from runner.posix import modes


def plan(params: Params, before: FileState) -> FileState:
    """The wanted state. Raises Refused for what Ansible refuses too."""
    wanted = params.state or _present(params, before)
    if params.recurse and wanted != "directory":
        raise Refused("recurse option requires state to be 'directory'")
    if params.src and wanted not in ("link", "hard"):
        raise Refused("src option requires state to be 'link' or 'hard'")
    match wanted:
        case "absent":
            above = posixpath.dirname(before.path)
            return FileState(path=before.path, at=before.path, above=above)
        case "file":
            return _file(params, before)
        case "directory":
            return _folder(params, before)
        case "touch":
            return _touched(params, before)
        case "link":
            return _link(params, before)
    return _hard(params, before)


def _present(params: Params, before: FileState) -> str:
    """The state where none is given: what is there."""
    if before.kind == ABSENT:
        return "directory" if params.recurse else "file"
    if before.kind == FILE and before.raw is not None and before.raw.links > 1:
        return "hard"
    return {LINK: "link", FOLDER: "directory"}.get(before.kind, "file")


def _file(params: Params, before: FileState) -> FileState:
    if before.kind in (ABSENT, FOLDER, LINK):
        hint = "'state: touch' makes an empty file" if before.kind == ABSENT else ""
        raise Refused(f"file ({before.path}) is {before.kind}, cannot continue", hint=hint)
    return _attributes(params, before, before)


def _folder(params: Params, before: FileState) -> FileState:
    if before.kind == ABSENT:
        return _attributes(params, before, _made(before, FOLDER), fresh=0o777)
    if before.kind != FOLDER:
        raise Refused(f"{before.path} already exists as a {before.kind}")
    return _attributes(params, before, dataclasses.replace(before, differs=(), entries=()))


def _touched(params: Params, before: FileState) -> FileState:
    if before.kind == ABSENT:
        after = dataclasses.replace(_made(before, FILE), checksum=EMPTY)
        return _attributes(params, before, after)
    if before.at_raw is None:
        raise Refused(f"{before.path} leads to {before.at}, which does not exist")
    return _attributes(params, before, before)


def _link(params: Params, before: FileState) -> FileState:
    if params.src is None:
        if before.kind != LINK:
            raise Refused("src is required for creating new symlinks")
        return _attributes(params, before, before)
    if before.kind not in (ABSENT, LINK) and not params.force:
        raise Refused(
            f"refusing to convert from {before.kind} to symlink for {before.path}",
            hint="'force: true' puts the link in its place",
        )
    if before.kind == LINK and before.target == params.src:
        return _attributes(params, before, before)
    after = dataclasses.replace(_made(before, LINK), target=params.src, at=before.at)
    return _attributes(params, before, after)


def _hard(params: Params, before: FileState) -> FileState:
    linked = before.raw is not None and before.raw.links > 1
    if params.src is None:
        if not linked:
            raise Refused("src is required for creating new hardlinks")
        return _attributes(params, before, before)
    if before.kind == FILE and before.hard_link_of:
        return _attributes(params, before, before)
    if before.kind == FOLDER:
        raise Refused(f"Cannot link, directory exists at destination {before.path}")
    if before.kind not in (ABSENT, LINK) and not params.force:
        what = "different hard link" if linked else before.kind
        raise Refused(
            f"Cannot link, {what} exists at destination",
            hint="'force: true' puts the link in its place",
        )
    after = dataclasses.replace(_made(before, FILE), hard_link_of=params.src, at=before.at)
    return _attributes(params, before, after)


def _made(before: FileState, kind: str) -> FileState:
    """Something new in its place."""
    return FileState(kind=kind, path=before.path, at=before.path, umask=before.umask)


def _attributes(
    params: Params, before: FileState, after: FileState, fresh: int = 0o666
) -> FileState:
    at = before.at_raw
    if after.kind == LINK and at is None and params.follow:
        return after  # it leads nowhere: nothing has the attributes, as Ansible warns
    is_folder = at.kind == FOLDER if at else after.kind == FOLDER
    after = with_attributes(params, before, after, fresh=fresh, is_folder=is_folder)
    is_link = at.kind == LINK if at else after.kind == LINK
    if is_link and not params.follow:
        after = dataclasses.replace(after, mode="")
    return dataclasses.replace(
        after,
        modified=_time(params.modified, before.modified),
        accessed=_time(params.accessed, before.accessed),
    )


def _time(wanted: str, before: str) -> Any:
    if wanted == PRESERVE:
        return before
    return UNKNOWN if wanted == NOW else wanted


def returned(state: FileState) -> dict[str, Any]:
    """Ansible's return values about what is there."""
    raw = state.raw
    if raw is None:
        return {}
    names = {LINK: "link", FOLDER: "directory"}
    return {
        "mode": (state.mode if state.planned else "") or modes.octal(raw.mode),
        "owner": raw.owner,
        "group": raw.group,
        "uid": raw.uid,
        "gid": raw.gid,
        "size": raw.size,
        "state": names.get(raw.kind, "hard" if raw.links > 1 else "file"),
    }
