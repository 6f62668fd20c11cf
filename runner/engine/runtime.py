"""What every visit of a run shares: wired once by the app, handed down as one value."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from runner.engine.session import Link
from runner.engine.stop import Stop
from runner.engine.variables import Variables
from runner.events import Event
from runner.interfaces.module import Module
from runner.interfaces.template import Templates
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play
from runner.model.secret import Redactor

FACTS_MODULE = "setup"
"""The module whose result are the host's facts."""


class Links:
    """The links of all hosts: made on first use, closed when a host is done. Thread-safe."""

    def __init__(self, make: Callable[[str], Link]) -> None:
        self._make = make
        self._links: dict[str, Link] = {}
        self._lock = threading.Lock()

    def get(self, host: str) -> Link:
        """The host's link; not yet connected when it is new."""
        with self._lock:
            if host not in self._links:
                self._links[host] = self._make(host)
            return self._links[host]

    def close(self, host: str) -> None:
        """Close the host's connection, if there is one."""
        with self._lock:
            link = self._links.get(host)
        if link is not None:
            link.drop()

    def close_all(self, hosts: Iterable[str] | None = None) -> None:
        """Close every connection."""
        for host in list(hosts if hosts is not None else self._links):
            self.close(host)

    @property
    def exchanges(self) -> int:
        """Round trips of all hosts so far."""
        with self._lock:
            return sum(link.exchanges for link in self._links.values())


@dataclass(frozen=True, slots=True)
class Runtime:
    """The run's id, its plays and variables, and how to reach hosts, modules and listeners.

    ``record`` writes an outcome to the journal; ``ask`` puts a question to the terminal and
    gives the answer, or None when there is no terminal.
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
    ask: Callable[[str], str | None] = field(default=lambda _prompt: None)
