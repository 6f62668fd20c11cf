"""Random playbooks on toy hosts: in which order, what is left out, the way back, going on.

``RUNNER_BOOKS=2000`` tries that many of each kind.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from runner.engine.graph.build import GraphBuilder
from runner.engine.graph.rollback import graph_to_json, rollback_graph
from runner.engine.graph.rollback_targets import order_targets
from runner.engine.stop import Stop, StopLevel
from runner.engine.undoing.undo import Doubt
from runner.engine.visits.resume import Past, ResumeVisit
from runner.engine.visits.rollback import RollbackVisit
from runner.engine.visits.run import RunVisit
from runner.engine.walk.walk import Walk
from runner.errors import GraphError
from runner.events import Event, JobFinished, JobStarted
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Playbook, Task, tasks_in
from tests.engine.graph.test_blocks import Reading
from tests.engine.random_books import HOSTS, STRATEGIES, Book, books, cleaning_up
from tests.engine.toy_ledgers import ToyLedger, ToyUndoLedger
from tests.engine.toys import Fleet, ToyHost
from tests.engine.visits.visiting import writes

MANY = int(os.environ.get("RUNNER_BOOKS", "12"))
few = settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
_RAN = frozenset({Status.OK, Status.CHANGED, Status.FAILED})


class Game:
    """One book on hosts of its own: played, cut off, gone on with, taken back."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.fleet = Fleet({host: ToyHost(dict(keys)) for host, keys in book.keys.items()})
        self.ledger = ToyLedger()
        self.begun: dict[JobId, int] = {}
        self.ended: dict[JobId, int] = {}
        self._cut: int | None = None
        self._publish = self.fleet.publish
        self.fleet.publish = self._note  # type: ignore[method-assign]

    def _note(self, event: Event) -> None:
        self._publish(event)
        if isinstance(event, JobStarted):
            self.begun[event.job] = len(self.begun) + len(self.ended)
        if isinstance(event, JobFinished):
            self.ended[event.job] = len(self.begun) + len(self.ended)
            if self._cut is not None and len(self.ended) >= self._cut:
                self.fleet.stop.ask(StopLevel.FINISH)

    @property
    def outcomes(self) -> Mapping[JobId, Outcome]:
        return self.fleet.outcomes

    @property
    def keys(self) -> dict[str, dict[str, str]]:
        return {name: host.keys for name, host in self.fleet.hosts.items()}

    @property
    def sent(self) -> dict[str, list[str]]:
        """All that was to alter a host."""
        return {name: writes(host) for name, host in self.fleet.hosts.items()}

    def play(self, cut: int | None = None) -> Game:
        """Run it; ``cut`` begins nothing new once so many jobs are over."""
        self._cut = cut
        try:
            self.fleet.walk_plays(lambda r: RunVisit(r, self.ledger), *self.book.plays)
        except GraphError:  # in batches, "needs all hosts" is a circle, and said to be one
            reject()
        return self

    def go_on(self) -> None:
        """Resume what was cut off."""
        done = {job: o for job, o in self.outcomes.items() if o.status is not Status.CANCELLED}
        bad = {job.host for job, o in self.outcomes.items() if not o.is_good}
        past = Past(list(self.ledger.records.values()), done, frozenset(HOSTS) - bad)
        self.fleet.outcomes = {}
        self.fleet.stop, self._cut = Stop(), None
        self.fleet.walk_plays(
            lambda r: ResumeVisit(r, self.ledger, past, Doubt.LEAVE), *self.book.plays
        )

    def take_back(self) -> dict[JobId, Outcome]:
        """Roll it back."""
        names = tuple(self.fleet.hosts)
        book = Playbook("play.yml", self.book.plays, "0")
        graph = GraphBuilder(self.fleet.inventory, lambda *_: names, None).build(book)
        changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
        for record in self.ledger.records.values():
            changes[record.job].append(record)
        order = [record.job for record in self.ledger.records.values()]
        back = rollback_graph(*graph_to_json(graph), order, frozenset())
        order_targets(back, self.ledger.records.values())
        self.fleet.outcomes, self.fleet.stop, self._cut = {}, Stop(), None
        runtime = self.fleet.runtime((), False)
        visit = RollbackVisit(runtime, changes, {}, ToyUndoLedger(), lambda _record: True)
        Walk(back, visit, 4, runtime.stop).run()
        return self.fleet.outcomes


def is_for(task: Task, host: str) -> bool:
    """Whether its ``when`` lets it run there."""
    return all(
        {"false": False, "inventory_hostname != 'b'": host != "b"}.get(text, host in "ac")
        for text in task.conditions
    )


def fails(task: Task, host: str) -> bool:
    return task.module == "say" and f"'{host}'" in task.args["text"] and is_for(task, host)


