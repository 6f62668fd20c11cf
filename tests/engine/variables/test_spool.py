"""Large registered values wait on the disk: they come back equal, and memory does not hold them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.engine.runtime import Runtime
from runner.engine.variables import host_state
from runner.engine.variables.host_state import HostState, HostStates
from runner.engine.variables.layers import Layers, Live
from runner.engine.variables.spool import WORTH, Spool, weight
from runner.engine.variables.unknown import Depends, UnknownResult
from runner.engine.variables.variables import Variables
from runner.engine.visits.run import RunVisit
from runner.events import Event, JobFinished
from runner.loading.text.data import DataDict, DataList, DataStr, as_data
from runner.model.job import JobId, Status
from runner.model.playbook import Play, Task
from tests.engine.toy_ledgers import ToyLedger
from tests.engine.toys import Fleet, ToyHost, task

LONG = 5_000


def test_what_comes_back_is_what_was_put_there(tmp_path: Path) -> None:
    value = as_data(
        {"stdout": "é{{ no template }}\ud800" * WORTH, "rc": 0, "none": None, "parts": ["{{ x }}"]}
    )
    spool = Spool(tmp_path)
    kept = spool.keep(value)
    assert kept is not None
    found = kept.make()
    assert (found, type(found), type(found["stdout"])) == (value, DataDict, DataStr)
    assert type(found["parts"]) is DataList
    assert found is not value
    assert kept.make() == value
    assert list(tmp_path.iterdir()) == []  # the file has no name


@pytest.mark.parametrize(
    "value",
    [
        "short",
        {"much": "x" * LONG, "unknown": Depends("t")},
        UnknownResult("t"),
        {"much": "x" * LONG, "other": object()},
    ],
    ids=["short", "depends", "unknown", "not plain"],
)
def test_what_stays_in_memory(value: Any) -> None:
    assert Spool().keep(value) is None


def test_a_disk_without_room_costs_memory_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runner.engine.variables.spool.ScratchFile.put", full)
    states = HostStates(Spool(), lambda: False)
    state = HostState()
    states.register(state, {"r": "x" * LONG}, lambda: True)
    assert state.registered == {"r": "x" * LONG}


class Forgetful(Fleet):
    """Hosts of which nobody keeps what became of their jobs but its message."""

    def __init__(self, hosts: int, *, private: bool = False) -> None:
        super().__init__({f"h{number:03}": ToyHost() for number in range(hosts)})
        self.private = private
        self.said: dict[JobId, str] = {}
        self.statuses: set[Status] = set()
        self.known: Variables | None = None
        self.most_known = 0

    def publish(self, event: Event) -> None:
        if isinstance(event, JobFinished):
            with self._lock:
                self.said[event.job] = event.outcome.message[-40:]
                self.statuses.add(event.outcome.status)
                assert self.known is not None
                self.most_known = max(self.most_known, len(self.known._states))

    def runtime(self, plays: tuple[Play, ...], check: bool) -> Runtime:
        runtime = super().runtime(plays, check)
        self.known = runtime.variables
        self.known._states = HostStates(Spool(), lambda: self.private)
        return runtime

    def run(self, *tasks: Task) -> None:
        self.walk(lambda runtime: RunVisit(runtime, ToyLedger()), *tasks)

    def registered(self, host: str, name: str) -> Any:
        """As it is kept."""
        assert self.known is not None
        return dict.get(self.known.state(host).registered, name)


def books() -> list[Task]:
    big = {"text": f"{{{{ 'x' * {LONG} }}}}{{{{ inventory_hostname }}}}"}
    of_all = "{{ loops.results | map(attribute='said') | map('length') | sum }}"
    return [
        task("first", "say", big, register="r"),
        task(
            "loop", "say", {"text": "{{ 'y' * 2000 }}{{ item }}"}, loop=["a", "b"], register="loops"
        ),
        task("again", "say", {"text": "{{ r.said }}"}, register="again"),
        task("last", "say", {"text": "{{ r.said[-4:] }} {{ again.said | length }} " + of_all}),
        task("asked", "say", {"text": "yes"}, conditions=(f"r.said | length > {LONG}",)),
    ]


def is_long(one: object) -> bool:
    said = dict.get(one, "said") if isinstance(one, dict) else None
    return isinstance(said, str) and len(said) >= LONG


def live_results() -> int:
    """Long results of tasks that are somewhere in memory."""
    gc.collect()
    return sum(map(is_long, gc.get_objects()))


def test_memory_does_not_hold_what_hosts_have_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    before, fleet = live_results(), Forgetful(60)
    fleet.run(*books())
    assert live_results() - before <= fleet.workers
    assert fleet.said[JobId("last", "h007")] == f"h007 {LONG + 4} 4002"
    assert fleet.said[JobId("asked", "h059")] == "yes"
    assert {type(fleet.registered(host, "r")) for host in fleet.hosts} == {Live}

    monkeypatch.setattr(Spool, "keep", lambda *_: None)
    other = Forgetful(60)
    other.run(*books())
    assert live_results() - before >= 2 * 60, "otherwise it would prove nothing"
    assert other.said == fleet.said


@pytest.mark.parametrize(
    ("hides", "no_log"), [(True, False), (False, True)], ids=["known secret", "no_log"]
)
def test_what_must_not_be_shown_does_not_go_to_the_disk(hides: bool, no_log: bool) -> None:
    fleet = Forgetful(1)
    secret = "Tr0ub4dor&3" if hides else "nothing"
    if hides:
        fleet.redactor.add(secret)
    fleet.run(
        task("first", "say", {"text": "x" * LONG + secret}, register="r", no_log=no_log),
        task("last", "say", {"text": "{{ r.said | length }} long"}),
    )
    assert fleet.registered("h000", "r")["said"].endswith(secret)
    assert fleet.said[JobId("last", "h000")] == f"{LONG + len(secret)} long"


def test_hosts_that_are_done_are_forgotten_where_nobody_asks_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_state, "MANY", 10)
    fleet = Forgetful(80, private=True)
    fleet.run(*books())
    assert fleet.statuses == {Status.OK}
    assert fleet.most_known <= 10 + 2 * fleet.workers
    assert fleet.known is not None
    assert len(fleet.known._states) <= 10 + fleet.workers
    other = Forgetful(80)
    other.run(*books())
    assert other.most_known == 80


def test_what_others_may_look_at_is_found_through_all_layers() -> None:
    states = HostStates(Spool(), lambda: False)
    state = HostState()
    states.register(state, {"r": ["x" * LONG], "s": 1}, lambda: True)
    layers = Layers([state.registered])
    assert layers["r"] == layers.get("r") == ["x" * LONG]
    assert dict(layers) == {"r": ["x" * LONG], "s": 1}
    states.register(state, {"r": 2}, lambda: True)
    assert layers["r"] == 2


def test_the_question_whether_it_may_leave_is_asked_of_large_values_only() -> None:
    asked: list[str] = []

    def ask(name: str) -> Callable[[], bool]:
        def answer() -> bool:
            asked.append(name)
            return False

        return answer

    states, state = HostStates(Spool(), lambda: False), HostState()
    states.register(state, {"small": "x"}, ask("small"))
    states.register(state, {"large": "x" * LONG}, ask("large"))
    assert asked == ["large"]
    assert weight({"a": ["x" * 100, 1]}) > 100
