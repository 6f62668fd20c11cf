"""A mate: one process of a crew, from its fork to its end. It walks over hosts of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, NoReturn

from runner.app.crew.messages import (
    Answer,
    Begin,
    Broke,
    End,
    Finished,
    Go,
    Halt,
    Learn,
    Left,
    Message,
    Reach,
    Refusal,
    StateOf,
    Walked,
)
from runner.app.crew.remote import RemoteCredentials, RemoteJournal, RemotePace
from runner.app.crew.sharing import SharedLeasing, SharedVariables, Voice
from runner.app.crew.wire import Wire
from runner.app.wiring.conduct import END_SECONDS
from runner.app.wiring.descriptors import fit
from runner.app.wiring.leases import leasing_of
from runner.app.wiring.ledger import run_ledger
from runner.app.wiring.offering import Offers
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared
from runner.app.wiring.runtime import make_runtime
from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.graph.lines import Lines
from runner.engine.runtime import Links, Runtime
from runner.engine.stop import Stop, StopLevel
from runner.engine.visits.check import CheckVisit
from runner.engine.visits.run import RunVisit
from runner.engine.visits.visit import TaskVisit
from runner.engine.walk.walk import Walk
from runner.errors import RunnerError
from runner.model.playbook import Play


@dataclass(frozen=True, slots=True)
class Share:
    """A mate's part of a run: what is to be done (``prepared`` has the graph of its own hosts),
    and how its hosts are reached. ``foreign`` are the hosts of the others."""

    options: RunOptions
    prepared: Prepared
    variables: SharedVariables
    links: Links
    stop: Stop
    foreign: frozenset[str]


def live(
    connection: Connection[Any, Any], share: Share, foreign: Sequence[Connection[Any, Any]]
) -> NoReturn:
    """All of a mate's life, in the process that was just forked. It never returns.

    A terminal's Ctrl-C goes to all of its processes: what follows from it is said by the one that
    has forked this one. When that one is gone, so is this one at once. Signals are heard and
    nothing done, not ignored: programs that this process starts would ignore them, too.

    ``foreign`` are the wires of others. The end of each must be seen, so nobody else may hold it
    open.
    """
    code = 1
    try:
        for other in foreign:
            other.close()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
        _Mate(connection, share).work()
        code = 0
    finally:
        os._exit(code)


class _Mate:
    def __init__(self, connection: Connection[Any, Any], share: Share) -> None:
        self._share = share
        self._variables = share.variables
        self._begun: SimpleQueue[Begin] = SimpleQueue()
        self._ended = threading.Event()
        self._listening = 0
        """The thread that hears what the others say."""
        self._wire = Wire(connection, self._hear, lambda: os._exit(1), "mate")
        self._credentials = RemoteCredentials(self._wire, share.stop)
        self._variables.part(share.foreign, self._fetch, self._tell_left)
        share.prepared.fleet.redactor.told = self._tell_secrets
        self._wire.start()

    def work(self) -> None:
        """Walk when told to, until told that nothing more is wanted."""
        begin = self._begun.get()
        try:
            self._walk(begin)
        except Exception as error:  # noqa: BLE001 - told to who can show it
            self._break(error)
        self._wire.send(Walked())
        links = self._share.links
        try:
            if self._share.stop.level < StopLevel.NOW:
                links.close_all()
            else:
                links.end_now(END_SECONDS)
        except Exception as error:  # noqa: BLE001 - the same
            self._break(error)
        self._wire.send(Finished(links.exchanges))
        self._ended.wait()

    def _break(self, error: Exception) -> None:
        """Say that this process cannot go on."""
        known = isinstance(error, RunnerError)
        self._wire.send(Broke(error if known else RunnerError(f"internal error: {error!r}")))

    def _walk(self, begin: Begin) -> None:
        share, links, stop = self._share, self._share.links, self._share.stop
        if links.access is not None:
            links.access.pace = RemotePace(self._wire, stop, begin.pace)
            links.access.credentials = self._credentials
        voice = Voice(stop, self._wire, share.options.view)
        offers = Offers(voice.notice)
        try:
            visit = self._visit(begin, voice, offers)
            Walk(share.prepared.graph, visit, self._threads(begin, voice), stop).run()
        finally:
            offers.close()

    def _threads(self, begin: Begin, voice: Voice) -> int:
        """How many hosts are worked on at once, as far as this process may open connections."""
        steps = self._share.prepared.graph.steps
        hosts = len(frozenset().union(*(step.members for step in steps)))
        fits = fit(begin.threads, hosts)
        if fits.notice:
            voice.notice(fits.notice)
        if fits.connections is not None:
            self._share.links.keep_at_most(fits.connections)
        return fits.workers

    def _visit(self, begin: Begin, voice: Voice, offers: Offers) -> TaskVisit:
        share, prepared = self._share, self._share.prepared
        journal: RemoteJournal | None = None
        if begin.journal is not None:
            journal = RemoteJournal(self._wire, begin.journal, begin.breaking)
            leasing = leasing_of(
                share.options.locking, journal, begin.run, prepared.fleet, self._variables,
                voice.notice,
            )  # fmt: skip
            if leasing is not None:
                share.links.leasing = SharedLeasing(leasing, begin.owner, self._wire)
        runtime = make_runtime(
            begin.run,
            prepared.playbook.plays,
            prepared.fleet,
            voice,
            self._variables,
            share.links,
            journal,
            includes=prepared.includes,
            offers=offers,
        )
        return self._visiting(runtime, journal, begin.run)

    def _visiting(self, runtime: Runtime, journal: RemoteJournal | None, run: str) -> TaskVisit:
        prepared, fuse = self._share.prepared, self._share.options.fuse
        lines = Lines(prepared.graph)
        if journal is None:
            visit = CheckVisit(runtime)
            if fuse:
                visit.look_ahead(lines)
            return visit
        ledger = run_ledger(journal, run, prepared.fleet)
        return FusedVisit(runtime, ledger, lines) if fuse else RunVisit(runtime, ledger)

    # -- what the others say ----------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001 - who asked must not wait for ever
            if (number := getattr(message, "number", None)) is not None:
                self._wire.send(Refusal(number, error))
            else:
                self._break(error)

    def _take(self, message: Message) -> None:
        match message:
            case Begin():
                self._begun.put(message)
            case Halt(level):
                self._share.stop.ask(level)
            case Reach(number) | Go(number) | Refusal(number, _):
                self._credentials.say(number, message)
            case Learn(number, secrets):
                self._listening = threading.get_ident()
                self._share.prepared.fleet.redactor.add(*secrets)
                self._wire.send(Answer(number, None))
            case Left(play, host):
                self._variables.leave(self._share.prepared.playbook.plays[play], host)
            case StateOf(number, host):
                self._wire.send(Answer(number, self._variables.shown(host)))
            case End():
                self._ended.set()

    def _tell_secrets(self, secrets: Sequence[str]) -> None:
        """Have them masked everywhere before anything can show them."""
        if threading.get_ident() != self._listening:  # there it was told by the others
            self._wire.ask(lambda number: Learn(number, tuple(secrets)))

    def _fetch(self, host: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._wire.ask(lambda number: StateOf(number, host))
        return found

    def _tell_left(self, play: Play, host: str) -> None:
        plays = self._share.prepared.playbook.plays
        self._wire.post(Left(next(i for i, one in enumerate(plays) if one is play), host))
