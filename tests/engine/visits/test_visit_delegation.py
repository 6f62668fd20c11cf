"""``delegate_to``: the variables of one host, the link of another."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from runner.engine.visits.run import RunVisit
from runner.errors import HostsBusy
from runner.events import JobDetail
from runner.model.job import JobId, Status
from runner.model.task import Way
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, Book, check, run

MINE = {"key": "k", "value": "{{ inventory_hostname }}"}


def fleet_with_dc() -> Fleet:
    fleet = Fleet({"a": ToyHost(), "b": ToyHost()})
    fleet.others = {"dc": ToyHost({"name": "the-dc"}), "localhost": ToyHost()}
    fleet.of_host = {"dc": {"ansible_host": "10.0.0.9", "colour": "red"}, "a": {"server": "dc"}}
    return fleet


@pytest.mark.parametrize("name", ["dc", "10.0.0.9", "{{ hostvars.a.server }}"])
def test_a_delegated_task_works_on_the_other_host(name: str) -> None:
    fleet = fleet_with_dc()
    only_a = ("inventory_hostname == 'a'",)
    run(fleet, task("t", "key", MINE, delegate_to=name, conditions=only_a))
    assert fleet.others["dc"].keys["k"] == "a"
    assert fleet.hosts["a"].lines == []
    assert fleet.status("t", "a") is Status.CHANGED
    assert "delegated to dc" in [e.text for e in fleet.events if isinstance(e, JobDetail)]


def test_localhost_needs_no_inventory() -> None:
    fleet = fleet_with_dc()
    run(fleet, task("t", "key", MINE, delegate_to="localhost"))
    assert fleet.others["localhost"].keys["k"] in ("a", "b")
    assert ("localhost", Way()) in fleet.ways


@pytest.mark.parametrize("name", ["a", "{{ inventory_hostname }}", "{{ omit }}"])
def test_a_task_delegated_to_its_own_host_is_not_delegated(name: str) -> None:
    fleet = Fleet()
    outcomes, _ = run(fleet, task("t", "key", SET, delegate_to=name))
    assert outcomes["t"].status is Status.CHANGED
    assert fleet.claimed == []
    assert not [e for e in fleet.events if isinstance(e, JobDetail)]


def test_an_empty_name_is_an_error_with_its_place() -> None:
    outcomes, _ = run(Fleet(), task("t", "key", SET, delegate_to="{{ '' }}"))
    assert outcomes["t"].status is Status.FAILED
    assert outcomes["t"].message.startswith("play.yml:1:1: ")
    assert "names no host" in outcomes["t"].message


def test_the_variables_are_those_of_the_tasks_own_host_and_the_others_are_there_too() -> None:
    fleet = fleet_with_dc()
    value = "{{ inventory_hostname }} {{ ansible_delegated_vars['dc'].colour }}"
    run(fleet, task("t", "key", {"key": "{{ inventory_hostname }}", "value": value},
                    delegate_to="dc"))  # fmt: skip
    assert fleet.others["dc"].keys["a"] == "a red"
    assert fleet.others["dc"].keys["b"] == "b red"


def test_a_loop_may_delegate_each_element_elsewhere() -> None:
    fleet = fleet_with_dc()
    loop = task("t", "key", MINE, delegate_to="{{ item }}", loop=["dc", "b"], run_once=True)
    run(fleet, loop)
    assert fleet.others["dc"].keys["k"] == "a"
    assert fleet.hosts["b"].keys["k"] == "a"
    assert fleet.hosts["a"].keys == {}


def test_modules_are_given_the_facts_of_the_host_that_they_work_on() -> None:
    fleet = fleet_with_dc()
    fleet.hosts["a"].keys["name"] = "the-a"
    outcomes, _ = run(
        fleet,
        task("t", "who", delegate_to="dc", register="r"),
        task("show", "say", {"text": "{{ r.name }} {{ ansible_hostname | default('none') }}"}),
    )
    assert outcomes["show"].message == "the-dc none"


@pytest.mark.parametrize("delegates", [False, True])
def test_facts_belong_to_the_tasks_host_unless_they_are_delegated(delegates: bool) -> None:
    fleet = fleet_with_dc()
    gather = task("t", "setup", delegate_to="dc", delegate_facts=delegates, run_once=True)
    fact = task(
        "f", "set_fact", {"z": "1"}, delegate_to="dc", delegate_facts=delegates, run_once=True
    )
    show = "{{ ansible_hostname | default('none') }} {{ z | default('none') }}"
    there = "{{ hostvars['dc'].ansible_hostname | default('none') }}"
    outcomes, _ = run(
        fleet, gather, fact, task("here", "say", {"text": show}),
        task("there", "say", {"text": there}),
    )  # fmt: skip
    assert outcomes["here"].message == ("none none" if delegates else "the-dc 1")
    assert outcomes["there"].message == ("the-dc" if delegates else "none")
    others = fleet.outcomes[JobId("here", "b")].message
    assert others == ("none none" if delegates else "the-dc 1")


def test_the_other_host_is_taken_once_before_anything_is_changed_there() -> None:
    fleet = fleet_with_dc()
    key = {"key": "{{ inventory_hostname }}", "value": "x"}
    run(fleet, task("look", "setup", delegate_to="dc"), task("t", "key", key, delegate_to="dc"))
    assert fleet.claimed == ["dc"]
    dry = fleet_with_dc()
    check(dry, task("t", "key", key, delegate_to="dc"))
    assert dry.claimed == []


def test_a_host_that_another_run_works_on_fails_the_job_and_is_not_touched() -> None:
    fleet = fleet_with_dc()

    def claim(host: str) -> None:
        raise HostsBusy("the host is being worked on by another run")

    fleet.claim = claim  # type: ignore[method-assign]
    outcomes, _ = run(fleet, task("t", "key", SET, delegate_to="dc"))
    assert outcomes["t"].status is Status.FAILED
    assert "'dc', to which this is delegated: the host is being" in outcomes["t"].message
    assert fleet.others["dc"].lines == []


def test_hosts_that_delegate_to_each_other_wait_for_each_other_and_end() -> None:
    fleet = Fleet({"a": ToyHost(slow=0.02), "b": ToyHost(slow=0.02)})
    fleet.of_host = {"a": {"peer": "b"}, "b": {"peer": "a"}}
    fleet.workers = 2
    tasks = [
        task(f"t{n}", "key", {"key": f"k{n}", "value": "x"}, delegate_to=peer)
        for n in range(10)
        for peer in ["{{ peer }}" if n % 2 else "{{ inventory_hostname }}"]
    ]
    done = threading.Event()

    def walk() -> None:
        run(fleet, *tasks)
        done.set()

    threading.Thread(target=walk, daemon=True).start()
    assert done.wait(20)
    assert all(o.status in (Status.CHANGED, Status.OK) for o in fleet.outcomes.values())


def test_one_link_is_used_by_one_task_at_a_time() -> None:
    busy: list[str] = []
    overlaps: list[str] = []

    class Watching(RunVisit):
        def perform(self, work: Any) -> Any:
            if busy:
                overlaps.append(str(work.job))
            busy.append("x")
            time.sleep(0.02)
            outcome = super().perform(work)
            busy.pop()
            return outcome

    fleet = Fleet({name: ToyHost() for name in "abcdef"})
    fleet.others = {"dc": ToyHost()}
    fleet.workers = 6
    key = {"key": "{{ inventory_hostname }}", "value": "x"}
    fleet.walk(lambda r: Watching(r, Book(fleet)), task("t", "key", key, delegate_to="dc"))
    assert overlaps == []
    assert set(fleet.others["dc"].keys) == set("abcdef")


def test_what_is_predicted_for_the_other_host_is_carried_on_there() -> None:
    fleet = fleet_with_dc()
    outcomes = check(
        fleet,
        task("one", "key", SET, delegate_to="dc", run_once=True),
        task("two", "key", SET, delegate_to="dc", run_once=True),
        task("own", "key", SET),
    )
    assert outcomes["one"].status is Status.WOULD_CHANGE
    assert outcomes["two"].status is Status.OK
    assert outcomes["own"].status is Status.WOULD_CHANGE


def test_the_playbooks_way_to_a_host_is_its_own_link() -> None:
    fleet = Fleet()
    way = Way(connection="local", user="{{ 'bob' }}", port="{{ 20 + 2 }}")
    run(fleet, task("t", "key", SET, way=way), task("u", "key", SET))
    assert fleet.ways == [("a", Way("local", "bob", 22)), ("a", Way())]
