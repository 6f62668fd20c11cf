"""The lookup ``filetree``: everything in folders of the controller.

Source: Ansible, "community.general.filetree".
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from runner.errors import TemplateError
from runner.loading.templates.lookups.variables import only, text_of
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import find

MOST: Final = 100_000
"""Entries that one lookup may find."""


def _filetree(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What is in folders and below: of one relative path the first folder that has it.

    A folder that is not there has nothing in it. Folders are told before what they hold, each
    folder's own in the order of their names.
    """
    only(options)
    found: dict[str, dict[str, Any]] = {}
    for term in terms:
        folder = find(scope, "files", text_of(term))
        if folder is None or not folder.is_dir():
            continue
        root = f"{folder.absolute()}{'/' if str(term).endswith('/') else ''}"
        for path in _below(folder):
            name = str(path.relative_to(folder))
            entry = None if name in found else _entry(root, path, name)
            if entry is not None:
                found[name] = entry
            if len(found) > MOST:
                raise TemplateError(f"{folder} holds more than {MOST:,} files")
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in (*folders, *sorted(files)))


def _entry(root: str, path: Path, name: str) -> dict[str, Any] | None:
    """What is told of one file, folder or link; None for a device, a socket, or what has gone."""
    try:
        found = path.lstat()
        entry: dict[str, Any] = {"root": root, "path": name}
        if stat.S_ISLNK(found.st_mode):
            entry.update(state="link", src=str(path.readlink()))
        elif stat.S_ISDIR(found.st_mode):
            entry.update(state="directory")
        elif stat.S_ISREG(found.st_mode):
            entry.update(state="file", src=str(path.absolute()))
        else:
            return None
    except OSError:
        return None
    owner: str | int = found.st_uid
    group: str | int = found.st_gid
    with suppress(KeyError):
        owner = pwd.getpwuid(found.st_uid).pw_name
    with suppress(KeyError):
        group = grp.getgrgid(found.st_gid).gr_name
    return {
        **entry,
        "uid": found.st_uid,
        "gid": found.st_gid,
        "owner": owner,
        "group": group,
        "mode": f"0{stat.S_IMODE(found.st_mode):03o}",
        "size": found.st_size,
        "mtime": found.st_mtime,
        "ctime": found.st_ctime,
    }


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "filetree": _filetree,
}
