"""The way back on a toy fleet: exact, newest first, never over somebody else's change."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.build import GraphBuilder
from runner.engine.graph.rollback import graph_to_json, rollback_graph
from runner.engine.graph.rollback_targets import order_targets
from runner.engine.undoing.undo import Restart
from runner.engine.visits.rollback import RollbackVisit
from runner.engine.visits.run import RunVisit
from runner.engine.walk.walk import Walk
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Need, Play, Playbook
from tests.engine.toy_ledgers import ToyLedger, ToyUndoLedger
from tests.engine.toys import HERE, Fleet, ToyHost, task


def play_of(*tasks: Any) -> Play:
    return Play("p", "all", HERE, HERE, tasks=tasks, gather_facts=False)


def run(fleet: Fleet, *tasks: Any) -> tuple[ToyLedger, Any]:
    memory = ToyLedger()
    fleet.walk(lambda r: RunVisit(r, memory), *tasks)
    names = tuple(fleet.hosts)
    book = Playbook("play.yml", (play_of(*tasks),), "0")
    graph = GraphBuilder(fleet.inventory, lambda *_: names, None).build(book)
    fleet.outcomes.clear()
    return memory, graph_to_json(graph)


def roll_back(
    fleet: Fleet,
    memory: ToyLedger,
    stored: Any,
    *,
    check: bool = False,
    restart: bool = False,
    ledger: ToyUndoLedger | None = None,
) -> dict[JobId, Outcome]:
    changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
    order: list[JobId] = []
    for record in memory.records.values():
        changes[record.job].append(record)
        order.append(record.job)
    steps, edges = stored
    restarts = {h: Restart("boot", {}) for h in fleet.hosts} if restart else {}
    graph = rollback_graph(steps, edges, order, frozenset(restarts))
    order_targets(graph, memory.records.values())
    runtime = fleet.runtime((), check)
    ledger = None if check else ledger or ToyUndoLedger()
    visit = RollbackVisit(runtime, changes, restarts, ledger, lambda _record: True)
    Walk(graph, visit, 4, runtime.stop).run()
    return fleet.outcomes


def set_key(name: str, key: str, value: str | None, **fields: Any) -> Any:
    return task(name, "key", {"key": key, "value": value}, **fields)


def test_everything_comes_back_newest_first() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    memory, stored = run(fleet, set_key("one", "k", "1"), set_key("two", "k", "2"))
    fleet.hosts["a"].lines.clear()
    outcomes = roll_back(fleet, memory, stored)
    assert [o.status for o in outcomes.values()] == [Status.CHANGED, Status.CHANGED]
    assert [x for x in fleet.hosts["a"].lines if not x.startswith("get")] == ["set k=1", "set k=0"]


def test_what_was_absent_is_absent_again() -> None:
    fleet = Fleet({"a": ToyHost({})})
    memory, stored = run(fleet, set_key("one", "k", "1"))
    roll_back(fleet, memory, stored)
    assert fleet.hosts["a"].keys == {}


def test_somebody_elses_change_is_a_conflict_with_three_values_and_left_alone() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0", "j": "0"})})
    memory, stored = run(fleet, set_key("one", "j", "1"), set_key("two", "k", "1"))
    fleet.hosts["a"].keys["k"] = "theirs"
    outcomes = roll_back(fleet, memory, stored)
    conflict = outcomes[JobId("two", "a")]
    assert conflict.status is Status.CONFLICT
    assert "before '0', left by the run '1', now 'theirs'" in conflict.message
    assert fleet.hosts["a"].keys == {"k": "theirs", "j": "0"}


def test_what_the_run_did_not_touch_is_no_conflict_and_stays_as_it_is_now() -> None:
    """A disabled driver that a restart has stopped since gets its start mode back all the same."""
    fleet = Fleet({"a": ToyHost({"k": "0", "owner": "x"})})
    memory, stored = run(fleet, set_key("one", "k", "1"))
    fleet.hosts["a"].keys["owner"] = "y"
    assert roll_back(fleet, memory, stored)[JobId("one", "a")].status is Status.CHANGED
    assert fleet.hosts["a"].keys == {"k": "0", "owner": "y"}


def test_what_is_already_back_is_left_alone() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    memory, stored = run(fleet, set_key("one", "k", "1"))
    fleet.hosts["a"].keys["k"] = "0"
    assert roll_back(fleet, memory, stored)[JobId("one", "a")].status is Status.OK


def test_a_preview_of_the_way_back_writes_nothing() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    memory, stored = run(fleet, set_key("one", "k", "1"))
    fleet.hosts["a"].lines.clear()
    [outcome] = roll_back(fleet, memory, stored, check=True).values()
    assert outcome.status is Status.WOULD_CHANGE
    assert outcome.commands == ("set k=0",)
    assert not any(line.startswith("set") for line in fleet.hosts["a"].lines)


def test_a_preview_looks_at_what_was_done_before_as_it_will_be_then() -> None:
    host = ToyHost({"k": "0"})
    fleet = Fleet({"a": host})
    tasks = [set_key(name, "k", value) for name, value in (("one", "1"), ("two", "2"))]
    memory, stored = run(fleet, *tasks)
    found = roll_back(fleet, memory, stored, check=True)
    assert [outcome.status for outcome in found.values()] == [Status.WOULD_CHANGE] * 2
    assert found[JobId("one", "a")].commands == ("set k=0",)
    assert host.keys == {"k": "2"}
    # What is left alone stays in the way of what was done before it.
    host.keys["k"] = "9"
    fleet.outcomes.clear()
    found = roll_back(fleet, memory, stored, check=True)
    assert [outcome.status for outcome in found.values()] == [Status.CONFLICT] * 2


def test_a_preview_does_not_guess_what_tasks_of_an_undo_leave() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    memory, stored = run(fleet, set_key("one", "k", "1"), set_key("two", "k", "2"))
    way_back = {"module": "key", "task": "back", "params": {"key": "k", "value": "1"}}
    memory.records[2] = dataclasses.replace(memory.records[2], undo=[way_back])
    found = roll_back(fleet, memory, stored, check=True)
    assert found[JobId("two", "a")].status is Status.WOULD_CHANGE
    assert found[JobId("one", "a")].status is Status.NOT_PREDICTABLE
    assert "later is back" in found[JobId("one", "a")].message
    fleet.outcomes.clear()
    came = roll_back(fleet, memory, stored)
    assert came[JobId("one", "a")].status is Status.CHANGED
    assert fleet.hosts["a"].keys == {"k": "0"}


def test_the_irreversible_is_named_and_does_not_hold_up_the_rest() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0", "j": "0"})})
    forever = task("two", "key", {"key": "k", "value": "1", "forever": True})
    memory, stored = run(fleet, set_key("one", "j", "1"), forever)
    outcomes = roll_back(fleet, memory, stored)
    assert outcomes[JobId("two", "a")].status is Status.IRREVERSIBLE
    assert fleet.hosts["a"].keys == {"k": "1", "j": "0"}


def test_a_failed_undo_blocks_what_was_done_before_it_on_that_host_only() -> None:
    hosts = {name: ToyHost({"k": "0", "j": "0"}) for name in ("a", "b")}
    fleet = Fleet(hosts)
    memory, stored = run(fleet, set_key("one", "j", "1"), set_key("two", "k", "1"))
    hosts["a"].deaf = {"k"}
    outcomes = roll_back(fleet, memory, stored)
    assert outcomes[JobId("two", "a")].status is Status.FAILED
    assert outcomes[JobId("one", "a")].status is Status.BLOCKED
    assert outcomes[JobId("one", "b")].status is Status.CHANGED


def test_order_across_hosts_is_turned_round() -> None:
    hosts = {name: ToyHost({"k": "0"}) for name in ("a", "b")}
    fleet = Fleet(hosts)
    waits = (Need("one", HERE, hosts="all"),)
    memory, stored = run(
        fleet, set_key("one", "k", "1", id="one"), set_key("two", "k", "2", needs=waits)
    )
    order: list[JobId] = []
    publish = fleet.publish

    def noting(event: Any) -> None:
        if hasattr(event, "outcome"):
            order.append(event.job)
        publish(event)

    fleet.publish = noting  # type: ignore[method-assign]
    roll_back(fleet, memory, stored)
    assert {job.step for job in order[:2]} == {"two"}
    assert {job.step for job in order[2:]} == {"one"}


def test_a_restart_is_repeated_at_the_end_only_where_an_undo_needs_it() -> None:
    hosts = {"a": ToyHost({"k": "0"}), "b": ToyHost({"k": "wait"})}
    fleet = Fleet(hosts)
    memory, stored = run(fleet, set_key("one", "k", "wait"), set_key("two", "j", "1"))
    outcomes = roll_back(fleet, memory, stored, restart=True)
    assert outcomes[JobId("restart-where-needed", "a")].status is Status.CHANGED
    assert outcomes[JobId("restart-where-needed", "b")].status is Status.SKIPPED
    assert [hosts[h].keys.get("boots") for h in "ab"] == ["1", None]


def test_without_leave_to_restart_it_is_a_warning() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    memory, stored = run(fleet, set_key("one", "k", "wait"))
    [outcome] = roll_back(fleet, memory, stored).values()
    assert outcome.status is Status.CHANGED
    assert "--restart" in outcome.warnings[0]


def test_a_host_that_must_restart_first_is_restarted_if_it_may_be() -> None:
    fleet = Fleet({"a": ToyHost({"k": "after-restart"})})
    memory, stored = run(fleet, set_key("one", "k", "1"))
    outcomes = roll_back(fleet, memory, stored)
    assert outcomes[JobId("one", "a")].status is Status.FAILED
    assert "--restart" in outcomes[JobId("one", "a")].advice
    outcomes = roll_back(fleet, memory, stored, restart=True)
    assert outcomes[JobId("one", "a")].status is Status.CHANGED
    assert fleet.hosts["a"].keys["k"] == "after-restart"


def test_tasks_that_did_not_wait_for_each_other_are_undone_newest_first() -> None:
    for _ in range(5):
        fleet = Fleet({"a": ToyHost({"k": "0"})})
        tasks = [set_key(f"t{n}", "k", str(n), needs=()) for n in range(1, 5)]
        memory, stored = run(fleet, *tasks)
        outcomes = roll_back(fleet, memory, stored)
        assert {o.status for o in outcomes.values()} == {Status.CHANGED}
        assert fleet.hosts["a"].keys == {"k": "0"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
    st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sampled_from("xyz")), max_size=6),
)
def test_any_run_rolls_back_to_exactly_where_it_was(
    keys: dict[str, str], changes: list[tuple[str, str | None]]
) -> None:
    fleet = Fleet({"a": ToyHost(dict(keys))})
    tasks = [set_key(f"t{i}", key, value) for i, (key, value) in enumerate(changes)]
    memory, stored = run(fleet, *tasks)
    foreseen = dict(roll_back(fleet, memory, stored, check=True))
    fleet.outcomes.clear()
    came = roll_back(fleet, memory, stored)
    assert fleet.hosts["a"].keys == keys
    assert {job: outcome.differences for job, outcome in foreseen.items()} == {
        job: outcome.differences for job, outcome in came.items()
    }, "the preview foresees exactly that"
    assert Status.CONFLICT not in {outcome.status for outcome in foreseen.values()}


def test_what_a_job_did_twice_goes_back_once_the_later_half_is_back() -> None:
    """A run was cut short, and a resume did the rest; then the way back is cut, too."""
    host = ToyHost({"one": "a", "two": "b"})
    fleet = Fleet({"a": host})
    memory, stored = run(fleet, task("pair", "pair", {"one": "1", "two": "2"}))
    whole = memory.records[1]
    rest = dataclasses.replace(whole, before={"values": ["1", "b"]}, id=2, sequence=2)
    memory.records = {1: dataclasses.replace(whole, status="in doubt", found=None), 2: rest}
    host.lose_answer_of = "set two=b"
    outcome = roll_back(fleet, memory, stored)[JobId("pair", "a")]
    assert outcome.status is Status.IN_DOUBT
    assert [item.status for item in outcome.items] == [Status.IN_DOUBT, Status.BLOCKED]
    assert host.keys == {"one": "1", "two": "b"}, "the older change waits"
    # The next one begins with it, and may die behind the older half: then it counts as back.
    memory.records[2] = dataclasses.replace(rest, status="in doubt")
    fleet.outcomes.clear()
    ledger = ToyUndoLedger()
    outcome = roll_back(fleet, memory, stored, ledger=ledger)[JobId("pair", "a")]
    assert outcome.status is Status.CHANGED
    assert host.keys == {"one": "a", "two": "b"}
    assert len(ledger.back) == 1, "the later half was found to be back, and is marked so"
