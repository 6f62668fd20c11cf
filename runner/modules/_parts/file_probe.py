"""How the module ``file`` finds a path, and everything below it."""

from __future__ import annotations

import dataclasses
import posixpath
import secrets
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Query, Read, Reply, Script, read
from runner.modules._parts.content import see
from runner.modules._parts.file_params import PRESERVE, Params
from runner.modules._parts.file_state import (
    ABSENT,
    EMPTY,
    FILE,
    FOLDER,
    LINK,
    RECORDED,
    FileState,
    state_of,
)
from runner.posix import modes
from runner.posix.quoting import quote
from runner.posix.seen import Account, Raw, Seen

_LIST: Final = """\
if stat -c %f / >/dev/null 2>&1; then
s() { find $h "$p" -mindepth 1 $l -exec stat $f -c "/$n $1 %f/%u/%g/%n
%U
%G
" {} +; }
else
s() { find $h "$p" -mindepth 1 $l -exec stat $f -f "/$n $1 %Xp/%u/%g/%N
%Su
%Sg
" {} +; }
fi
h= f= l=; s own
if [ $k = 1 ]; then h=-L f=-L l='! -type l'; s led; fi
"""
_LISTING: Final = 600.0
"""Seconds for going through a large folder."""


def probe(params: Params) -> Generator[Query, Reply, FileState]:
    """The state of the path, of what its attributes are set on, and of what is below it."""
    removing = params.state == "absent"
    how = {
        "content": RECORDED if removing or params.state in ("link", "hard") else 0,
        "only_open": True,
        "times": _is_timed(params),
    }
    source = [params.src] if params.state == "hard" and params.src else []
    account, (seen, *others) = yield from see(params, params.trimmed, *source, **how)
    if params.state == "hard" and source and seen.is_folder:
        inside = posixpath.join(seen.path, posixpath.basename(source[0]))
        account, (seen, *others) = yield from see(params, inside, *source, **how)
    followed = None
    if params.follow and not removing:
        followed = yield from _followed(params, seen)
    if followed is not None and params.state in ("directory", "file"):
        seen, followed = followed, None
    if seen.kind in (FILE, ABSENT, FOLDER) and params.state == "link" and followed is not None:
        attributes = followed  # of what the new link will lead to
    else:
        attributes = followed or seen
    linked = _hard_link(params, seen, others)
    if others and not linked:
        attributes = others[0]  # of the file that gets another name
    state = state_of(seen, account, params, attributes=attributes)
    modified, accessed = _times(params, attributes)
    state = dataclasses.replace(
        state,
        checksum=_checksum(params, seen),
        content="",
        hard_link_of=linked,
        modified=modified,
        accessed=accessed,
    )
    if attributes.kind == LINK and not params.follow:
        state = dataclasses.replace(state, mode="")  # a link has no mode of its own
    if params.recurse and seen.kind == FOLDER and params.wants_attributes:
        return (yield from _with_entries(params, state, account))
    return state


def _is_timed(params: Params) -> bool:
    return (params.modified, params.accessed) != (PRESERVE, PRESERVE)


def _followed(params: Params, seen: Seen) -> Generator[Query, Reply, Seen | None]:
    """What the link leads to, or will lead to."""
    if params.state == "link" and params.src:
        path = posixpath.join(posixpath.dirname(seen.path), params.src)
    elif seen.kind == LINK:
        path = seen.path
    else:
        return None
    how = {"follow": True, "times": _is_timed(params), "literal": True}
    _, (found,) = yield from see(params, path, **how)
    return found


def _checksum(params: Params, seen: Seen) -> str:
    """Only whether it is empty matters where this module makes files."""
    if params.state != "touch" or seen.raw is None or seen.kind != FILE:
        return ""
    return "" if seen.raw.size else EMPTY


def _hard_link(params: Params, seen: Seen, others: list[Seen]) -> str:
    source = others[0].raw if others else None
    if source is None:
        return ""
    same = seen.raw is not None and (seen.raw.inode, seen.raw.device) == (
        source.inode,
        source.device,
    )
    return (params.src or "") if same else ""


