"""``runner serve-files``: offer the files of a folder for a while."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from runner.app.file_server import FileServer, listening, new_token, route_to
from runner.errors import UsageError
from runner.interfaces.local_file import LocalFile

Say = Callable[[str], None]


def serve_files(
    folder: Path, listen: str, seconds: float | None, say: Say, log: Say, stop: threading.Event
) -> None:
    """Offer every file of a folder until ``stop`` is set, at most so many seconds.

    All URLs begin with the same word, as if the folder had an address: a playbook that knows the
    names of the files needs that alone.
    ``say`` is told a URL and a name for each file, ``log`` what was fetched. What is not in the
    folder when this begins is not offered. Raises UsageError.
    """
    try:
        where = listening(listen)
    except ValueError as error:
        raise UsageError(str(error)) from None
    files = sorted(_files(folder))
    if not files:
        raise UsageError(f"{folder} holds no file")
    with closing(FileServer(where, log)) as server:
        token = new_token()
        at = _own_address() if server.address in ("0.0.0.0", "::") else ""
        for path in files:
            name = path.relative_to(folder).as_posix()
            file = LocalFile(str(path))
            url = server.offer(file, name, "a host", at=at, once=False, folder=token)
            say(f"{url}  {name}")
        stop.wait(seconds)


def _files(folder: Path) -> Iterator[Path]:
    """All files below, but for links: they may lead anywhere."""
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not (Path(top) / name).is_symlink()]
        for name in names:
            path = Path(top) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _own_address() -> str:
    """The address from which this machine reaches others; loopback where it reaches nobody."""
    try:
        return route_to("192.0.2.1")  # a documentation address (RFC 5737): nothing is sent
    except OSError:
        return "127.0.0.1"
