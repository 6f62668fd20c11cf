"""Copying all that is in a folder to a host, or on it.

What differs from the source is on record, entry by entry, as it was found: that is what a
rollback gives back, whatever has become of the source since.
"""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Read, Reply, Request, Script, read
from runner.interfaces.local_file import SourceEntry
from runner.model.state import Change
from runner.modules._parts import content as _content
from runner.modules._parts import file_change
from runner.modules._parts.copy_file import copy_on_host, make_folders, new_folders
from runner.modules._parts.copy_params import Params
from runner.modules._parts.file_state import (
    ABSENT,
    FILE,
    FOLDER,
    LINK,
    RECORDED,
    FileState,
    state_of,
)
from runner.posix import modes
from runner.posix.quoting import quote
from runner.posix.seen import Account, Seen

_TOGETHER: Final = 15_000
"""Bytes of the paths that one script looks at."""


def probe(
    params: Params, sources: Sequence[SourceEntry], root: str = ""
) -> Generator[Query, Reply, FileState]:
    """The folder on the host, and what in it is not as in the source."""
    account, (top,) = yield from _content.see(params, root or params.root, literal=bool(root))
    base = top.path.rstrip("/")
    entries: list[FileState] = []
    differs: list[str] = []
    for source, seen in zip(sources, (yield from _look(params, base, sources, top)), strict=True):
        state = _state(params, source, seen, account)
        problem = _problem(params, source, state, seen)
        if problem:
            differs.append(f"{source.name}: {problem}")
            entries.append(state)
    entries = yield from _with_content(params, entries, account)
    return FileState(
        kind=FOLDER if top.is_folder else top.kind,
        differs=tuple(differs),
        path=top.path,
        at=top.path,
        raw=top.raw,
        above=top.above,
        umask=account.umask,
        entries=tuple(entries),
    )


def probe_on_host(params: Params, source: str) -> Generator[Query, Reply, FileState]:
    """The same where the source is a folder of the host."""
    text = f"cd {quote(source)} && find . -mindepth 1 -print0"
    (output,) = yield from read(Script("posix", text, timeout=600))
    if output.code != 0:
        raise ModuleError(f"cannot read {source}: {output.stderr.strip() or output.code}")
    names = sorted(name.removeprefix("./") for name in output.stdout.split("\0") if name)
    if any("\ufffd" in name or "\n" in name for name in names):
        raise ModuleError(f"{source} holds names that cannot be handled", hint="rename them")
    found: list[Seen] = []
    for some in file_change.batches([f"{source}/{name}" for name in names], _TOGETHER):
        how = {"follow": bool(params.local_follow), "checksum": "sha1", "literal": True}
        _, seen = yield from _content.see(params, *some, **how)
        found += seen
    sources = sorted(
        (_source(name, one) for name, one in zip(names, found, strict=True)),
        key=lambda entry: (entry.kind != FOLDER, entry.name),
    )
    state = yield from probe(params, sources)
    origins = tuple(_origin(entry) for entry in sources)
    return dataclasses.replace(state, source=FileState(kind=FOLDER, path=source, entries=origins))


def _source(name: str, seen: Seen) -> SourceEntry:
    if seen.raw is None or seen.kind not in (FILE, FOLDER, LINK):
        raise ModuleError(f"{seen.path} is neither a file nor a folder: it cannot be copied")
    raw = seen.raw
    target = seen.target or "" if seen.kind == LINK else ""
    return SourceEntry(name, seen.kind, seen.real, raw.mode, raw.size, seen.checksum, target)


def _origin(entry: SourceEntry) -> FileState:
    """A source on the host as a state carries it: its name in ``at``, its mode as text."""
    return FileState(
        kind=entry.kind, target=entry.target, checksum=entry.checksum,
        mode=modes.octal(entry.mode), path=entry.path, at=entry.name,
    )  # fmt: skip


def _sources(params: Params, before: FileState) -> Iterator[SourceEntry]:
    if before.source is None:
        yield from params.sources
        return
    for one in before.source.entries:
        mode = int(one.mode, 8)
        yield SourceEntry(one.at, one.kind, one.path, mode, 0, one.checksum, one.target)


def _look(
    params: Params, base: str, sources: Sequence[SourceEntry], top: Seen
) -> Generator[Read, Reply, list[Seen]]:
    paths = [f"{base}/{source.name}" for source in sources]
    if top.raw is None:
        return [Seen(path, path, above=top.above) for path in paths]
    found: list[Seen] = []
    for some in file_change.batches(paths, _TOGETHER):
        how = {"checksum": "sha1", "literal": True}
        _, seen = yield from _content.see(params, *some, **how)
        found += seen
    return found


def _state(params: Params, source: SourceEntry, seen: Seen, account: Account) -> FileState:
    state = state_of(seen, account, params)
    if source.kind != FILE or seen.kind != FILE:
        state = dataclasses.replace(state, mode="")
    # What is above is an entry of its own.
    return dataclasses.replace(state, above=posixpath.dirname(state.path))


