"""What hosts of different processes know of each other: variables, failures, leases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.app.crew.messages import Told
from runner.app.crew.remote import asked
from runner.app.crew.wire import Wire
from runner.app.wiring.conduct import Conductor
from runner.app.wiring.options import View
from runner.engine.hosts.leasing import Leasing
from runner.engine.stop import Stop
from runner.engine.variables.host_state import HostState
from runner.engine.variables.variables import Variables
from runner.events import Event, JobFinished, StepAdded
from runner.interfaces.lease import Leased
from runner.model.playbook import Play
from runner.reporting.bounds import without_results


class SharedVariables(Variables):
    """Variables of which other processes know a part. In a single process just that."""

    _foreign: frozenset[str] = frozenset()
    _fetch: Callable[[str], Mapping[str, Any]]
    _tell_left: Callable[[Play, str], None]

    def part(
        self,
        foreign: frozenset[str],
        fetch: Callable[[str], Mapping[str, Any]],
        tell_left: Callable[[Play, str], None],
    ) -> None:
        """From now on others work on the hosts ``foreign``: ``fetch`` asks them."""
        self._foreign, self._fetch, self._tell_left = foreign, fetch, tell_left
        for host in foreign:  # whoever looked at their settings has made one
            self._states.pop(host, None)

    def state(self, host: str) -> HostState:
        """What is known of a host of another process is asked for each time."""
        if host in self._foreign:
            return HostState(**self._fetch(host))
        return super().state(host)

    def shown(self, host: str) -> dict[str, Any]:
        """What other hosts may see of what the run has learned about this one."""
        state = super().state(host)
        return {
            "facts": dict(state.facts),
            "registered": {name: state.registered[name] for name in tuple(state.registered)},
            "included": dict(state.included),
        }

    def leave(self, play: Play, host: str) -> None:
        super().leave(play, host)
        if host not in self._foreign:
            self._tell_left(play, host)


class SharedLeasing(Leasing):
    """The leases of one run in several processes: a host of two names may be in two of them."""

    def __init__(self, own: Leasing, owner: str, wire: Wire) -> None:
        super().__init__(own.run, owner, own.book, own.takes, own.clock)
        self._wire = wire

    def comes(self, name: str) -> None:
        asked(self._wire, "lease.comes", name)

    def met(self, found: Leased) -> tuple[frozenset[str], list[str]]:
        names, leaving = super().met(found)
        if len(names) > 1:
            names, leaving = asked(self._wire, "lease.met", found)
        return names, leaving

    def leaves(self, name: str) -> bool:
        return bool(asked(self._wire, "lease.leaves", name))

    def left(self, name: str) -> None:
        asked(self._wire, "lease.left", name)


class Voice(Conductor):
    """A mate's conductor: what happens is told to the process that shows it."""

    def __init__(self, stop: Stop, wire: Wire, view: View) -> None:
        self.stop = stop
        self.titles = {}
        self.shows_output = view.verbosity > 0
        self._shows_results = view.shows_results
        self._wire = wire

    def publish(self, event: Event) -> None:
        if isinstance(event, StepAdded):
            self.titles[event.step.step] = event.step.name
        elif isinstance(event, JobFinished) and not self._shows_results:
            event = without_results(event)
        self._wire.post(Told(event))
