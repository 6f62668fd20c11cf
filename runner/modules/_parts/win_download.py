"""A download on a Windows host, up to the file that is not yet in its place."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Reply, Request, Script, write
from runner.windows import download, paths
from runner.windows.put_lines import Put, expect, made, removed

_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@]*@")
_SECONDS: Final = 3600.0


def shown(text: str) -> str:
    """A URL without the user and the password in it."""
    return _CREDENTIALS.sub("", text)


def fetch(wish: download.Wish, spec: Put, tool: str) -> Generator[Request, Reply, int | None]:
    """Make the new file (``spec.fresh``); gives the server's status where the tool tells it.

    Raises ModuleError; what was made is removed then.
    """
    filled = download.filled(tool, spec, wish)
    if filled is None:
        expect(spec, (yield from write(Script("cmd", f"{made(spec)}&exit 0"))))
        path = paths.join(spec.work, paths.name(spec.path))
        output = yield from write(download.by_powershell(path, wish, _SECONDS))
        if output.code != 0:
            yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))
    else:
        line, stdin = filled
        text = f"{made(spec)}&{line}&exit 0"
        output = yield from write(Script("cmd", text, stdin=stdin, timeout=_SECONDS))
    if output.code not in (0, download.FAILED) and filled is not None:
        expect(spec, output)
    if output.code != 0:
        said = " ".join(shown(output.stderr or output.stdout).split())
        raise ModuleError(
            f"Error downloading '{shown(wish.url)}' to '{spec.path}': {said or 'no answer'}",
            hint=f"can the host reach the server? It was asked with {tool}; "
            "what was there before is there still",
        )
    word = output.stdout.strip()[-3:]
    return int(word) if word.isdigit() else None
