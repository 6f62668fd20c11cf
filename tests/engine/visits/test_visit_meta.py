"""``meta``: what ends early, and what is forgotten."""

from __future__ import annotations

from typing import Any

from runner.engine.visits.run import RunVisit
from runner.interfaces.includes import Included
from runner.model.job import JobId, Status
from runner.model.playbook import Play
from runner.model.task import IncludeKind, Role
from tests.engine.toys import HERE, Fleet, ToyHost, include, task
from tests.engine.visits.visiting import SET, Book, run

REST = task("rest", "say", {"text": "x"})


def word(text: str, **fields: Any) -> Any:
    return task("end", "say", {"text": text}, **fields)


def test_a_batch_ends_and_the_next_one_begins() -> None:
    fleet = Fleet({name: ToyHost() for name in "abcd"})
    ends = word("end_batch", conditions=("inventory_hostname == 'a'",))
    play = Play("p", "all", HERE, HERE, tasks=(ends, REST), gather_facts=False, serial=(2,),
                linear=True)  # fmt: skip
    fleet.walk_plays(lambda r: RunVisit(r, Book(fleet)), play)
    assert [fleet.status("rest", host) for host in "abcd"] == [
        Status.SKIPPED, Status.SKIPPED, Status.OK, Status.OK,
    ]  # fmt: skip
    assert fleet.outcomes[JobId("rest", "b")].message == "ended by 'end'"


def test_a_role_ends_and_what_is_no_part_of_it_goes_on() -> None:
    role, other = Role("one", "roles/one"), Role("one", "roles/one")
    inner = Role("inner", "roles/inner", parents=(role,))
    fleet = Fleet({"a": ToyHost(), "b": ToyHost()})
    run(
        fleet,
        word("end_role", role=role, conditions=("inventory_hostname == 'a'",)),
        task("same", "say", {"text": "x"}, role=role),
        task("inside", "say", {"text": "x"}, role=inner),
        task("again", "say", {"text": "x"}, role=other),
        REST,
    )
    skipped = [step for step in ("same", "inside", "again", "rest")
               if fleet.status(step, "a") is Status.SKIPPED]  # fmt: skip
    assert skipped == ["same", "inside"]
    assert fleet.status("same", "b") is Status.OK


def test_a_role_that_was_ended_can_be_included_again() -> None:
    role = Role("one", "roles/one")
    ends = word("end_role", role=role, conditions=("item == 1",))
    after = task("after", "say", {"text": "x"}, role=role)
    fleet = Fleet()
    fleet.files = {"one": Included("one", (ends, after), role)}
    outcomes, _ = run(fleet, include("in", "one", IncludeKind.ROLE, loop=[1, 2]))
    assert outcomes["in/[0]/after"].status is Status.SKIPPED
    assert outcomes["in/[1]/after"].status is Status.OK


def test_a_role_cannot_end_outside_of_it() -> None:
    outcomes, _ = run(Fleet(), word("end_role"))
    assert outcomes["end"].status is Status.FAILED
    assert "stands in no role" in outcomes["end"].message


def test_a_host_that_ends_inside_an_include_skips_the_rest_of_all() -> None:
    fleet = Fleet()
    fleet.files = {"f": [word("end_host"), task("after", "say", {"text": "x"})]}
    outcomes, _ = run(fleet, include("in", "f"), REST)
    assert outcomes["in/after"].message == "ended by 'end'"
    assert outcomes["rest"].status is Status.SKIPPED


def test_facts_are_forgotten_and_gathered_anew() -> None:
    fleet = Fleet({"a": ToyHost({"name": "old"})})
    outcomes, _ = run(
        fleet,
        task("change", "key", {"key": "name", "value": "new"}),
        task("stale", "who", register="r"),
        word("clear_facts"),
        task("gone", "say", {"text": "{{ ansible_hostname | default('none') }}"}),
        task("fresh", "who", register="s"),
        task("show", "say", {"text": "{{ r.name }} {{ s.name }}"}),
        gather_facts=True,
    )
    assert outcomes["gone"].message == "none"
    assert outcomes["show"].message == "old new"


def test_a_connection_is_closed_and_opened_again() -> None:
    fleet = Fleet()
    run(fleet, task("t", "key", SET), word("reset_connection"), task("u", "key", SET))
    assert fleet.hosts["a"].connects == 2
