r"""Files of a Windows host as modules see them: state, what changes them, and the way back.

What a change replaces or removes is never destroyed: it is moved, with its permissions, times and
attributes, into ``X:\runner-backups`` of its own drive X, which is a change of name and takes no
time whatever its size. A rollback moves it back from there; nothing else ever removes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.codec import PASSING
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, write
from runner.interfaces.local_file import LocalFile
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_path_types import PathText as PathText
from runner.modules._parts.win_path_types import SourceText as SourceText
from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER, Seen, look, require_checksum
from runner.windows.paths import quoted
from runner.windows.put import Put, put
from runner.windows.put_lines import ATTRIB, cleared, given, workspace

CONTENT: Final = "content of a file on Windows"
"""Modules that share the predicted state of a file with its content."""

_LONG: Final = 600.0


@dataclass(frozen=True, slots=True)
class WinFileState:
    """One path of a host.

    ``attributes`` are those of R, H and S that are set. ``differs`` is what below a folder is not
    as wanted. What follows is on record for the way back and not compared: ``path``, ``size`` in
    bytes, ``when`` it was changed as the host writes it, ``above`` the nearest folder that was
    there above it, ``kept`` where it is moved when something takes its place. ``told`` is what a
    module learned besides, only while the task is done.
    """

    kind: str = ABSENT
    checksum: str = ""
    attributes: str = ""
    modified: str = ""
    differs: tuple[str, ...] = ()
    path: str = field(default="", compare=False)
    size: int = field(default=0, compare=False)
    when: str = field(default="", compare=False)
    above: str = field(default="", compare=False)
    kept: str = field(default="", compare=False)
    entries: tuple[WinFileState, ...] = field(default=(), compare=False)
    told: Any = field(default=None, compare=False, repr=False, metadata=PASSING)

    @property
    def seen(self) -> Seen:
        """The same for whoever puts a file into place."""
        return Seen(self.path, self.kind, self.attributes, size=self.size, when=self.when)


def require_windows(facts: base.Facts, module: str, instead: str) -> None:
    """Raises ModuleError on a host that is known to have a POSIX shell."""
    shell = facts.get("shell_type", "cmd")
    if shell in ("posix", "sh"):
        raise ModuleError(
            f"'{module}' is for Windows hosts, this one has the shell {shell}",
            hint=f"use '{instead}' there",
        )


def find(path: str, *, checksum: str = "sha1") -> Generator[Query, Reply, WinFileState]:
    """One path as it is now; without ``checksum`` its content is not read."""
    above = paths.ancestors(path)
    seen, *folders = yield from look([path, *above], checksum=checksum, only=[path])
    if checksum:
        require_checksum(seen)
    return state_of(seen, folders)


def find_in(
    dest: str, name: str, *, checksum: str = "sha1"
) -> Generator[Query, Reply, WinFileState]:
    """Where a file goes: to ``dest``, or by its name into ``dest`` where that is a folder."""
    if dest.endswith("\\") and name:
        return (yield from find(paths.join(dest, name), checksum=checksum))
    state = yield from find(dest.rstrip("\\"), checksum=checksum)
    if state.kind == FOLDER and name:
        return (yield from find(paths.join(dest, name), checksum=checksum))
    return state


def state_of(seen: Seen, above: Sequence[Seen]) -> WinFileState:
    """The state of what was seen. ``above`` are the folders above it, the nearest first."""
    there = next((one.path for one in above if one.kind == FOLDER), "")
    drive = paths.root(seen.path)
    return WinFileState(
        kind=seen.kind,
        checksum=seen.checksum,
        attributes=seen.attributes,
        path=seen.path,
        size=seen.size,
        when=seen.when,
        above=there or drive,
        kept=_keep_path(seen),
    )


def _keep_path(seen: Seen) -> str:
    if seen.kind == ABSENT:
        return ""
    word = paths.unique(seen.path, seen.when, str(seen.size), seen.checksum, seen.kind)
    return paths.join(paths.backups(seen.path), f"{paths.name(seen.path)}.{word}")


def wanted(before: WinFileState, checksum: Any, size: int = 0) -> WinFileState:
    """The state of a file with this content; what attributes it has stay."""
    attributes = before.attributes if before.kind == FILE else ""
    return WinFileState(FILE, checksum, attributes, path=before.path, size=size, above=before.above)


def require_file(before: WinFileState) -> None:
    """Raises Refused where a folder is."""
    if before.kind == FOLDER:
        raise Refused(f"{before.path} is a folder: it cannot be replaced by a file")


def require_folder(before: WinFileState) -> None:
    """Raises Refused where the folder that a file goes into is not there."""
    folder = paths.parent(before.path)
    if before.kind == ABSENT and not paths.same(folder, before.above):
        raise Refused(
            f"the folder {folder} does not exist",
            hint="make it first: win_file with state: directory",
        )


def put_spec(before: WinFileState, after: WinFileState, backup: str = "") -> Put:
    """How a file comes from one state to the other."""
    checksum: Any = after.checksum
    return Put(
        path=after.path,
        checksum="" if checksum is UNKNOWN else checksum,
        old=before.seen,
        attributes=after.attributes,
        keep=before.kept if before.kind == FILE else "",
        backup=backup,
    )


def write_content(
    before: WinFileState, after: WinFileState, content: LocalFile, backup: str = ""
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Give a file the wanted content, its folder being there or not."""
    yield from make_folders([paths.parent(after.path)], before.above)
    yield from put(put_spec(before, after, backup), content)
    return {"backup_file": backup} if backup else {}