@few
@given(books(settings=STRATEGIES))
def test_what_a_task_needs_is_done_before_it_begins_and_nothing_rests_on_a_failure(
    book: Book,
) -> None:
    game = Game(book).play()
    for _, task in book.tasks():
        for need in task.needs or ():
            for host in HOSTS:
                job = JobId(task.name, host)
                needed = [JobId(need.target, h) for h in (HOSTS if need.hosts else (host,))]
                if game.outcomes[job].status not in _RAN:
                    continue
                begun = game.begun.get(job, game.ended[job])  # run_once: another host began it
                assert all(game.ended[one] < begun for one in needed), task.name
                assert all(game.outcomes[one].is_good for one in needed), task.name
    for job, outcome in game.outcomes.items():
        if outcome.status is Status.BLOCKED:
            assert outcome.blocked_by is not None, job
            root = game.outcomes[outcome.blocked_by]
            assert root.status is Status.FAILED, (job, root)
            assert not root.ignored, (job, root)


@few
@given(books(once=False, waits="", settings=st.fixed_dictionaries({"linear": st.booleans()})))
def test_each_host_does_what_a_plain_reading_says_whatever_happens_to_others(book: Book) -> None:
    game = Game(book).play()
    for host in HOSTS:
        failing = {t.name for _, t in book.tasks() if fails(t, host) and not t.ignore_errors}
        reading, good = Reading(frozenset(failing)), True
        for number, play in enumerate(book.plays):
            if not good:
                reading.leave(play.tasks, Status.BLOCKED)
                continue
            good = reading.entries(play.tasks)
            _check_handlers(game, number, host, good)
        for _, task in book.tasks():
            status = game.outcomes[JobId(task.name, host)].status
            expected = reading.status[task.name]
            if expected is Status.OK and not is_for(task, host):
                expected = Status.SKIPPED
            if expected is Status.OK and fails(task, host):
                expected = Status.FAILED
            if expected is Status.BLOCKED and status is Status.SKIPPED:
                outcome = game.outcomes[JobId(task.name, host)]
                assert outcome.message.startswith("left out: "), (task, host)
                continue
            assert (Status.OK if status is Status.CHANGED else status) is expected, (task, host)


def _check_handlers(game: Game, number: int, host: str, good: bool) -> None:
    """They run once, after all tasks, where something called them and the host is well."""
    play = game.book.plays[number]
    mine = {task.name: task for task in tasks_in(play.tasks)}
    called = {
        name
        for step, task in mine.items()
        if game.outcomes[JobId(step, host)].status is Status.CHANGED
        for name in task.notify
    }
    lines = Counter(writes(game.fleet.hosts[host]))
    for handler in play.handlers:
        job = JobId(handler.name, host)
        ran = game.outcomes[job].status in _RAN
        assert ran is (good and handler.name in called), job
        assert lines[f"set {handler.name}=ran"] == int(ran)
        if ran:
            assert game.begun[job] > max(game.ended[JobId(step, host)] for step in mine)


BUDGETS = st.fixed_dictionaries(
    {"linear": st.just(True)},
    optional={
        "any_errors_fatal": st.just(True),
        "max_fail_percentage": st.sampled_from((0.0, 40.0, 70.0)),
    },
)


@few
@given(books(once=False, waits="", settings=BUDGETS))
def test_nothing_new_begins_once_too_many_hosts_failed(book: Book) -> None:
    game = Game(book).play()
    for play in book.plays:
        names = [task.name for task in tasks_in(play.tasks)]
        exempt = set(cleaning_up(play.tasks))
        limit = 0.0 if play.any_errors_fatal else play.max_fail_percentage
        lost: set[str] = set()
        for name in names:
            ran = [h for h in HOSTS if game.outcomes[JobId(name, h)].status in _RAN]
            if limit is not None and name not in exempt:
                assert not (ran and 100 * len(lost) / len(HOSTS) > limit), (name, lost)
            lost |= {
                host
                for host in ran
                if (outcome := game.outcomes[JobId(name, host)]).status is Status.FAILED
                and not outcome.ignored
                and not outcome.rescued
            }


@few
@given(books(commands=False, settings=STRATEGIES))
def test_whatever_a_run_did_its_rollback_gives_back_what_was(book: Book) -> None:
    game = Game(book).play()
    back = game.take_back()
    assert {str(o.status) for o in back.values()} <= {"changed", "ok"}, back
    assert game.keys == book.keys


@few
@given(books(commands=False, settings=STRATEGIES), st.data())
def test_so_does_the_rollback_of_one_that_was_cut_off(book: Book, data: st.DataObject) -> None:
    game = Game(book).play(cut=data.draw(st.integers(1, 12)))
    game.take_back()
    assert game.keys == book.keys


@few
@given(books(waits="strict", settings=STRATEGIES), st.data())
def test_a_run_that_was_cut_off_and_gone_on_with_is_like_one_that_was_not(
    book: Book, data: st.DataObject
) -> None:
    whole = Game(book).play()
    cut = Game(book).play(cut=data.draw(st.integers(1, max(1, len(whole.ended) - 1))))
    assume(any(o.status is Status.CANCELLED for o in cut.outcomes.values()))
    cut.go_on()
    assert cut.keys == whole.keys
    assert cut.sent == whole.sent, "nothing is done twice, and nothing else"
    assert {job: o.status for job, o in cut.outcomes.items()} == {
        job: o.status for job, o in whole.outcomes.items()
    }
