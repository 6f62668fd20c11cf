"""Copying all that is in a folder to a Windows host, or on it.

What differs from the source is on record, entry by entry, as it was found: that is what a
rollback gives back, whatever has become of the source since.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Reply, Request, Script, read
from runner.interfaces.local_file import SourceEntry
from runner.model.state import Change
from runner.modules._parts import win_fetch, win_files
from runner.modules._parts.win_backup import backup_path
from runner.modules._parts.win_copy_params import Params
from runner.modules._parts.win_files import WinFileState
from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER, Seen, look, require_checksum
from runner.windows.paths import quoted
from runner.windows.put import put_with
from runner.windows.put_lines import FAILED_TO_FILL, step

Sources = tuple[SourceEntry, ...]


def probe(params: Params, sources: Sources) -> Generator[Query, Reply, WinFileState]:
    """The folder on the host, and what in it is not as in the source."""
    root = params.root
    above = paths.ancestors(root)
    places = [paths.join(root, source.name) for source in sources]
    files = [place for place, s in zip(places, sources, strict=True) if s.kind == FILE]
    seen = yield from look([root, *above, *places], checksum="sha1", only=files)
    top, folders, found = seen[0], seen[1 : 1 + len(above)], seen[1 + len(above) :]
    entries: list[WinFileState] = []
    differs: list[str] = []
    for source, one in zip(sources, found, strict=True):
        if problem := _problem(params, source, one):
            differs.append(f"{source.name}: {problem}")
            entries.append(win_files.state_of(one, ()))
    state = win_files.state_of(top, folders)
    told = {source.name: source for source in sources}
    return dataclasses.replace(
        state, attributes="", differs=tuple(differs), entries=tuple(entries), told=told
    )


def _problem(params: Params, source: SourceEntry, seen: Seen) -> str:
    """How a path differs from what it shall be; empty when it does not."""
    if seen.kind == ABSENT:
        return ABSENT
    if seen.kind != source.kind:
        return f"is a {seen.kind}"
    if source.kind == FOLDER or not params.force:
        return ""
    require_checksum(seen)
    return "" if seen.checksum == source.checksum else f"content {seen.checksum}"


def sources_on_host(folder: str) -> Generator[Query, Reply, Sources]:
    """What there is to copy in a folder of the host."""
    lines = [f"dir /s /b /a{kind} {quoted(folder)}" for kind in ("d", "-d")]
    listed = yield from read(*(Script("cmd", line, timeout=600) for line in lines))
    found: list[SourceEntry] = []
    for kind, output in zip((FOLDER, FILE), listed, strict=True):
        names = [line.strip("\r") for line in output.stdout.splitlines() if line.strip()]
        for name in names:
            try:
                path = paths.checked(name)
            except ValueError:
                raise ModuleError(
                    f"{folder} holds a name that cannot be handled: {name!r}", hint="rename it"
                ) from None
            below = path[len(folder) :].strip("\\").replace("\\", "/")
            found.append(SourceEntry(below, kind, path, 0))
    files = [entry.path for entry in found if entry.kind == FILE]
    seen = {one.path: one for one in (yield from look(files, checksum="sha1"))} if files else {}
    for one in seen.values():
        require_checksum(one)
    return tuple(
        dataclasses.replace(entry, size=seen[entry.path].size, checksum=seen[entry.path].checksum)
        if entry.kind == FILE
        else entry
        for entry in found
    )


def plan(before: WinFileState) -> WinFileState:
    """The folder with all in it as in the source."""
    if before.kind == FILE:
        raise Refused(f"{before.path} is a file: it cannot be replaced by a folder")
    for line in before.differs:
        if ": is a " in line:
            raise Refused(f"{before.path}\\{line}, and the source is not")
    return WinFileState(FOLDER, path=before.path, above=before.above)


def apply(
    params: Params, change: Change[WinFileState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Make the folders, then write each file that differs."""
    before = change.before
    sources: Mapping[str, SourceEntry] = before.told or {one.name: one for one in params.sources}
    root = before.path
    by_path = {paths.join(root, name): source for name, source in sources.items()}
    new = [one for one in before.entries if one.kind == ABSENT]
    folders = [one.path for one in new if by_path[one.path].kind == FOLDER]
    there = root if before.kind == FOLDER else before.above
    yield from win_files.make_folders([root, *folders], there)
    backups: list[str] = []
    for was in before.entries:
        source = by_path[was.path]
        if source.kind != FILE:
            continue
        backup = backup_path(was.path) if params.backup and was.kind == FILE else ""
        after = win_files.wanted(was, source.checksum, source.size)
        yield from write_one(params, was, after, source, backup)
        backups += [backup] * bool(backup)
    return {"backup_file": backups[0]} if backups else {}


def write_one(
    params: Params, was: WinFileState, after: WinFileState, source: SourceEntry, backup: str = ""
) -> Generator[Request, Reply, None]:
    """Write a file from the controller, or from another one of the host."""
    here = dataclasses.replace(was, above=paths.parent(was.path))
    if params.origin != "host":
        content = params.source_file(source)
        yield from win_fetch.write_content(here, after, content, backup, params.offering)
        return
    spec = win_files.put_spec(was, after, backup)
    copied = f"copy /b /y {quoted(source.path)} {spec.fresh}>nul"
    yield from put_with(spec, step(spec, copied, FAILED_TO_FILL), 600 + source.size / 5_000_000)


def take_back(before: WinFileState) -> Generator[Request, Reply, None]:
    """Give back each entry, the last one first, then the folders that were made."""
    entries: Sequence[WinFileState] = before.entries
    names = [name for one in entries for name in (one.path, one.kept or one.path)]
    now = yield from look(names) if entries else _nothing()
    found_all = list(zip(entries, now[::2], now[1::2], strict=True))
    # An earlier rollback came as far as these, or the change never did.
    same = [was.path for was, seen, kept in found_all if _is_as_before(was, seen, kept)]
    yield from win_files.clear(same)
    for was, seen, _ in reversed(found_all):
        if was.path in same:
            continue
        found = WinFileState(seen.kind, "changed", seen.attributes, path=seen.path)
        here = dataclasses.replace(was, above=paths.parent(was.path))
        yield from win_files.take_back(here, found)
    if before.kind == ABSENT:
        made = WinFileState(FOLDER, path=before.path)
        yield from win_files.take_back(before, made)


def _is_as_before(was: WinFileState, seen: Seen, kept: Seen) -> bool:
    if seen.kind == ABSENT and was.kind == ABSENT:
        return True
    return kept.kind == ABSENT and (seen.size, seen.when) == (was.size, was.when)


def _nothing() -> Generator[Query, Reply, tuple[Seen, ...]]:
    return ()
    yield  # pragma: no cover
