"""Conducts a walk: signals, events, the tally of outcomes, the exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final, TypeAlias

from runner.app.wiring import garbage
from runner.app.wiring.descriptors import fit
from runner.app.wiring.home import home
from runner.app.wiring.options import FORKS_CAP, View
from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.runtime import Links
from runner.engine.stop import Stop, StopLevel
from runner.engine.walk.walk import Over, Visit, Walk
from runner.events import Event, JobFinished, Notice, RunFinished, RunStarted, StepAdded, StepInfo
from runner.model.job import Status
from runner.reporting.bounds import without_results
from runner.reporting.bus import EventBus, OfHosts, Subscriber
from runner.reporting.plain import PlainView
from runner.reporting.recap import usual_commands
from runner.reporting.views import views

Regrow: TypeAlias = Callable[[JobGraph, int, Over], JobGraph]
"""The graph after a stage of a run whose hosts may become others."""

END_SECONDS: Final = 10.0
"""How long a run that was told to stop now tells its hosts so."""


@dataclass(slots=True)
class Tally:
    """How many jobs came to which end, per host. Thread-safe.

    What was ignored or rescued is no trouble, but what is in doubt always is.
    """

    counts: dict[str, Counter[Status]] = field(default_factory=lambda: defaultdict(Counter))
    trouble: Counter[Status] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, event: JobFinished) -> None:
        """Count one finished job."""
        with self.lock:
            self.counts[event.job.host][event.outcome.status] += 1
            outcome = event.outcome
            if outcome.status is Status.IN_DOUBT or not (outcome.ignored or outcome.rescued):
                self.trouble[outcome.status] += 1

    def by_host(self, hosts: Sequence[str]) -> Mapping[str, Mapping[Status, int]]:
        """The counts of these hosts, in this order."""
        return {host: dict(self.counts[host]) for host in hosts if host in self.counts}

    def others(self, hosts: Sequence[str]) -> list[str]:
        """The hosts that came later than these."""
        known = frozenset(hosts)
        return [host for host in self.counts if host not in known]

    def exit_code(self, *, interrupted: bool, detailed: bool) -> int:
        """0 well, 2 failed, 3 another state than recorded, 4 unreachable, 10 would change, 130."""
        if interrupted:
            return 130
        if self.trouble[Status.FAILED] or self.trouble[Status.IN_DOUBT]:
            return 2
        if self.trouble[Status.CONFLICT]:
            return 3
        if self.trouble[Status.UNREACHABLE]:
            return 4
        return 10 if detailed and self.trouble[Status.WOULD_CHANGE] else 0


class Conductor:
    """One verb's walk, from RunStarted to RunFinished."""

    def __init__(
        self,
        view: View,
        *,
        check: bool,
        also: Sequence[Subscriber] = (),
        shown: bool = True,
        only: frozenset[str] | None = None,
    ) -> None:
        """``also`` are told all events, too; without ``shown`` only they are. Lines about single
        jobs are shown of the hosts ``only``; the reports at the end are about all."""
        self.stop = Stop()
        self.tally = Tally()
        self.titles: dict[str, str] = {}
        """What steps are called that were told of during the walk."""
        self.report_missing = False
        self.shows_output = view.verbosity > 0
        self._shows_results = view.shows_results or bool(also)
        shows = _views(view, check=check) if shown else []
        if only is not None:
            shows = [OfHosts(one, only) if isinstance(one, PlainView) else one for one in shows]
        self._bus = EventBus([*shows, *also])

    def publish(self, event: Event) -> None:
        """Count it and hand it to whoever watches."""
        if isinstance(event, JobFinished):
            self.tally.add(event)
            if not self._shows_results:
                event = without_results(event)  # it may wait for a slow terminal
        elif isinstance(event, StepAdded):
            self.titles[event.step.step] = event.step.name
        self._bus.publish(event)

    def notice(self, text: str, host: str = "") -> None:
        """Tell something about the whole run."""
        self.publish(Notice(text, time.time(), host))

    def close(self) -> None:
        """Show what was told so far, and close the reports, as ``walk`` does. May be repeated."""
        self._bus.close()

    def walk(
        self,
        graph: JobGraph,
        visit: Visit | None,
        *,
        run: str,
        verb: str,
        title: str,
        steps: Sequence[StepInfo],
        links: Links,
        forks: int | None,
        deadline: float | None = None,
        before_end: Callable[[bool], None] = lambda _interrupted: None,
        stages: Sequence[int] = (),
        regrow: Regrow | None = None,
        work: Callable[[], None] | None = None,
    ) -> bool:
        """Visit every job; says whether it was interrupted. Always closes links and reports.

        ``deadline``: seconds after which it is interrupted, as by a person who wants it now.
        After the plays of each of ``stages``, ``regrow`` gives the graph with which to go on.
        ``work`` does it all in place of ``visit``.
        """
        garbage.loaded()
        begun = time.time()
        members: frozenset[int] = frozenset().union(*(s.members for s in graph.steps))
        hosts = tuple(graph.hosts[i] for i in sorted(members))
        self.publish(RunStarted(run, verb, title, hosts, tuple(steps), begun))
        try:
            with self._signals(), self._limited(deadline):
                if work is not None:
                    work()
                elif visit is not None:
                    self._in_stages(graph, visit, forks, links, stages if regrow else (), regrow)
        finally:
            interrupted = self.stop.level is not StopLevel.GO_ON
            if self.stop.level < StopLevel.NOW:
                links.close_all()
            else:
                # What runs on the hosts is ended; a third Ctrl-C does not wait for that either.
                with suppress(KeyboardInterrupt):
                    links.end_now(END_SECONDS)
            try:
                before_end(interrupted)
            finally:
                now = time.time()
                counts = self.tally.by_host((*hosts, *self.tally.others(hosts)))
                self.publish(
                    RunFinished(run, verb, counts, interrupted, links.exchanges, now - begun, now)
                )
                self._bus.close()
                self.report_missing = bool(self._bus.dropped)
        return interrupted

    def _in_stages(
        self,
        graph: JobGraph,
        visit: Visit,
        forks: int | None,
        links: Links,
        stages: Sequence[int],
        regrow: Regrow | None,
    ) -> None:
        over: Over = {}
        for until in (*stages, None):
            members: frozenset[int] = frozenset().union(*(s.members for s in graph.steps))
            fits = fit(forks or min(max(1, len(members)), FORKS_CAP), len(members))
            if fits.notice:
                self.notice(fits.notice)
            if fits.connections is not None:
                links.keep_at_most(fits.connections)
            walk = Walk(graph, visit, fits.workers, self.stop, until=until, over=over)
            walk.run()
            over = walk.over
            if walk.stopped:
                return
            if until is not None and regrow is not None:
                graph = regrow(graph, until, over)

    def exit_code(self, *, interrupted: bool, detailed: bool) -> int:
        """The tally's, or 1 when all went well but a report that was asked for is missing."""
        code = self.tally.exit_code(interrupted=interrupted, detailed=detailed)
        return 1 if code == 0 and self.report_missing else code

    @contextmanager
    def _limited(self, seconds: float | None) -> Iterator[None]:
        """Begin nothing new after so many seconds, and end what is in flight then."""
        if seconds is None:
            yield
            return

        def passed() -> None:
            self.notice(
                f"the deadline of {seconds:g} s has passed: nothing new begins, and what is in "
                "flight is ended"
            )
            self.stop.ask(StopLevel.NOW)

        timer = threading.Timer(seconds, passed)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C once: finish what is in flight. Twice: stop now, the rest is in doubt."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            if self.stop.level is StopLevel.GO_ON:
                self.stop.ask(StopLevel.FINISH)
                self.notice("interrupted: finishing what is in flight; Ctrl-C again stops now")
            else:
                self.stop.ask(StopLevel.NOW)

        old: dict[signal.Signals, Any] = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            old[number] = signal.signal(number, handle)
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


def _views(view: View, *, check: bool) -> list[Subscriber]:
    return views(
        verbosity=view.verbosity,
        terminal=view.terminal,
        check=check,
        diff=view.diff,
        json_file=view.json_file,
        next_commands=usual_commands if view.proposes else None,
        folder=home(),
    )


def leave(code: int, stop: Stop) -> int:
    """The exit code; after a hard stop the process ends here, not waiting for hanging workers."""
    if stop.level is StopLevel.NOW:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def step_infos(graph: JobGraph, play_names: Sequence[str]) -> list[StepInfo]:
    """The steps as reports name them."""
    return [
        StepInfo(
            step.name,
            play_names[step.play] if play_names else "",
            step.title,
            step.task.module if step.task else "setup",
            len(step.members),
            str(step.source or ""),
        )
        for step in graph.steps
        if step.kind is not StepKind.GATE
    ]
