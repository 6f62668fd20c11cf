"""Includes: tasks that are found on the host, while the run goes on."""

from __future__ import annotations

from typing import Any

import pytest

from runner.events import JobFinished, StepAdded
from runner.interfaces.includes import Included
from runner.model.job import JobId, Status
from runner.model.playbook import VarsFile
from runner.model.task import IncludeKind, Role
from tests.engine.toys import HERE, Fleet, ToyHost, block, include, task
from tests.engine.visits.visiting import SET, run

REST = task("rest", "say", {"text": "x"})


def say(name: str, text: str = "x", **fields: Any) -> Any:
    return task(name, "say", {"text": text}, **fields)


def fleet_with(files: dict[str, Any], hosts: int = 1) -> Fleet:
    fleet = Fleet({name: ToyHost() for name in "abcdefgh"[:hosts]})
    fleet.files = files
    return fleet


def order(fleet: Fleet, host: str = "a") -> list[str]:
    return [e.job.step for e in fleet.events if isinstance(e, JobFinished) and e.job.host == host]


def test_the_tasks_of_a_file_run_where_the_include_stands() -> None:
    fleet = fleet_with({"f": [task("one", "key", SET), say("two")]})
    outcomes, _ = run(fleet, include("in", "f"), REST)
    assert order(fleet) == ["in", "in/one", "in/two", "rest"]
    assert outcomes["in"].status is Status.OK
    assert outcomes["in"].message == "included: f"
    assert outcomes["in/one"].status is Status.CHANGED
    assert fleet.hosts["a"].keys == {"k": "new"}


def test_each_step_is_announced_once_before_its_first_job() -> None:
    fleet = fleet_with({"f": [say("one"), say("one")]}, hosts=4)
    run(fleet, include("in", "f"))
    assert fleet.steps == ["in/one", "in/one-2"]
    for step in fleet.steps:
        events = [
            isinstance(e, StepAdded)
            for e in fleet.events
            if (isinstance(e, StepAdded) and e.step.step == step)
            or (isinstance(e, JobFinished) and e.job.step == step)
        ]
        assert events == [True, *[False] * 4]


def test_the_name_of_the_file_and_the_tasks_see_variables_and_the_loop() -> None:
    fleet = fleet_with({
        "f-1": [say("show", "{{ item }} {{ given }} {{ n }} {{ ansible_loop.first }}")],
        "f-2": [say("show", "{{ item }} {{ given }}")],
    })  # fmt: skip
    loop = include(
        "in", "f-{{ item }}", loop=[1, 2], vars={"given": "g{{ item }}"},
        control={"index_var": "n", "extended": True},
    )  # fmt: skip
    outcomes, _ = run(fleet, loop)
    assert outcomes["in/[0]/show"].message == "1 g1 0 True"
    assert outcomes["in/[1]/show"].message == "2 g2"
    assert outcomes["in"].message == "included: f-1, f-2"
    assert [item.message for item in outcomes["in"].items] == ["included: f-1", "included: f-2"]


def test_what_an_include_gives_wins_over_what_was_registered() -> None:
    fleet = fleet_with({"f": [say("show", "{{ x }}")]})
    outcomes, _ = run(
        fleet, task("set", "set_fact", {"x": "old"}), include("in", "f", vars={"x": "given"})
    )
    assert outcomes["in/show"].message == "given"


def test_the_condition_of_an_include_is_evaluated_once() -> None:
    fleet = fleet_with({"f": [task("flip", "set_fact", {"wanted": False}), say("two")]})
    outcomes, _ = run(
        fleet,
        task("set", "set_fact", {"wanted": True}),
        include("in", "f", conditions=("wanted",)),
        include("not", "f", conditions=("wanted",)),
    )
    assert outcomes["in/two"].status is Status.OK
    assert outcomes["not"].status is Status.SKIPPED
    assert "not/two" not in outcomes


def test_a_failure_inside_blocks_the_rest_and_names_itself() -> None:
    fleet = fleet_with({"f": [say("bad", "fail"), say("after"), block(say("inside"))]})
    outcomes, _ = run(fleet, include("in", "f"), REST)
    assert outcomes["in"].status is Status.OK
    assert outcomes["in/after"].status is Status.BLOCKED
    assert outcomes["in/inside"].blocked_by == JobId("in/bad", "a")
    assert outcomes["rest"].status is Status.BLOCKED
    assert outcomes["rest"].blocked_by == JobId("in/bad", "a")


def test_the_first_failing_turn_of_a_loop_blocks_the_others() -> None:
    fleet = fleet_with({"f": [say("t", "{{ 'fail' if item == 1 else 'x' }}")]})
    outcomes, _ = run(fleet, include("in", "f", loop=[1, 2]))
    assert outcomes["in/[0]/t"].status is Status.FAILED
    assert outcomes["in/[1]/t"].status is Status.BLOCKED


def test_a_file_that_is_not_there_fails_the_include_on_its_host() -> None:
    fleet = fleet_with({})
    outcomes, _ = run(fleet, include("in", "nowhere"), REST)
    assert outcomes["in"].status is Status.FAILED
    assert "play.yml:1:1: there is no file 'nowhere'" in outcomes["in"].message
    assert outcomes["rest"].status is Status.BLOCKED


