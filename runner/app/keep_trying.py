"""``--keep-trying``: hosts that did not answer are swept again, as going on with the same run.

Between two sweeps the run has ended on record and holds no host. A sweep takes what is over for
what it is, failures too, and does only what is left on the hosts that did not answer and on those
that had to wait for them.
"""

from __future__ import annotations

import getpass
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias

from runner.app.wiring.conduct import Conductor
from runner.app.wiring.ledger import outcome_from_json
from runner.app.wiring.options import RunOptions
from runner.engine.stop import StopLevel
from runner.engine.visits.resume import Past
from runner.errors import HostsBusy
from runner.journal.journal import Journal
from runner.journal.records import RunRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.secret import MASK

FIRST_SECONDS: Final = 5.0
"""How long to wait before the second sweep, about; twice as long before each further one."""
MOST_SECONDS: Final = 300.0

INTERRUPTED: Final = 130

Sweep: TypeAlias = Callable[[RunOptions, Past, frozenset[str]], tuple[int, Conductor]]
"""Goes on with the run on these hosts; gives the exit code, and who conducted it."""


def keep_trying(
    options: RunOptions,
    sweep: Sweep,
    journal: Journal,
    record: RunRecord,
    code: int,
    conductor: Conductor,
    say: Callable[[str], None],
) -> tuple[int, Conductor]:
    """Sweep until every host answered or the time is over; gives the last sweep's end.

    A signal while it waits ends it: what was done stands, and the run can be resumed later.
    """
    begun = time.monotonic()
    attempt = 0
    while options.keep_trying is not None and not conductor.stop.level:
        outcomes = {r.job: outcome_from_json(r.data) for r in journal.outcomes(record.id)}
        silent, waiting = left(outcomes)
        over = time.monotonic() - begun
        if not silent or over >= options.keep_trying:
            if silent:
                say(f"{_hosts(silent)} did not answer in {options.keep_trying:g} s of trying")
            break
        pause = min(
            FIRST_SECONDS * 2.0 ** min(attempt, 20) * random.uniform(0.75, 1.25),
            MOST_SECONDS,
            options.keep_trying - over,
        )
        attempt += 1
        with _heard() as stop:
            say(f"{_hosts(silent)} did not answer: tried again in {pause:.0f} s; Ctrl-C ends that")
            interrupted = stop.wait(pause)
        if interrupted:
            conductor.stop.ask(StopLevel.FINISH)
            say(f"not tried any longer; later: runner resume {record.id}")
            return INTERRUPTED, conductor
        rest = _rest(options, time.monotonic() - begun)
        if rest is None:
            say("the deadline has passed")
            break
        try:
            why = f"{_hosts(silent)} did not answer (--keep-trying)"
            journal.reopen(record.id, record.pid, user=getpass.getuser(), why=why)
        except HostsBusy as error:
            say(f"another run has hosts of this one: {error.message}")
            continue
        hosts = silent | waiting
        done = {j: o for j, o in outcomes.items() if j.host not in hosts or _stands(o)}
        complete = frozenset(job.host for job in done)
        past = Past(journal.changes(record.id), done, complete)
        code, conductor = sweep(rest, past, hosts)
    return code, conductor


def left(outcomes: Mapping[JobId, Outcome]) -> tuple[frozenset[str], frozenset[str]]:
    """The hosts that did not answer, and those with work that was blocked by them."""
    silent = frozenset(
        job.host
        for job, outcome in outcomes.items()
        if Status.UNREACHABLE in _statuses(outcome) and not outcome.ignored
    )
    waiting = frozenset(
        job.host
        for job, outcome in outcomes.items()
        if outcome.blocked_by is not None and outcome.blocked_by.host in silent
    )
    return silent, waiting - silent


def _stands(outcome: Outcome) -> bool:
    """Whether this end of a job on a host that is swept is not tried again, either."""
    if outcome.status not in (Status.FAILED, Status.IN_DOUBT):
        return False
    return Status.UNREACHABLE not in _statuses(outcome) and MASK not in str(outcome.result)


def _statuses(outcome: Outcome) -> Iterable[Status]:
    return (outcome.status, *(item.status for item in outcome.items))


def _hosts(hosts: frozenset[str]) -> str:
    some = ", ".join(sorted(hosts)[:5])
    return some if len(hosts) <= 5 else f"{some} and {len(hosts) - 5} more hosts"


def _rest(options: RunOptions, over: float) -> RunOptions | None:
    """The options with what is left of the deadline; None when that has passed."""
    if options.deadline is None:
        return options
    seconds = options.deadline - over
    return replace(options, deadline=seconds) if seconds > 0 else None


@contextmanager
def _heard() -> Iterator[threading.Event]:
    """An event that a signal sets."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    old: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        old[number] = signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
