"""Shortcuts on a Windows host: files ``.lnk`` and ``.url``.

A link is read and written here, as its format is published ([MS-SHLLINK]), so no script has to be
started on the host, and what a task does not speak of stays as it is. The file that was there is
moved aside (see ``win_files``), and a rollback moves it back, byte for byte.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import LocalFile
from runner.model.state import Change
from runner.modules._parts import restoring, win_files
from runner.modules._parts.shortcut_params import Params
from runner.modules._parts.win_files import WinFileState, require_windows
from runner.windows import paths, reading, shell_link, variables
from runner.windows.looking import ABSENT, FILE, FOLDER, look
from runner.windows.shell_link import Link, NoLink

_URL: Final = re.compile(r"(?im)^(\[InternetShortcut\][^\[]*?^URL=)([^\r\n]*)")
_NEW_URL: Final = "[InternetShortcut]\r\nURL={}\r\n"
_LARGEST: Final = 1 << 20
"""Bytes; shortcuts have some hundreds, and what is larger is none that is worth fetching."""
_STYLES: Final = {number: word for word, number in shell_link.SHOWN.items()}


@dataclass(frozen=True, slots=True)
class ShortcutState:
    """One shortcut. ``target`` is empty where it leads to no file (a page of the shell).

    ``folder``: what it leads to is a folder. ``file`` is the file itself, with its bytes while the
    task is done.
    """

    present: bool = False
    target: str = ""
    arguments: str = ""
    directory: str = ""
    description: str = ""
    icon: str = ""
    hotkey: str = ""
    windowstyle: str = ""
    run_as_admin: bool = False
    folder: bool = field(default=False, compare=False)
    wanted: str = field(default="", compare=False)
    """The full path of what the task names as ``src``."""
    file: WinFileState = field(default=WinFileState(), compare=False)


class Module(base.Module[Params, ShortcutState]):
    """Brings one shortcut to a state."""

    params = Params
    state = ShortcutState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_shortcut_module.html"
    )
    guide = Guide(
        example="win_shortcut:\n  src: C:\\agent\\console.exe\n"
        "  dest: '%PUBLIC%\\Desktop\\Console.lnk'\n  arguments: --read-only\n"
        "  icon: C:\\agent\\console.exe,0",
        using=(Using("cmd, certutil, attrib, findstr"),),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ShortcutState]:
        require_windows(facts, "win_shortcut", "file with state: link")
        file = yield from win_files.find(params.dest)
        wanted, folder = yield from _target(params)
        if file.kind == ABSENT:
            return ShortcutState(folder=folder, wanted=wanted, file=file)
        if file.kind == FOLDER:
            raise Refused(f"{params.dest} is a folder, not a shortcut")
        if file.size > _LARGEST:
            if params.state == "absent":
                return ShortcutState(True, file=file)
            raise Refused(
                f"{params.dest} is there and is no shortcut: it has {file.size} bytes",
                hint="move it out of the way: win_file with state: absent",
            )
        (output,) = yield from read(reading.encoded(params.dest))
        data = reading.bytes_of(output, params.dest) if file.size else b""
        file = dataclasses.replace(file, told=data.decode("latin-1"))
        if params.is_address:
            found = _URL.search(str(file.told))
            return ShortcutState(True, found[2].strip() if found else "", wanted=wanted, file=file)
        try:
            link = shell_link.parse(data, _ansi(facts))
        except NoLink as error:
            if params.state == "absent":
                return ShortcutState(True, file=file)
            raise Refused(
                f"{params.dest} is there and is no shortcut: {error}",
                hint="move it out of the way: win_file with state: absent",
            ) from None
        return dataclasses.replace(_shown(link), folder=folder, wanted=wanted, file=file)

    def plan(self, params: Params, before: ShortcutState, facts: base.Facts) -> ShortcutState:
        if params.state == "absent":
            return ShortcutState(file=WinFileState(path=before.file.path, above=before.file.above))
        if not before.present:
            if params.src is None:
                raise Refused(
                    f"there is no shortcut {params.dest} on this host",
                    hint="say in 'src' what it shall lead to",
                )
            win_files.require_folder(before.file)
        data = _url(params, before) if params.is_address else _link(params, before, facts).data()
        found = (
            ShortcutState(True, before.wanted or before.target)
            if params.is_address
            else _shown(shell_link.parse(data, _ansi(facts)))
        )
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        file = win_files.wanted(before.file, digest, len(data))
        file = dataclasses.replace(file, told=data.decode("latin-1"))
        after = dataclasses.replace(found, folder=before.folder, wanted=before.wanted, file=file)
        return before if after == before else after

    def apply(
        self, params: Params, change: Change[ShortcutState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before.file, change.after.file
        if not change.after.present:
            yield from win_files.remove(before)
            return {}
        content = LocalFile(paths.name(params.dest), str(after.told).encode("latin-1"))
        return (yield from win_files.write_content(before, after, content))

    def undo(
        self, params: Params, change: Change[ShortcutState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from win_files.take_back(change.before.file, change.after.file)
        return {}

    def sweep(
        self, params: Params, change: Change[ShortcutState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from win_files.sweep(change.before.file)

    def restore(self, params: Params, change: Change[ShortcutState]) -> tuple[base.Restoring, ...]:
        return restoring.file(Change(change.subject, change.before.file, change.after.file))

    def result(
        self,
        params: Params,
        change: Change[ShortcutState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        found: dict[str, Any] = {"dest": params.dest, "state": params.state}
        if after.present:
            found["src"] = after.target
        if after.present and not params.is_address:
            names = ("directory", "description", "icon", "hotkey", "windowstyle")
            found |= {"args": after.arguments, **{name: getattr(after, name) for name in names}}
        return found


def _ansi(facts: base.Facts) -> str:
    """The encoding of texts that are not in Unicode."""
    return f"cp{facts.get('windows', {}).get('ansi_codepage') or 1252}"


def _shown(link: Link) -> ShortcutState:
    strings = link.strings
    icon = strings.get("icon", "")
    return ShortcutState(
        present=True,
        target=link.target,
        arguments=strings.get("arguments", ""),
        directory=strings.get("directory", ""),
        description=strings.get("description", ""),
        icon=f"{icon},{link.icon_index}" if icon else "",
        hotkey=shell_link.hotkey_text(link.hotkey),
        windowstyle=_STYLES.get(link.show, "normal"),
        run_as_admin=link.admin,
    )


def _link(params: Params, before: ShortcutState, facts: base.Facts) -> Link:
    """The link as the task wants it."""
    ansi = _ansi(facts)
    told = str(before.file.told or "").encode("latin-1")
    link = shell_link.parse(told, ansi) if before.present else Link(ansi=ansi)
    if before.wanted and before.wanted.casefold() != link.target.casefold():
        link = link.with_target(before.wanted, folder=before.folder)
    for name in ("arguments", "directory", "description"):
        text = getattr(params, name)
        if text is not None:
            link = link.with_string(name, text)
    if params.icon is not None:
        link = link.with_icon(*params.icon_parts)
    if params.hotkey is not None:
        link = dataclasses.replace(link, hotkey=shell_link.hotkey_number(params.hotkey))
    if params.windowstyle is not None and _STYLES.get(link.show) != params.windowstyle:
        link = dataclasses.replace(link, show=shell_link.SHOWN[params.windowstyle])
    return link.with_admin(on=params.run_as_admin)


def _url(params: Params, before: ShortcutState) -> bytes:
    """The file of an address; what else stands in it stays."""
    told = str(before.file.told or "")
    if params.src is None or (before.present and before.target == params.src):
        text = told
    elif _URL.search(told):
        text = _URL.sub(lambda found: found[1] + before.wanted, told, count=1)
    else:
        text = _NEW_URL.format(before.wanted) + told
    return text.encode("latin-1")


def _target(params: Params) -> Generator[Query, Reply, tuple[str, bool]]:
    """The full path of what the task names, and whether it is a folder."""
    if params.src is None or params.state == "absent" or params.is_address:
        return (params.src or "", False)
    if params.program is not None:
        return ((yield from _in_path(params.program)), False)
    if variables.holds(params.src):
        raise Refused(
            f"'{params.src}': this host has no such environment variable",
            hint="'set' in a win_shell with cmd lists those of the account that the task runs as",
        )
    path = paths.checked(params.src, shares=True)
    path = path if paths.is_root(path) else path.rstrip("\\")
    (seen,) = yield from look([path])
    return path, seen.kind == FOLDER or paths.is_root(path)


def _in_path(program: str) -> Generator[Query, Reply, str]:
    """Where a program lies, as cmd would find it. Raises Refused."""
    values = yield from variables.filled(("%PATH%", "%PATHEXT%"))
    endings = [""] if "." in program else values["%PATHEXT%"].split(";")
    places: list[str] = []
    for folder in values["%PATH%"].split(";"):
        for ending in endings:
            place = f"{folder.strip().strip(chr(34)).rstrip(chr(92))}\\{program}{ending}"
            try:
                places.append(paths.checked(place))
            except ValueError:
                continue  # a folder that is not on a drive of the host
    for seen in (yield from look(places)) if places else ():
        if seen.kind == FILE:
            return seen.path
    raise Refused(
        f"there is no program {program} in this host's PATH", hint="give its full path in 'src'"
    )