def make_folders(folders: Sequence[str], above: str) -> Generator[Request, Reply, None]:
    """Make folders with those above them; ``above`` is there already."""
    new = [folder for folder in folders if not paths.same(folder, above)]
    for some in paths.batches(new):
        words = " ".join(
            f"(if not exist {quoted(f)} md {quoted(f)}||exit 1)&" for f in some
        ).rstrip("&")
        yield from do(f"make the folder {some[0]}", words)


def remove(before: WinFileState) -> Generator[Request, Reply, None]:
    """Move something to where it is kept."""
    folder = paths.parent(before.kept)
    lines = [f"(if not exist {quoted(folder)} md {quoted(folder)}||exit 1)"]
    path = quoted(before.path)
    again = ""
    if before.attributes:
        lines.append(f"({ATTRIB} {cleared(before.attributes)} {path}||exit 1)")
        again = f"{ATTRIB} {given(before.attributes)} {path}&"
    lines.append(f"(move /y {path} {quoted(before.kept)}>nul||({again}exit 1))")
    hint = "another program may hold it, or something in it, open"
    yield from do(f"move {before.path} to {folder}", "&".join([*lines, "exit 0"]), hint)


def take_back(was: WinFileState, now: WinFileState) -> Generator[Request, Reply, None]:
    """Give back what was there, as it is on record."""
    path = quoted(was.path or now.path)
    if (was.kind, was.checksum) == (now.kind, now.checksum):
        if was.attributes != now.attributes:
            lines = [f"{ATTRIB} {cleared('RHS')} {path}"]
            lines += [f"{ATTRIB} {given(was.attributes)} {path}"] * bool(was.attributes)
            yield from do(f"set the attributes of {was.path}", "&".join(lines))
        return
    if was.kind == ABSENT:
        yield from _gone(now.path or was.path, now.kind, was.above)
        return
    kept, folder = quoted(was.kept), quoted(paths.parent(was.kept))
    lines = [f"(if not exist {kept} (echo its backup {was.kept} is gone>&2&exit 1))"]
    if now.kind == FILE:
        lines.append(f"(if exist {path} {ATTRIB} {cleared('RHS')} {path})")
    lines.append(f"(move /y {kept} {path}>nul||exit 1)")
    if was.attributes:
        lines.append(f"({ATTRIB} {given(was.attributes)} {path}||exit 1)")
    lines.append(f"(rd {folder} 2>nul)")
    yield from do(f"move {was.kept} back to {was.path}", "&".join([*lines, "exit 0"]))


def _gone(path: str, kind: str, above: str) -> Generator[Request, Reply, None]:
    """Take away what was made, and the folders above it that were made for it, if empty.

    By one line where it fits: a run that dies between two would leave a folder of which nobody
    knows any more that the run had made it.
    """
    name = quoted(path)
    if kind == FOLDER:
        hint = "something else is in it now; look at it and remove it by hand if it can go"
        lines = [f"(rd {name}||exit 1)"]
    else:
        hint = "another program may hold it open"
        lines = [
            f"(if exist {name} {ATTRIB} {cleared('RHS')} {name})",
            f"del /f /q /a {name}",
            f"(if exist {name} exit 1)",
        ]
    first, *later = [*_emptied(path, above, paths.TOGETHER - 6 * len(path) - 200), ""]
    what = f"remove {'the folder ' * (kind == FOLDER)}{path}"
    yield from do(what, "&".join([*lines, *([first] if first else []), "exit 0"]), hint)
    for line in later:
        if line:
            yield from write(Script("cmd", f"{line}&exit 0"))


def _emptied(path: str, above: str, most: int) -> list[str]:
    """Lines that take away the folders above a path up to one, as far as they are empty."""
    made: list[str] = []
    for folder in paths.ancestors(path):
        if paths.same(folder, above):
            break
        made.append(folder)
    return ["&".join(f"rd {quoted(f)} 2>nul" for f in some) for some in paths.batches(made, most)]


def sweep(was: WinFileState) -> Generator[Request, Reply, None]:
    """Take away the folders in which files are made, what was not there if it is an empty folder,
    and empty ones above it."""
    yield from clear([one.path for one in (was, *was.entries) if one.path])
    if was.kind == ABSENT and was.path:
        for line in _emptied(paths.join(was.path, "x"), was.above, paths.TOGETHER):
            yield from write(Script("cmd", f"{line}&exit 0"))


def clear(files: Sequence[str]) -> Generator[Request, Reply, None]:
    """Take away what these files were made in: a line that was cut, or whose input never came to
    its end, leaves that behind."""
    for some in paths.batches([workspace(path) for path in files]):
        line = "&".join(f"(if exist {quoted(f)} rd /s /q {quoted(f)})" for f in some)
        yield from write(Script("cmd", f"{line}&exit 0"))


def do(what: str, line: str, hint: str = "") -> Generator[Request, Reply, Output]:
    """One line that must succeed."""
    output = yield from write(Script("cmd", line, timeout=_LONG))
    if output.code == 0:
        return output
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()
    detail = f": {said[0].strip()}" if said else f": exit code {output.signed}"
    raise ModuleError(f"could not {what}{detail}", hint=hint)


class WinFileModule(base.Module[Any, WinFileState]):
    """A module that brings one file of a Windows host to a content."""

    state = WinFileState
    shares = CONTENT

    def undo(
        self, params: Any, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from take_back(change.before, change.after)
        return {}

    def sweep(
        self, params: Any, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from sweep(change.before)


def planned(before: WinFileState, **changes: Any) -> WinFileState:
    """The state before with some of it changed."""
    return dataclasses.replace(before, **changes)
