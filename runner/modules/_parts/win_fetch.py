"""A large file that a Windows host fetches itself, over HTTP, from the run's own file server.

Where that fails (the host has nothing to fetch with, or cannot reach the server), the file goes
through the connection like any other.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import Refused
from runner.interfaces.exchange import Output, Reply, Request, Script, Sleep, read, write
from runner.interfaces.local_file import LocalFile
from runner.interfaces.serving import Offering
from runner.modules._parts import win_files
from runner.modules._parts.win_files import WinFileState
from runner.windows import download, paths
from runner.windows.put import put
from runner.windows.put_lines import Put, checked, expect, made, placed

_TRIES: Final = 3
_PAUSE: Final = 2.0
_WAIT: Final = 30
_SLOWEST: Final = 100_000
"""Bytes a second below which a download is given up."""


def write_content(
    before: WinFileState,
    after: WinFileState,
    content: LocalFile,
    backup: str,
    offering: Offering | None,
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Give a file the wanted content, by the way that suits its size."""
    if offering is None or content.size < offering.smallest:
        return (yield from win_files.write_content(before, after, content, backup))
    yield from win_files.make_folders([paths.parent(after.path)], before.above)
    spec = win_files.put_spec(before, after, backup)
    url = offering.offer(content)
    try:
        problem = yield from _fetched(spec, download.Wish(url, _WAIT, "runner", use_proxy=False),
                                      600 + content.size / _SLOWEST)  # fmt: skip
    finally:
        offering.withdraw(url)
    found: dict[str, Any] = {"backup_file": backup} if backup else {}
    if problem:
        yield from put(spec, content)
        return {**found, "sent_via": "connection", "not_fetched": problem}
    line = f"{spec.here}&{checked(spec)}&{placed(spec)}"
    expect(spec, (yield from write(Script("cmd", line, timeout=600 + content.size / 10_000_000))))
    return {**found, "sent_via": "http"}


def _fetched(
    spec: Put, wish: download.Wish, seconds: float
) -> Generator[Request, Reply, str]:  # fmt: skip
    """Have the host fetch it; says why it could not, or nothing."""
    (output,) = yield from read(download.WHICH)
    try:
        tool = download.choose(output, wish)
    except Refused as error:
        return error.message
    expect(spec, (yield from write(Script("cmd", f"{made(spec)}&exit 0"))))
    output = Output(1)
    for attempt in range(_TRIES):
        if attempt:
            yield Sleep(_PAUSE)
        output = yield from write(download.more(tool, spec, wish, seconds))
        if output.code == 0:
            return ""
    said = " ".join((output.stderr or output.stdout).split())
    return f"{tool}: {said or f'exit code {output.signed}'}"
