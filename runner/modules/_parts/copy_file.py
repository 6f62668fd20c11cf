"""Copying one file to a host, or on it."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Reply, Request
from runner.model.state import Change
from runner.modules._parts import content as _content
from runner.modules._parts import file_change
from runner.modules._parts.copy_params import Params
from runner.modules._parts.file_state import (
    ABSENT,
    FILE,
    FOLDER,
    RECORDED,
    SHOWN,
    FileState,
    state_of,
)
from runner.posix import modes
from runner.posix.put import put_with
from runner.posix.quoting import quote


def probe(params: Params) -> Generator[Query, Reply, FileState]:
    """What is where the copy goes; with ``source``, what is copied on the host."""
    name, dest = params.name, params.dest
    inside = [posixpath.join(dest, name)] if name else []
    paths = inside if dest.endswith("/") else [dest, *inside]
    account, seen = yield from _content.see(
        params, *paths, follow=params.follow, checksum="sha1", content=RECORDED, only_open=True
    )
    found = seen[-1] if name and seen[0].is_folder else seen[0]
    state = state_of(found, account, params)
    if params.origin != "host" or params.src is None:
        return state
    _, (origin,) = yield from _content.see(
        params, params.src, follow=True, checksum="sha1", content=SHOWN
    )
    return dataclasses.replace(state, source=state_of(origin, account, params))


def plan(params: Params, before: FileState) -> FileState:
    """The wanted state."""
    if before.kind == FOLDER:
        raise Refused(
            "can not use content with a dir as dest"
            if not params.name
            else f"{before.path} is a folder: it cannot be replaced by a file"
        )
    _content.require_file(before, before.path)
    if before.kind != ABSENT and not params.force:
        return before
    checksum, data, mode = _source(params, before)
    if params.checksum and params.checksum.lower() != checksum:
        raise Refused(
            "Copied file does not match the expected checksum. Transfer failed.",
            hint=f"the source has {checksum}, 'checksum' wants {params.checksum}",
        )
    if before.kind == FILE and before.checksum == checksum:
        return _content.unchanged(params, before, mode)
    return _content.with_content(params, before, checksum, data, mode)


def _source(params: Params, before: FileState) -> tuple[str, bytes | None, int | None]:
    """The checksum, the small content and the mode of what is copied."""
    if params.origin != "host":
        content = params.file
        data = b"".join(content.pieces()) if content.size <= SHOWN else None
        mode = params.sources[0].mode if params.sources else None
        checksum = params.sources[0].checksum if params.sources else content.sha1
        return checksum, data, mode
    source = before.source
    if source is None or source.raw is None:
        raise Refused(f"Source {params.src} not found")
    if source.kind != FILE:
        raise Refused(f"Cannot copy invalid source '{params.src}': not a file")
    if not source.checksum:
        raise Refused(f"Source {params.src} not readable", hint="use become: true")
    return source.checksum, source.data, source.raw.mode


def apply(
    params: Params, change: Change[FileState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Write the content where it differs, set attributes, make the folder of ``dest/``."""
    before, after = change.before, change.after
    if params.dest.endswith("/") and before.kind == ABSENT:
        yield from make_folders(params, posixpath.dirname(after.path), before.above)
    if before.kind == FILE and before.checksum == after.checksum:
        yield from file_change.set_attributes(before, after)
        return {}
    if params.origin != "host":
        return (yield from _content.apply_content(params, change, params.file))
    assert before.source is not None  # planned with it
    source = before.source
    # As in Ansible: a file that is replaced takes the source's mode, a new one the umask's.
    mode = source.raw.mode if source.raw and before.kind == FILE else None
    return (yield from copy_on_host(params, before, after, source, mode))


def copy_on_host(
    params: Params,
    before: FileState,
    after: FileState,
    source: FileState,
    source_mode: int | None,
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Write a file from another one of the host. ``source_mode`` is for a file without ``mode``."""
    mode = _content.final_mode(params, before, after)
    if params.mode is None and source_mode is not None:
        mode = source_mode
    size = source.raw.size if source.raw else 0
    spec = file_change.spec_of(before, after, mode, size, params.writing)
    backup = yield from put_with(spec, f'cat <{quote(source.path)} >"$t" || exit 84\n')
    return {"backup_file": backup} if backup else {}


def make_folders(
    params: Params, folder: str, above: str
) -> Generator[Request, Reply, None]:  # fmt: skip
    """A folder and those above it that are missing, with the attributes of new folders."""
    new = file_change.missing(folder, above)
    if new:
        yield from new_folders(params, [folder], new)


def new_folders(
    params: Params, folders: Sequence[str], new: Sequence[str]
) -> Generator[Request, Reply, None]:
    """Make folders; ``new`` are those that are not there yet."""
    owner = f"{params.owner or ''}:{params.group}" if params.group else params.owner or ""
    yield from file_change.mkdir(folders, new, owner, folder_mode(params))


def folder_mode(params: Params) -> str:
    """What chmod is to set on new folders."""
    value = params.directory_mode
    if value is None:
        return ""
    mode = modes.parse(value)
    return modes.octal(mode.fixed) if mode.fixed is not None else mode.symbolic


def returned(
    params: Params, change: Change[FileState], applied: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Ansible's return values."""
    after = change.after
    if change.before.kind != ABSENT and not params.force:
        return {"dest": after.path, "src": params.src, "msg": "file already exists"}
    found = _content.file_returned(change, applied)
    if params.src is not None:
        found["src"] = params.src
    if params.origin != "host":
        try:
            found["md5sum"] = params.file.digest("md5")
        except (ModuleError, ValueError):  # a controller whose policy knows no MD5
            found["md5sum"] = None
    return found
