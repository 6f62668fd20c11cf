"""What was delegated is taken back where it was made, the newest change first."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from runner.engine.graph.rollback import rollback_graph
from runner.engine.graph.rollback_targets import order_targets
from runner.engine.visits.rollback import RollbackVisit
from runner.engine.walk.walk import Walk
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from tests.engine.toy_ledgers import ToyLedger, ToyUndoLedger
from tests.engine.toys import Fleet, ToyHost, include
from tests.engine.visits.test_rollback import run, set_key


def fleet_with_dc() -> Fleet:
    fleet = Fleet({name: ToyHost({"k": "0"}) for name in "ab"})
    fleet.others = {"dc": ToyHost({"k": "0"}), "localhost": ToyHost({"k": "0"})}
    return fleet


def roll_back(
    fleet: Fleet, memory: ToyLedger, stored: Any, workers: int = 4
) -> dict[JobId, Outcome]:
    changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
    for record in memory.records.values():
        changes[record.job].append(record)
    steps, edges = stored
    graph = rollback_graph(steps, edges, [r.job for r in memory.records.values()], frozenset())
    order_targets(graph, memory.records.values())
    runtime = fleet.runtime((), False)
    visit = RollbackVisit(runtime, changes, {}, ToyUndoLedger(), lambda _record: True)
    Walk(graph, visit, workers, runtime.stop).run()
    return fleet.outcomes


@pytest.mark.parametrize("target", ["dc", "localhost"])
def test_a_delegated_change_is_recorded_with_its_host_and_taken_back_there(target: str) -> None:
    fleet = fleet_with_dc()
    memory, stored = run(fleet, set_key("t", "k", "1", delegate_to=target, run_once=True))
    [record] = memory.records.values()
    assert (record.job, record.target, record.where) == (JobId("t", "a"), target, target)
    assert fleet.others[target].keys == {"k": "1"}
    outcomes = roll_back(fleet, memory, stored)
    assert outcomes[JobId("t", "a")].status is Status.CHANGED
    assert fleet.others[target].keys == {"k": "0"}
    assert all(host.lines == [] for host in fleet.hosts.values())


def test_a_change_on_the_jobs_own_host_has_no_other_target() -> None:
    fleet = fleet_with_dc()
    memory, _ = run(fleet, set_key("t", "k", "1", delegate_to="{{ inventory_hostname }}"))
    assert {record.target for record in memory.records.values()} == {""}


@pytest.mark.parametrize("workers", [1, 4])
def test_what_several_hosts_changed_on_one_comes_back_newest_first(workers: int) -> None:
    fleet = Fleet({name: ToyHost() for name in "abcdef"})
    fleet.others = {"dc": ToyHost({"k": "0"})}
    mine = set_key("t", "k", "{{ inventory_hostname }}", delegate_to="dc")
    memory, stored = run(fleet, mine, set_key("u", "k", "{{ inventory_hostname }}2",
                                              delegate_to="dc"))  # fmt: skip
    assert len(memory.records) == 12
    fleet.others["dc"].lines.clear()
    outcomes = roll_back(fleet, memory, stored, workers)
    assert {o.status for o in outcomes.values()} == {Status.CHANGED}
    assert fleet.others["dc"].keys == {"k": "0"}


def test_what_an_include_changed_comes_back() -> None:
    fleet = Fleet({"a": ToyHost({"k": "0"})})
    fleet.files = {"f": [set_key("one", "k", "{{ item }}"), set_key("two", "k", "{{ item }}x")]}
    memory, stored = run(fleet, set_key("first", "k", "f"), include("in", "f", loop=["1", "2"]))
    assert fleet.hosts["a"].keys == {"k": "2x"}
    outcomes = roll_back(fleet, memory, stored)
    assert {o.status for o in outcomes.values()} == {Status.CHANGED}
    assert JobId("in/[1]/two", "a") in outcomes
    assert fleet.hosts["a"].keys == {"k": "0"}
