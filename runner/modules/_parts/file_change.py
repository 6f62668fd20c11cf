"""What changes files of a POSIX host: content, attributes, links, folders; and all of it back."""

from __future__ import annotations

import posixpath
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Reply, Request, Script, write
from runner.interfaces.local_file import LocalFile
from runner.modules._parts.file_state import ABSENT, FILE, FOLDER, LINK, FileState, sha1
from runner.posix.put import Put, put, touch
from runner.posix.quoting import join, quote
from runner.posix.tools import expect

_LONG: Final = 3600.0
"""Seconds for moving something to another file system."""
_SPECIAL: Final = 0o6000

_KEEP: Final = """\
umask 077
[ ! -e "$2" ] && [ ! -L "$2" ] || { echo "$2 is there already" >&2; exit 1; }
mkdir -p "${2%/*}" && mv -f "$1" "$2"
"""
_EMPTIED: Final = 'for d; do rmdir "$d" 2>/dev/null || break; done; :\n'
_NO_FOLDER: Final = f"""\
if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir "$1" || exit 1; fi
shift; {_EMPTIED}"""
_NO_FILE: Final = f"""\
rm -f "$1" || exit 1
shift; {_EMPTIED}"""
# It may be back already: an earlier rollback that was cut short came as far as this.
_RESTORE: Final = """\
if [ ! -e "$2" ] && [ ! -L "$2" ]; then
[ ! -f "$1" ] || [ "$(wc -c <"$1")" -ne "$3" ] || exit 0
echo "its backup $2 is gone" >&2; exit 1
fi
if [ -L "$1" ]; then rm -f "$1" || exit 1; fi
mv -f "$2" "$1"
"""
_LINK: Final = """\
t=${1%/*}/.runner-$$
ln -s -- "$2" "$t" || exit 1
if mv -fT "$t" "$1" 2>/dev/null; then exit 0; fi
rm -f "$1" && mv -f "$t" "$1" || { rm -f "$t"; exit 1; }
"""
_HARD: Final = """\
t=${1%/*}/.runner-$$
ln -- "$2" "$t" && mv -f "$t" "$1" || { rm -f "$t"; exit 1; }
"""


@dataclass(frozen=True, slots=True)
class Writing:
    """How the content of a file is put into place."""

    backup: bool = False
    validate: tuple[str, ...] = ()
    unsafe: bool = False


def script(text: str, *values: str, timeout: float | None = None) -> Script:
    """A text of ours with its ``$1``, ``$2`` and so on."""
    words = " ".join(map(quote, values))
    return Script("posix", f"set -- {words}\n{text}", timeout=timeout)


