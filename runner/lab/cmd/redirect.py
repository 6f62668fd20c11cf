"""Opens the files of redirections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from runner.lab.cmd.control import RedirectFault, Streams
from runner.lab.cmd.tree import Redirect
from runner.lab.faults import NotSimulated
from runner.lab.state.paths import absolute
from runner.lab.state.process import Session
from runner.lab.state.streams import BytesSource, FileSink, NullSink, Sink, Source

__all__ = ["Redirector"]


class Redirector:
    """The redirections of one command; call with the machine's lock held, and `close` after it."""

    def __init__(self, session: Session, late: Callable[[str], str]) -> None:
        self._session = session
        self._late = late
        self._opened: list[tuple[str, FileSink]] = []

    def apply(self, redirects: Iterable[Redirect], streams: Streams) -> Streams:
        """The streams with redirections applied in order.

        Raises RedirectFault for a file that cannot be opened.
        """
        for redirect in redirects:
            streams = self._applied(redirect, streams)
        return streams

    def close(self) -> None:
        """Write what went to files."""
        for path, sink in self._opened:
            sink.close()
            self._session.host.written.discard(path)

    def _applied(self, redirect: Redirect, streams: Streams) -> Streams:
        number, operator = redirect.handle, redirect.operator
        if number > 2 or (operator == "<") != (number == 0):
            raise NotSimulated(f"cmd: redirection {number}{operator}")
        if operator == "&":
            if redirect.target not in ("1", "2") or number == 0:
                raise NotSimulated(f"cmd: redirection {number}>&{redirect.target}")
            sink = streams.stdout if redirect.target == "1" else streams.stderr
        else:
            name = self._late(redirect.target).replace('"', "")
            if operator == "<":
                return replace(streams, stdin=self._open_input(name))
            sink = self._open_output(name, append=operator == ">>")
        return replace(streams, stdout=sink) if number == 1 else replace(streams, stderr=sink)

    def _open_input(self, name: str) -> Source:
        if _is_nul(name):
            return Source()
        entry = self._session.host.files.find(absolute(name, self._session.cwd))
        if entry is None or entry.is_dir:
            raise RedirectFault("The system cannot find the file specified.")
        if entry.content is None:
            raise NotSimulated(f"cmd: reading {entry.path}, of which the lab holds no bytes")
        return BytesSource(entry.content)

    def _open_output(self, name: str, *, append: bool) -> Sink:
        host = self._session.host
        if _is_nul(name):
            return NullSink()
        path = absolute(name, self._session.cwd)
        host.counters.writes += not self._session.is_scratch(path)
        if path.lower() in host.written:
            # cmd opens what it writes to without sharing it for writing.
            raise RedirectFault(
                "The process cannot access the file because it is being used by another process."
            )
        try:
            sink = FileSink(host.files, path, host.clock.now(), append=append)
        except FileNotFoundError:
            raise RedirectFault("The system cannot find the path specified.") from None
        except PermissionError:
            raise RedirectFault("Access is denied.") from None
        self._opened.append((path.lower(), sink))
        host.written.add(path.lower())
        return sink


def _is_nul(name: str) -> bool:
    return name.lower() in ("nul", "nul:", "\\\\.\\nul")