def _times(params: Params, seen: Seen) -> tuple[str, str]:
    """The times that the task is about, by the host's clock, with the fraction of the second."""
    if seen.raw is None:
        return "", ""
    return (
        _time(params.modified, seen.local[0], seen.raw.modified),
        _time(params.accessed, seen.local[1], seen.raw.accessed),
    )


def _time(wanted: str, local: str, exact: str) -> str:
    if wanted == PRESERVE:
        return ""
    fraction = exact.partition(".")[2].rstrip("0")
    return f"{local} +0.{fraction}" if fraction else local


def _with_entries(
    params: Params, state: FileState, account: Account
) -> Generator[Read, Reply, FileState]:
    """With what below the folder has other attributes than the task wants."""
    entries: list[FileState] = []
    differs: list[str] = []
    for led, path, raw in (yield from _below(state.path, follow=params.follow)):
        found = Seen(path, path, raw=raw)
        entry = state_of(found, account, params)
        if raw.kind == LINK:
            entry = dataclasses.replace(entry, mode="")
        problem = _problem(params, entry, raw, account)
        if problem:
            name = path.removeprefix(state.path).lstrip("/")
            differs.append(f"{name}: {problem}" + (" (linked)" if led else ""))
            entries.append(dataclasses.replace(entry, kept=""))
    return dataclasses.replace(state, differs=tuple(differs), entries=tuple(entries))


def _problem(params: Params, entry: FileState, raw: Raw, account: Account) -> str:
    """In what the entry is not as the task wants it."""
    problems = []
    if entry.mode:
        mode = modes.parse(params.mode).of(
            raw.mode, is_folder=raw.kind == FOLDER, umask=account.umask
        )
        if mode != raw.mode:
            problems.append(f"mode {entry.mode}, not {modes.octal(mode)}")
    if params.owner and entry.owner != params.owner:
        problems.append(f"owner {entry.owner}, not {params.owner}")
    if params.group and entry.group != params.group:
        problems.append(f"group {entry.group}, not {params.group}")
    return ", ".join(problems)


def _below(path: str, *, follow: bool) -> Generator[Read, Reply, list[tuple[bool, str, Raw]]]:
    """Everything below a folder, by path; with ``follow`` what links lead to as well."""
    nonce = secrets.token_hex(8)
    head = f"LC_ALL=C; export LC_ALL\np={quote(path)} n={nonce} k={int(follow)}\n"
    (output,) = yield from read(Script("posix", head + _LIST, timeout=_LISTING))
    found: dict[tuple[bool, str], Raw] = {}
    for part in output.stdout.split(f"/{nonce} ")[1:]:
        which, _, rest = part.partition(" ")
        names, owner, group = rest.removesuffix("\n\n").rsplit("\n", 2)
        mode, uid, gid, name = names.split("/", 3)
        if "\ufffd" in name:
            raise ModuleError(f"the name {name!r} is not UTF-8", hint="rename it")
        found[which == "led", name] = _raw(int(mode, 16), int(uid), int(gid), owner, group)
    own = {name: raw for (led, name), raw in found.items() if not led}
    result = [(False, name, raw) for name, raw in own.items()]
    for (led, name), raw in found.items():
        if led and (name not in own or own[name].kind == LINK):
            result.append((True, name, raw))
    return sorted(result, key=lambda one: (one[1], one[0]))


def _raw(mode: int, uid: int, gid: int, owner: str, group: str) -> Raw:
    kinds = {0o100000: FILE, 0o040000: FOLDER, 0o120000: LINK}
    return Raw(
        kind=kinds.get(mode & 0o170000, "other"),
        mode=mode & 0o7777,
        uid=uid,
        gid=gid,
        owner=str(uid) if owner in ("UNKNOWN", "") else owner,
        group=str(gid) if group in ("UNKNOWN", "") else group,
        size=0, links=1, inode=0, device=0, blocks=0, block_size=0, device_type=0,
        accessed="", modified="", changed="",
    )  # fmt: skip