def write_content(
    before: FileState, after: FileState, mode: int, content: LocalFile, how: Writing
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Give a file the wanted content and attributes; gives the ``backup_file``, if there is one."""
    spec = spec_of(before, after, mode, content.size, how)
    backup = yield from put(spec, content)
    return {"backup_file": backup} if backup else {}


def spec_of(before: FileState, after: FileState, mode: int, size: int, how: Writing) -> Put:
    """What is put into place to come from one state to the other."""
    return Put(
        path=after.path,
        checksum=after.checksum,
        mode=mode,
        owner=ownership(before, after),
        size=size,
        keep=before.kept if before.kind == FILE else "",
        backup=how.backup,
        validate=how.validate,
        unsafe=how.unsafe,
    )


def ownership(before: FileState, after: FileState) -> str:
    """What chown is to set to come from one state to the other; by number on the way back."""
    raw = None if after.planned else after.at_raw
    changed_owner, changed_group = before.owner != after.owner, before.group != after.group
    owner = (str(raw.uid) if raw else after.owner) if changed_owner else ""
    group = (str(raw.gid) if raw else after.group) if changed_group else ""
    return f"{owner}:{group}" if group else owner


def set_attributes(before: FileState, after: FileState) -> Generator[Request, Reply, None]:
    """Owner, group, mode and times of something that is there and stays."""
    path = after.at
    owner = ownership(before, after)
    is_link = (before.at_raw or after.at_raw) is not None and _kind_at(before, after) == LINK
    if owner:
        option = ("-h",) if is_link else ()
        yield from do(f"set the owner of {path}", Exec("chown", *option, owner, path))
    mode = after.mode if after.mode != before.mode else ""
    if owner and not mode and after.at_raw and after.at_raw.mode & _SPECIAL and not after.planned:
        mode = f"{after.at_raw.mode:04o}"  # chown takes these bits away
    if mode and not is_link:
        yield from do(f"set the mode of {path}", Exec("chmod", mode, path))


def restore_times(now: FileState, was: FileState) -> Generator[Request, Reply, None]:
    """The times of something as they were on record."""
    raw = was.at_raw
    if raw is None or now.modified == was.modified:
        return
    text = touch('"$1"', "m", raw.modified) + touch('"$1"', "a", raw.accessed)
    yield from do(f"set the times of {was.at}", script(text, was.at))


def remove(before: FileState, *, keep: bool) -> Generator[Request, Reply, None]:
    """Take something away; what is not on record stays on the host, where the record says."""
    path = before.path
    if before.kind == ABSENT:
        return
    if keep and before.kind != LINK and before.saved is None:
        move = script(_KEEP, path, before.kept, timeout=_LONG)
        yield from do(f"move {path} to {before.kept}", move)
    elif before.kind == FOLDER:
        yield from remove_folder(path)
    else:
        yield from do(f"remove {path}", Exec("rm", "-f", path))


def remove_folder(path: str, above: str = "") -> Generator[Request, Reply, None]:
    """Take an empty folder away. Raises ModuleError when it holds something."""
    made = missing(posixpath.dirname(path), above)[::-1]
    output = yield from write(script(_NO_FOLDER, path, *made))
    if output.code != 0:
        raise ModuleError(
            f"the folder {path} was made by the run, but it cannot be removed: "
            f"{(output.stderr.strip() or 'it is not empty').splitlines()[0]}",
            hint="something else is in it now; look at it and remove it by hand if it can go",
        )


def _gone(path: str, kind: str, above: str) -> Generator[Request, Reply, None]:
    """Take away what was made, and the folders above it that were made for it, if empty.

    By one script: a run that dies between two would leave a folder of which nobody knows any more
    that the run had made it.
    """
    if kind == FOLDER:
        yield from remove_folder(path, above)
    elif kind != ABSENT:
        made = missing(posixpath.dirname(path), above)[::-1]
        yield from do(f"remove {path}", script(_NO_FILE, path, *made))


def sweep(was: FileState) -> Generator[Request, Reply, None]:
    """Take away the empty folders above what was not there, up to the one that was."""
    made = missing(posixpath.dirname(was.path), was.above)[::-1]
    if was.kind == ABSENT and made:
        yield from write(script(_EMPTIED, *made))


def missing(path: str, above: str) -> list[str]:
    """The folders down to ``path`` that do not exist where ``above`` is the last that does."""
    found: list[str] = []
    while path not in (above, "/", ""):
        found.append(path)
        path = posixpath.dirname(path)
    return found[::-1] if path == above else []


def link(path: str, target: str) -> Generator[Request, Reply, None]:
    """A symbolic link in place of whatever file or link is there."""
    yield from do(f"link {path} to {target}", script(_LINK, path, target))


def hard_link(path: str, source: str) -> Generator[Request, Reply, None]:
    """Another name of a file, in place of whatever file is there."""
    yield from do(f"link {path} to {source}", script(_HARD, path, source))


def take_back(was: FileState, now: FileState) -> Generator[Request, Reply, None]:
    """Give back what was there, as it is on record."""
    path = was.path or now.path
    if _is_same_object(was, now):
        if was.kind != ABSENT or was.at_raw is not None:
            yield from set_attributes(now, was)
            yield from restore_times(now, was)
        return
    if was.at != path and was.at_raw is not None:
        yield from set_attributes(now, was)  # of what a link leads to
    if was.kind == ABSENT:
        yield from _gone(path, now.kind, was.above)
        return
    if now.kind == FOLDER:
        yield from remove_folder(path)
    if was.kind == LINK:
        yield from link(path, was.target)
        if was.raw is not None:
            owner = f"{was.raw.uid}:{was.raw.gid}"
            yield from do(f"set the owner of {path}", Exec("chown", "-h", owner, path))
        return
    content = was.old_content
    if was.kind == FILE and content is not None:
        yield from _put_back(was, path, content)
        return
    size = str(was.raw.size) if was.raw else "-1"
    move = script(_RESTORE, path, was.kept, size, timeout=_LONG)
    yield from do(f"move {was.kept} back to {path}", move)


def _put_back(was: FileState, path: str, content: bytes) -> Generator[Request, Reply, None]:
    raw = was.raw
    assert raw is not None  # what is on record was found
    spec = Put(
        path=path,
        checksum=sha1(content),
        mode=raw.mode,
        owner=f"{raw.uid}:{raw.gid}",
        size=len(content),
        modified=raw.modified,
        accessed=raw.accessed,
    )
    yield from put(spec, LocalFile(path, content))


def mkdir(
    paths: Sequence[str], new: Sequence[str] = (), owner: str = "", mode: str = ""
) -> Generator[Request, Reply, None]:
    """Make folders, and give those that are ``new`` an owner and a mode, in one go."""
    commands = [["mkdir", "-p", *paths]]
    if new and owner:
        commands.append(["chown", owner, *new])
    if new and mode:
        commands.append(["chmod", mode, *new])
    what = f"make the folder {paths[0]}" if len(paths) == 1 else f"make {len(paths)} folders"
    whole = Script("posix", " && ".join(map(join, commands)))
    yield from do(what, Exec(*commands[0]) if len(commands) == 1 else whole)


def do(what: str, command: Exec | Script) -> Generator[Request, Reply, None]:
    """One command that must succeed."""
    expect((yield from write(command)), what)


def batches(paths: Sequence[str], most: int = 20_000) -> Iterator[list[str]]:
    """Paths in groups that fit into one command line."""
    group: list[str] = []
    used = 0
    for path in paths:
        size = len(path.encode()) + 4
        if group and used + size > most:
            yield group
            group, used = [], 0
        group.append(path)
        used += size
    if group:
        yield group


def _is_same_object(one: FileState, other: FileState) -> bool:
    return (one.kind, one.target, one.hard_link_of, one.checksum) == (
        other.kind,
        other.target,
        other.hard_link_of,
        other.checksum,
    )


def _kind_at(before: FileState, after: FileState) -> str:
    raw = before.at_raw or after.at_raw
    return raw.kind if raw else ABSENT
