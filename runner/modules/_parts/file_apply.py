"""How the module ``file`` changes a path, and the attributes below a folder there and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple

from runner.interfaces.exchange import Exec, Reply, Request
from runner.model.state import UNKNOWN
from runner.modules._parts import file_change
from runner.modules._parts.file_change import do, script
from runner.modules._parts.file_params import Params
from runner.modules._parts.file_state import ABSENT, FILE, FOLDER, LINK, FileState
from runner.posix import modes

_LEADS = '[ -e "$1" ] || { echo "src file does not exist: $1" >&2; exit 1; }\n'
_EMPTY = '[ -z "$(ls -A "$1")" ] || { echo "the directory is not empty" >&2; exit 1; }\n'
_WITHOUT = "without 'force' nothing is linked to what does not exist"


def apply(
    params: Params, before: FileState, after: FileState
) -> Generator[Request, Reply, None]:  # fmt: skip
    """Come from one state to the other."""
    if after.kind == ABSENT:
        yield from file_change.remove(before, keep=params.keep)
        return
    made = before
    if (before.kind, before.target, before.hard_link_of) != (
        after.kind, after.target, after.hard_link_of,
    ):  # fmt: skip
        made = yield from _make(params, before, after)
    yield from file_change.set_attributes(made, after)
    yield from _attributes_below(params, before.entries)
    yield from _set_times(made, after)


def _make(
    params: Params, before: FileState, after: FileState
) -> Generator[Request, Reply, FileState]:
    """What was not there; gives the state whose attributes are still to be set."""
    path = after.path
    if after.kind == FOLDER:
        new = file_change.missing(path, before.above)
        owner = f"{after.owner}:{after.group}" if after.group else after.owner
        yield from file_change.mkdir([path], new, owner, after.mode)
        return after
    elif after.kind == LINK:
        if not params.force:
            yield from do(f"link {path} ({_WITHOUT})", script(_LEADS, after.at))
        yield from _make_room(params, before)
        yield from file_change.link(path, after.target)
    elif after.hard_link_of:
        yield from _make_room(params, before)
        yield from file_change.hard_link(path, after.hard_link_of)
    else:
        yield from do(f"make the file {path}", Exec("touch", path))
    return before


def _make_room(params: Params, before: FileState) -> Generator[Request, Reply, None]:
    if before.kind in (ABSENT, LINK) or before.saved is not None:
        return  # the link takes its place in one step
    if before.kind == FOLDER:
        what = f"put a link in place of the directory {before.path}"
        yield from do(what, script(_EMPTY, before.path))
    yield from file_change.remove(before, keep=params.keep or before.kind == FOLDER)


def _set_times(before: FileState, after: FileState) -> Generator[Request, Reply, None]:
    changes: tuple[tuple[str, Any, str], ...] = (
        ("-m", after.modified, before.modified),
        ("-a", after.accessed, before.accessed),
    )
    wanted = {option: moment for option, moment, old in changes if moment != old}
    if before.kind == ABSENT and after.kind == FILE:
        wanted = {option: moment for option, moment in wanted.items() if moment is not UNKNOWN}
    link = ("-h",) if after.kind == LINK and after.at == after.path else ()
    if len(wanted) == 2 and all(moment is UNKNOWN for moment in wanted.values()):
        wanted = {"-c": UNKNOWN}  # the only way for who may write to a file but does not own it
    for option, moment in wanted.items():
        exact = () if moment is UNKNOWN else ("-t", moment)
        command = Exec("touch", "-c", *link, option, *exact, after.at)
        yield from do(f"set the times of {after.at}", command)


class _Group(NamedTuple):
    """Entries that are treated alike."""

    is_link: bool
    owner: str
    mode: str


def _attributes_below(
    params: Params, entries: Iterable[FileState]
) -> Generator[Request, Reply, None]:
    owner = f"{params.owner or ''}:{params.group}" if params.group else params.owner or ""
    groups: dict[_Group, list[str]] = defaultdict(list)
    for entry in entries:
        raw = entry.raw
        mode = ""
        if entry.mode and raw is not None:
            folder = raw.kind == FOLDER
            wanted = modes.parse(params.mode).of(raw.mode, is_folder=folder, umask=entry.umask)
            mode = modes.octal(wanted)
        groups[_Group(entry.kind == LINK, owner, mode)].append(entry.path)
    yield from _set(groups)


def attributes_back(entries: Iterable[FileState]) -> Generator[Request, Reply, None]:
    """The attributes below a folder as they are on record."""
    groups: dict[_Group, list[str]] = defaultdict(list)
    for entry in entries:
        raw = entry.raw
        if raw is not None:
            link = entry.kind == LINK
            owner = f"{raw.uid}:{raw.gid}" if entry.owner or entry.group else ""
            mode = "" if link else modes.octal(raw.mode)
            groups[_Group(link, owner, mode)].append(entry.path)
    yield from _set(groups)


def _set(groups: dict[_Group, list[str]]) -> Generator[Request, Reply, None]:
    for group, paths in groups.items():
        # The deepest first: a folder that is closed now is passed no more.
        for some in file_change.batches(sorted(paths, reverse=True)):
            if group.owner:
                option = ("-h",) if group.is_link else ()
                command = Exec("chown", *option, group.owner, *some)
                yield from do(f"set the owner of {len(some)} entries", command)
            if group.mode:
                command = Exec("chmod", group.mode, *some)
                yield from do(f"set the mode of {len(some)} entries", command)