def test_blocks_inside_are_rescued_inside() -> None:
    fleet = fleet_with({
        "f": [
            block(
                say("bad", "fail"), say("left"),
                rescue=[say("mend", "{{ ansible_failed_task.name }}")], always=[say("clean")],
            ),
            say("after"),
            block(say("fine"), rescue=[say("unneeded")]),
        ]
    })  # fmt: skip
    outcomes, _ = run(fleet, include("in", "f"), REST)
    assert outcomes["in/bad"].rescued
    assert outcomes["in/left"].status is Status.SKIPPED
    assert "its block is rescued" in outcomes["in/left"].message
    assert outcomes["in/mend"].message == "bad"
    assert outcomes["in/clean"].status is Status.OK
    assert outcomes["in/after"].status is Status.OK
    assert outcomes["in/unneeded"].message == "nothing failed in its block"
    assert outcomes["rest"].status is Status.OK


def test_always_runs_and_the_failure_remains() -> None:
    fleet = fleet_with({"f": [block(say("bad", "fail"), always=[say("clean")]), say("after")]})
    outcomes, _ = run(fleet, include("in", "f"), REST)
    assert not outcomes["in/bad"].rescued
    assert outcomes["in/clean"].status is Status.OK
    assert outcomes["in/after"].status is Status.BLOCKED
    assert outcomes["rest"].blocked_by == JobId("in/bad", "a")


def test_the_block_around_an_include_rescues_what_fails_inside() -> None:
    fleet = fleet_with({"f": [say("bad", "fail"), say("left")]})
    mend = say("mend", "{{ ansible_failed_task.name }}")
    outcomes, _ = run(fleet, block(include("in", "f"), say("later"), rescue=[mend]), REST)
    assert outcomes["in/bad"].rescued
    assert outcomes["in/left"].status is Status.SKIPPED
    assert outcomes["later"].status is Status.SKIPPED
    assert outcomes["mend"].message == "bad"
    assert outcomes["rest"].status is Status.OK


def test_includes_in_includes() -> None:
    fleet = fleet_with({
        "outer": [include("in", "inner-{{ x }}", vars={"y": 2}), say("after")],
        "inner-1": [say("deep", "{{ x }}{{ y }}"), say("bad", "fail")],
    })  # fmt: skip
    outcomes, _ = run(fleet, include("out", "outer", vars={"x": 1}), REST)
    assert outcomes["out/in/deep"].message == "12"
    assert outcomes["out/after"].status is Status.BLOCKED
    assert outcomes["rest"].blocked_by == JobId("out/in/bad", "a")


def test_an_include_of_itself_comes_to_an_end() -> None:
    fleet = fleet_with({"f": [include("in", "f")]})
    outcomes, _ = run(fleet, include("in", "f"), REST)
    failed = [o for o in outcomes.values() if o.status is Status.FAILED]
    assert len(failed) == 1
    assert "does one include itself?" in failed[0].message
    assert outcomes["rest"].status is Status.BLOCKED


def test_a_role_that_is_public_shows_its_variables_to_the_rest_of_the_play() -> None:
    fleet = fleet_with({})
    role = Role("web", "roles/web", defaults={"d": "default"}, vars={"v": "var"})
    show = say("show", "{{ d }} {{ v }}", role=role)
    for name, public in (("shown", True), ("hidden", False)):
        fleet.files[name] = Included(name, (show,), role, public)
    see = say("see", "{{ d | default('no') }}")
    outcomes, _ = run(
        fleet, include("one", "hidden", IncludeKind.ROLE), see,
        include("two", "shown", IncludeKind.ROLE), say("again", "{{ d }} {{ v }}"),
    )  # fmt: skip
    assert outcomes["one/show"].message == "default var"
    assert outcomes["see"].message == "no"
    assert outcomes["again"].message == "default var"


def test_include_vars_are_there_afterwards() -> None:
    fleet = fleet_with({"v-a": {"x": "{{ 1 + 1 }}"}})
    outcomes, _ = run(
        fleet,
        task("read", "include_vars", {"file": "v-{{ inventory_hostname }}"}, register="r"),
        say("show", "{{ x }} {{ r.ansible_included_var_files }} {{ r.changed }}"),
    )
    assert outcomes["show"].message == "2 ['v-a'] False"


@pytest.mark.parametrize("gathers", [True, False])
def test_vars_files_whose_names_depend_on_the_host(gathers: bool) -> None:
    fleet = fleet_with({"v-web": {"x": "of web"}})
    fleet.hosts["a"].keys["name"] = "web"
    entry = VarsFile(("v-{{ ansible_hostname }}",), HERE)
    outcomes, _ = run(fleet, say("show", "{{ x }}"), vars_files=(entry,), gather_facts=gathers)
    if gathers:
        assert outcomes["show"].message == "of web"
    else:
        assert outcomes["show"].status is Status.FAILED
        assert "ansible_hostname" in outcomes["show"].message
