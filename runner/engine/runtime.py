"""What every visit of a run shares: wired once by the app, handed down as one value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from runner.engine.hosts.access import Access
from runner.engine.hosts.leasing import Leasing
from runner.engine.hosts.link import Link
from runner.engine.stop import Stop
from runner.engine.variables.variables import Variables
from runner.errors import InputError, PlaybookError
from runner.events import Event
from runner.interfaces.includes import Included, Includes
from runner.interfaces.module import Module
from runner.interfaces.serving import Offering
from runner.interfaces.template import Templates
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play, VarsFile
from runner.model.secret import Redactor
from runner.model.task import Task, Way

_CLOSERS: Final = 32
FACTS_MODULE = "setup"
"""The module whose result are the host's facts."""


class Links:
    """The links of all hosts: made on first use, closed when a host is done. Thread-safe.

    A host has one link for each way in which the playbook reaches it; nearly always one.
    """

    def __init__(self, make: Callable[[str, Way], Link], access: Access | None = None) -> None:
        self._make = make
        self.access = access
        self.leasing: Leasing | None = None
        """What keeps other controllers off the hosts that are changed; None in a dry run."""
        self._links: dict[str, dict[Way, Link]] = {}
        self._lock = threading.Lock()

    def get(self, host: str, way: Way = Way()) -> Link:  # noqa: B008 - it is frozen
        """The host's link; not yet connected when it is new."""
        known = self._links.get(host)
        if known is not None and way in known:
            return known[way]  # asked for by each job: no lock for that
        with self._lock:
            ways = self._links.setdefault(host, {})
            if way not in ways:
                ways[way] = self._make(host, way)
            link = ways[way]
        if self.leasing is not None and link.lease is None:
            link.lease = self.leasing.of(host)
        return link

    def keep_at_most(self, connections: int) -> None:
        """Close one that nobody works with before one more than so many is opened.

        Its host connects again when it has something to do. Where all work, there are more.
        """

        def make_room() -> None:
            with self._lock:
                links = [link for ways in self._links.values() for link in ways.values()]
            open_ = [link for link in links if link.connection is not None]
            excess = len(open_) - connections + 1
            # Hosts come round in this order: of those that wait, the last one waits longest.
            for link in reversed(open_):
                if excess <= 0:
                    return
                if link.lock.acquire(blocking=False):
                    try:
                        link.drop()
                    finally:
                        link.lock.release()
                    excess -= 1

        if self.access is not None:
            self.access.make_room = make_room

    def close(self, host: str) -> None:
        """Close the host's connections, if there are any.

        One that works for another host just now (``delegate_to``) stays open until the end.
        """
        with self._lock:
            links = list(self._links.get(host, {}).values())
        if not links and self.leasing is not None and host in self.leasing.suspects:
            try:
                links = [self.get(host)]  # nothing was to be done there, but to clear up
            except InputError as error:
                text = f"{host}: the lease of a run that died may be left there: {error.message}"
                self.leasing.book.notice(host, text)
        for link in links:
            if link.lock.acquire(blocking=False):
                try:
                    link.release()
                    link.drop()
                finally:
                    link.lock.release()

    def close_suspects(self) -> None:
        """Clear up on those ``Leasing.suspects`` that nobody was done with so far."""
        if self.leasing is not None:
            self._close_each(sorted(self.leasing.suspects))

    def forget(self, host: str) -> None:
        """Forget what is known of a host that nobody will work with."""
        for link in list(self._links.get(host, {}).values()):
            link.facts = None

    def close_all(self, hosts: Iterable[str] | None = None) -> None:
        """Close every connection, all at the same time: a host that is gone takes its time."""
        with self._lock:
            open_ = [
                host
                for host, ways in self._links.items()
                if any(w.connection for w in ways.values())
                or (self.leasing is not None and self.leasing.has(host))
            ]
        self._close_each(open_ if hosts is None else [h for h in open_ if h in set(hosts)])

    def _close_each(self, hosts: Sequence[str]) -> None:
        if hosts:
            with ThreadPoolExecutor(min(_CLOSERS, len(hosts)), "closing") as pool:
                list(pool.map(self.close, hosts))

    def end_now(self, seconds: float) -> None:
        """End what runs on any host and close, in so many seconds, though workers use the links.

        Nobody can connect any more: the run was told to stop now.
        """
        end = time.monotonic() + seconds
        if self.access is not None:
            self.access.settled(seconds / 2)
        with self._lock:
            links = [w for ways in self._links.values() for w in ways.values() if w.connection]
        threads = [
            threading.Thread(
                target=link.end_now, args=[max(0.1, end - time.monotonic())], daemon=True
            )
            for link in links
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    @property
    def exchanges(self) -> int:
        """Round trips of all hosts so far."""
        with self._lock:
            return sum(link.exchanges for ways in self._links.values() for link in ways.values())


class NoIncludes(Includes):
    """For a run that has no playbook: a rollback."""

    def tasks(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        raise PlaybookError("nothing can be included here", source=task.source)

    def variables(
        self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        raise PlaybookError("nothing can be included here", source=task.source)

    def vars_file(self, entry: VarsFile, variables: Mapping[str, Any]) -> dict[str, Any]:
        raise PlaybookError("nothing can be included here", source=entry.source)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The run's id, its plays and variables, and how to reach hosts, modules and listeners.

    ``record`` writes an outcome to the journal; ``ask`` puts a question to the terminal, shows
    what is typed or not, and gives the answer, or None when there is no terminal or the run is to
    stop; ``claim`` takes a host that is not one of
    the run's own for the rest of the run, and raises HostsBusy when another run works on it.
    ``force_handlers`` does for every play what its own ``force_handlers`` does. ``shows_output``:
    somebody wants to see what commands print while they run. ``offers`` gives what a host with
    these variables may fetch files from, if anything. ``unseal`` gives the
    secrets that a change on record needs to be taken back. ``stages`` are the numbers of the
    plays after which it is decided anew who takes part in the next ones.
    """

    run: str
    plays: tuple[Play, ...]
    variables: Variables
    templates: Templates
    modules: Callable[[str], Module[Any, Any]]
    links: Links
    publish: Callable[[Event], None]
    redactor: Redactor
    stop: Stop
    record: Callable[[JobId, Outcome], None] = field(default=lambda _job, _outcome: None)
    ask: Callable[[str, bool], str | None] = field(default=lambda _prompt, _echo: None)
    includes: Includes = field(default_factory=NoIncludes)
    claim: Callable[[str], None] = field(default=lambda _host: None)
    force_handlers: bool = False
    shows_output: bool = False
    stages: tuple[int, ...] = ()
    unseal: Callable[[str], Mapping[str, str]] = field(default=lambda _sealed: {})
    offers: Callable[[str, Mapping[str, Any]], Offering | None] = field(default=lambda *_: None)
