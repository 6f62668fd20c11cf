r"""Files that are put away where nobody starts them, and can be given back.

A file is moved into ``X:\runner-quarantine`` of its own drive X, which is a change of name: times,
attributes and permissions stay its own. It gets the ending ``.quar``, and beside it a manifest
(``.quar.json``) that says what it was. From Vista on only SYSTEM and Administrators may enter that
folder (SIDs, since names are localized; Microsoft, "icacls": ``/inheritance`` came with Vista).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator
from typing import Final

from runner.interfaces.exchange import Reply, Request
from runner.interfaces.local_file import LocalFile
from runner.modules._parts import win_files
from runner.modules._parts.win_files import WinFileState, do
from runner.windows import paths
from runner.windows.looking import Seen
from runner.windows.paths import quoted
from runner.windows.put import Put, put
from runner.windows.put_lines import SYSTEM

FOLDER: Final = "runner-quarantine"
_ONLY: Final = '/inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F"'


def entry_of(seen: Seen) -> WinFileState:
    """A file as it is, with the place where it would be put away."""
    word = paths.unique(seen.path, seen.when, str(seen.size), seen.checksum)
    name = f"{paths.name(seen.path)}.{word}.quar"
    kept = paths.join(f"{seen.path[:2]}\\", FOLDER, name)
    return dataclasses.replace(win_files.state_of(seen, ()), kept=kept)


def put_away(file: WinFileState, *, closed: bool) -> Generator[Request, Reply, None]:
    """Move one file into quarantine; ``closed`` keeps everybody but administrators out of there."""
    folder = quoted(paths.parent(file.kept))
    made = f"md {folder}||exit 1"
    if closed:
        made = f"(md {folder}&&{SYSTEM}\\icacls.exe {folder} {_ONLY} /q>nul)||exit 1"
    yield from do(f"make {folder}", f"(if not exist {folder} ({made}))&exit 0")
    content = LocalFile("manifest", manifest(file))
    yield from put(Put(_manifest_path(file), content.sha1, Seen(_manifest_path(file))), content)
    yield from win_files.remove(file)


def give_back(file: WinFileState) -> Generator[Request, Reply, None]:
    """Move one file from quarantine back to where it was."""
    name = quoted(_manifest_path(file))
    yield from do(f"remove {name}", f"(if exist {name} del /f /q /a {name})&exit 0")
    yield from win_files.take_back(file, WinFileState(path=file.path))


def clear_up(file: WinFileState) -> Generator[Request, Reply, None]:
    """Take away what was made to put a file away that is where it was."""
    folder, kept = quoted(paths.parent(file.kept)), quoted(file.kept)
    name = quoted(_manifest_path(file))
    lines = f"(if not exist {kept} if exist {name} del /f /q /a {name})&(rd {folder} 2>nul)&exit 0"
    yield from do(f"remove {name}", lines)


def manifest(file: WinFileState) -> bytes:
    """What is known of the file; the same for the same file, however often it is written."""
    told = {
        "path": file.path,
        "kept_as": file.kept,
        "size": file.size,
        "checksum": file.checksum,
        "changed": file.when,
        "attributes": file.attributes,
    }
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").replace("\n", "\r\n").encode()


def _manifest_path(file: WinFileState) -> str:
    return f"{file.kept}.json"
