"""What ``copy`` and ``win_copy`` copy: the files of the controller that a task names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.interfaces.local_file import LocalFile, SourceEntry, survey
from runner.interfaces.loose import said_yes
from runner.interfaces.module import Decrypt


def sources_of(args: Mapping[str, Any], decrypt: Decrypt) -> Mapping[str, Any]:
    """The hidden parameters ``origin``, ``sources`` and ``opened`` of rendered arguments."""
    if args.get("content") is not None:
        return {"origin": "content"}
    path = args.get("src")
    if not isinstance(path, str) or not path:
        return {}
    if said_yes(args, "remote_src", default=False):
        return {"origin": "host"}
    found = survey(path, follow=said_yes(args, "local_follow", default=True))
    opened = _opened(found, decrypt) if said_yes(args, "decrypt", default=True) else {}
    sources = tuple(_plain(entry, opened) for entry in found)
    origin = "directory" if Path(path).is_dir() else "file"
    return {"origin": origin, "sources": sources, "opened": opened}


def _opened(entries: tuple[SourceEntry, ...], decrypt: Decrypt) -> dict[str, bytes]:
    """What the encrypted files among the sources hold."""
    files = (entry.path for entry in entries if entry.kind == "file")
    return {
        path: decrypt(b"".join(LocalFile(path).pieces()), Path(path))
        for path in files
        if LocalFile(path).is_encrypted
    }


def _plain(entry: SourceEntry, opened: Mapping[str, bytes]) -> SourceEntry:
    """An entry with the size and checksum of what is copied."""
    if entry.path not in opened:
        return entry
    content = LocalFile(entry.path, opened[entry.path])
    return dataclasses.replace(entry, size=content.size, checksum=content.sha1)
