"""Events of several processes as those of one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from runner.engine.graph.graph import JobGraph
from runner.events import Event, StepAdded, StepInfo


class Merged:
    """Hands events on. What each process tells of a step is told once, and of all hosts.

    A step that an include brings in is told of with its name as written, and perhaps once more
    with its title; one of the graph only with its title. Of several titles the first one counts,
    as it does in one process.
    """

    def __init__(self, graph: JobGraph, publish: Callable[[Event], None]) -> None:
        self._graph = graph
        self._publish = publish
        self._plain: dict[str, StepInfo] = {}
        self._titled: set[str] = set()
        self._lock = threading.Lock()

    def publish(self, event: Event) -> None:
        """Hand it on, unless it is known."""
        if isinstance(event, StepAdded):
            self._added(event)
        else:
            self._publish(event)

    def _added(self, event: StepAdded) -> None:
        info = event.step
        with self._lock:
            if info.step in self._graph:
                info = replace(info, hosts=len(self._graph.step(info.step).members))
            elif self._plain.setdefault(info.step, info) is info:
                self._publish(event)
                return
            elif info == self._plain[info.step]:
                return
            if info.step not in self._titled:
                self._titled.add(info.step)
                self._publish(replace(event, step=info))