def _problem(params: Params, source: SourceEntry, state: FileState, seen: Seen) -> str:
    """In what an entry on the host is not as it shall be."""
    if state.kind == ABSENT:
        return ABSENT
    if source.kind == FOLDER and seen.is_folder and state.kind == LINK:
        return ""  # a link to a folder is as good as one
    if source.kind == FILE and not params.force:
        return ""
    if state.kind != source.kind:
        return f"is a {state.kind}"
    problems = []
    if source.kind == FILE and state.checksum != source.checksum:
        problems.append("another content")
    if source.kind == LINK and state.target != source.target:
        problems.append(f"leads to {state.target}")
    wanted = _mode(params, source, state)
    if wanted is not None and seen.raw is not None and wanted != seen.raw.mode:
        problems.append(f"mode {modes.octal(seen.raw.mode)}, not {modes.octal(wanted)}")
    if params.owner and state.owner != params.owner:
        problems.append(f"owner {state.owner}, not {params.owner}")
    if params.group and state.group != params.group:
        problems.append(f"group {state.group}, not {params.group}")
    return ", ".join(problems)


def _mode(params: Params, source: SourceEntry, state: FileState) -> int | None:
    """The mode that a file shall have; None where nothing is said about it."""
    if source.kind != FILE or params.mode is None:
        return None
    if params.mode == modes.PRESERVE:
        return source.mode
    present = state.raw.mode if state.raw else _content.FRESH & ~state.umask
    return modes.parse(params.mode).of(present, is_folder=False, umask=state.umask)


def _with_content(
    params: Params, entries: list[FileState], account: Account
) -> Generator[Read, Reply, list[FileState]]:
    """The entries with what they hold, where that may go on record."""
    files = [e.path for e in entries if e.kind == FILE and e.raw and e.raw.size <= RECORDED]
    found: dict[str, FileState] = {}
    for some in file_change.batches(files, _TOGETHER):
        how = {"content": RECORDED, "only_open": True, "literal": True}
        _, seen = yield from _content.see(params, *some, **how)
        found |= {one.path: state_of(one, account, params) for one in seen}
    kept = []
    for entry in entries:
        read_again = found.get(entry.path, entry)
        kept.append(
            dataclasses.replace(
                entry,
                saved=read_again.saved,
                saved_as=read_again.saved_as,
                kept=read_again.kept,
                content="",
            )
        )
    return kept


def plan(params: Params, before: FileState) -> FileState:
    """All as in the source."""
    if before.kind not in (ABSENT, FOLDER):
        raise Refused(f"{before.path} is a {before.kind}, and a folder is to be copied there")
    kinds = {entry.name: entry.kind for entry in _sources(params, before)}
    for entry in before.entries:
        wanted = kinds[_name(before, entry)]
        both = {wanted, entry.kind}
        if FOLDER in both and both not in ({FOLDER}, {FOLDER, ABSENT}):
            raise Refused(f"{entry.path} is a {entry.kind}, and a {wanted} is to be copied there")
    return FileState(
        kind=FOLDER, path=before.path, at=before.path, above=before.above, source=before.source
    )


def _name(root: FileState, entry: FileState) -> str:
    return entry.path.removeprefix(root.path.rstrip("/")).lstrip("/")


def apply(
    params: Params, change: Change[FileState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Folders first, then files and links."""
    before = change.before
    by_name = {entry.name: entry for entry in _sources(params, before)}
    if before.kind == ABSENT:
        yield from make_folders(params, before.path, before.above)
    new = [e.path for e in before.entries if by_name[_name(before, e)].kind == FOLDER
           and e.kind == ABSENT]  # fmt: skip
    for some in file_change.batches(new):
        yield from new_folders(params, some, some)
    for entry in before.entries:
        source = by_name[_name(before, entry)]
        if source.kind != FOLDER:
            yield from _bring(params, source, entry, on_host=before.source is not None)
        elif entry.kind == FOLDER:
            yield from file_change.set_attributes(entry, _wanted(params, source, entry))
    return {}


def _bring(
    params: Params, source: SourceEntry, entry: FileState, *, on_host: bool
) -> Generator[Request, Reply, None]:
    wanted = _wanted(params, source, entry)
    if source.kind == LINK:
        if (entry.kind, entry.target) != (LINK, source.target):
            if entry.kind not in (ABSENT, LINK) and entry.saved is None:
                yield from file_change.remove(entry, keep=True)
            yield from file_change.link(entry.path, source.target)
        yield from file_change.set_attributes(entry, dataclasses.replace(wanted, mode=""))
    elif entry.kind == FILE and entry.checksum == source.checksum:
        yield from file_change.set_attributes(entry, wanted)
    elif on_host:
        origin = _origin(source)
        yield from copy_on_host(params, entry, wanted, origin, source.mode)
    else:
        content = params.source_file(source)
        mode = _content.final_mode(params, entry, wanted)
        yield from file_change.write_content(entry, wanted, mode, content, params.writing)


def _wanted(params: Params, source: SourceEntry, entry: FileState) -> FileState:
    """An entry as it shall be."""
    mode = _mode(params, source, entry)
    return FileState(
        kind=source.kind,
        target=source.target,
        checksum=source.checksum,
        mode="" if mode is None else modes.octal(mode),
        owner=params.owner or "",
        group=params.group or "",
        path=entry.path,
        at=entry.path,
        umask=entry.umask,
    )


def take_back(
    params: Params, was: FileState, now: FileState
) -> Generator[Request, Reply, None]:  # fmt: skip
    """Give everything back, in the opposite order."""
    by_name = {entry.name: entry for entry in _sources(params, now)}
    for entry in reversed(was.entries):
        source = by_name.get(_name(was, entry))
        if source is not None:
            yield from file_change.take_back(entry, _wanted(params, source, entry))
    yield from file_change.take_back(was, now)
