"""Loops, ``loop_control``, ``until``: what Ansible's own results look like."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runner.engine.visits.run import RunVisit
from runner.model.job import Status
from runner.model.task import Loop
from tests.engine.toy_ledgers import ToyLedger
from tests.engine.toys import HERE, Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, check, run


def results(fleet: Fleet, *tasks: Any) -> Any:
    """What the variable ``r`` is after these tasks."""
    show = task("show", "say", {"text": "{{ r | to_json }}"})
    outcomes, _ = run(fleet, *tasks, show)
    assert outcomes["show"].status is Status.OK, outcomes
    from json import loads

    return loads(outcomes["show"].message)


def test_an_element_that_is_not_wanted_says_why_in_the_results() -> None:
    loop = task(
        "t", "key", {"key": "k{{ item }}", "value": "x"}, loop=[1, 2], register="r",
        conditions=("item > 1",),
    )  # fmt: skip
    found = results(Fleet(), loop)
    assert found["results"][0] == {
        "changed": False,
        "skipped": True,
        "skip_reason": "Conditional result was False",
        "false_condition": "item > 1",
        "item": 1,
        "ansible_loop_var": "item",
    }
    assert found["results"][1]["value"] == "x"
    assert (found["changed"], found["skipped"], found["failed"]) == (True, False, False)
    assert found["msg"] == "All items completed"


def test_one_failed_element_fails_the_loop_and_the_others_run() -> None:
    loop = task(
        "t", "say", {"text": "{{ item }}"}, loop=["fail", "x"], register="r", ignore_errors=True
    )
    found = results(Fleet(), loop)
    assert found["msg"] == "One or more items failed"
    assert found["failed"] is True
    assert [one["failed"] for one in found["results"]] == [True, False]


@pytest.mark.parametrize(("terms", "key"), [([], "skipped_reason"), ([1], "msg")])
def test_a_loop_of_which_nothing_is_wanted_is_skipped(terms: list[int], key: str) -> None:
    loop = task("t", "say", {"text": "x"}, loop=terms, register="r", conditions=("false",))
    found = results(Fleet(), loop)
    assert found["skipped"] is True
    assert found[key] in ("No items in the list", "All items skipped")


def test_extended_loops_know_where_they_are() -> None:
    loop = task(
        "t", "say", {"text": "x"}, loop=["a", "b", "c"], register="r",
        control={"extended": "{{ true }}", "index_var": "n", "var": "one"},
    )  # fmt: skip
    middle = results(Fleet(), loop)["results"][1]
    assert middle["ansible_loop"] == {
        "index": 2, "index0": 1, "first": False, "last": False, "length": 3, "revindex": 2,
        "revindex0": 1, "allitems": ["a", "b", "c"], "previtem": "a", "nextitem": "c",
    }  # fmt: skip
    assert (middle["n"], middle["ansible_index_var"]) == (1, "n")
    assert (middle["one"], middle["ansible_loop_var"]) == ("b", "one")


def test_extended_loops_can_leave_the_items_out() -> None:
    control = {"extended": True, "extended_allitems": False}
    loop = task("t", "say", {"text": "x"}, loop=["a"], register="r", control=control)
    assert "allitems" not in results(Fleet(), loop)["results"][0]["ansible_loop"]


def test_a_label_may_use_what_became_of_the_element() -> None:
    loop = task(
        "t", "say", {"text": "x{{ item }}"}, loop=[1, 2], register="r",
        control={"label": "{{ item }}={{ r.said }}"},
    )  # fmt: skip
    outcomes, _ = run(Fleet(), loop)
    assert [one.item for one in outcomes["t"].items] == ["1=x1", "2=x2"]


@pytest.mark.parametrize(
    ("control", "labels"),
    [
        ({}, ["1", "2"]),
        ({"label": "no. {{ item }} of {{ n }}"}, ["no. 1 of 2", "no. 2 of 2"]),
        ({"var": "one", "label": "{{ one }}"}, ["1", "2"]),
        ({"label": "{{ item }}={{ r.value }}"}, ["1", "2"]),
    ],
)
def test_the_record_of_a_change_says_of_which_element_it_is(
    control: dict[str, Any], labels: list[str]
) -> None:
    """What a label shows of the element's end is not known yet when that is written."""
    name = control.get("var", "item")
    loop = task(
        "t", "key", {"key": f"k{{{{ {name} }}}}", "value": "x"}, loop=[1, 2], register="r",
        control=control, vars={"n": 2},
    )  # fmt: skip
    memory = ToyLedger()
    fleet = Fleet()
    fleet.walk(lambda r: RunVisit(r, memory), loop)
    assert [record.item for record in memory.records.values()] == labels


def test_a_label_that_cannot_be_told_fails_the_element_with_its_place() -> None:
    loop = task("t", "say", {"text": "x"}, loop=[1], control={"label": "{{ nothing }}"})
    outcomes, _ = run(Fleet(), loop)
    assert outcomes["t"].status is Status.FAILED
    assert "play.yml:1:1" in outcomes["t"].message


def test_a_loop_can_be_broken_off() -> None:
    loop = task(
        "t", "say", {"text": "{{ item }}"}, loop=["a", "b", "c"], register="r",
        control={"break_when": ("r.said == 'b'",)},
    )  # fmt: skip
    outcomes, _ = run(Fleet(), loop)
    assert [one.item for one in outcomes["t"].items] == ["a", "b"]


def test_an_element_sees_what_became_of_the_one_before() -> None:
    loop = task(
        "t", "say", {"text": "{{ item }}"}, loop=["a", "b", "c"], register="r",
        conditions=("r is not defined or r.said | default('') == 'a'",),
    )  # fmt: skip
    outcomes, _ = run(Fleet(), loop)
    assert [one.status for one in outcomes["t"].items] == [Status.OK, Status.OK, Status.SKIPPED]


def test_a_pause_between_elements_is_made_in_a_run_and_not_in_a_dry_run() -> None:
    loop = task("t", "say", {"text": "x"}, loop=[1, 2, 3], control={"pause": "{{ 0.1 }}"})
    begun = time.monotonic()
    run(Fleet(), loop)
    assert 0.2 <= time.monotonic() - begun < 2
    begun = time.monotonic()
    check(Fleet(), task("t", "say", {"text": "x"}, loop=[1, 2], control={"pause": 30}))
    assert time.monotonic() - begun < 5


def test_a_loop_variable_that_hides_another_is_warned_about() -> None:
    outcomes, _ = run(
        Fleet(), task("t", "say", {"text": "{{ item }}"}, loop=[1], vars={"item": "mine"})
    )
    assert "'item' is in use already" in outcomes["t"].warnings[0]


def test_the_kind_of_the_loop_is_the_template_languages_business() -> None:
    loop = Loop("dict", {"a": 1}, HERE)
    outcomes, _ = run(Fleet(), task("t", "say", {"text": "{{ item.key }}"}, loop=loop))
    assert outcomes["t"].items[0].item == "{'key': 'a', 'value': 1}"


@pytest.mark.parametrize(("condition", "status"), [("false", "skipped"), ("item == 1", "failed")])
def test_a_loop_over_nothing_is_no_mistake_where_it_is_not_wanted(
    condition: str, status: str
) -> None:
    outcomes, _ = run(
        Fleet(), task("t", "say", {"text": "x"}, loop="{{ nothing }}", conditions=(condition,))
    )
    assert outcomes["t"].status == status
    if status == "failed":
        assert "nothing" in outcomes["t"].message


def test_ignored_elements_make_an_ignored_loop_only_if_all_of_them_are() -> None:
    def loop(name: str, ignore: str) -> Any:
        return task(name, "say", {"text": "fail"}, loop=[1, 2], ignore_errors=ignore)

    outcomes, _ = run(Fleet(), loop("all", "{{ true }}"), loop("one", "{{ item == 1 }}"))
    assert outcomes["all"].ignored
    assert outcomes["one"].status is Status.FAILED
    assert not outcomes["one"].ignored
    assert [one.ignored for one in outcomes["one"].items] == [True, False]


# -- until ---------------------------------------------------------------------------------


def test_attempts_are_counted_and_retries_alone_repeat_a_failure() -> None:
    fleet = Fleet()
    once_more = task(
        "t", "shout", {"text": "x", "code": "{{ 5 }}"}, register="r", retries="{{ 2 }}", delay=0,
        ignore_errors=True,
    )  # fmt: skip
    found = results(fleet, once_more)
    assert found["attempts"] == 2
    assert found["failed"] is True
    assert fleet.hosts["a"].lines.count("set shout=x") == 3


def test_until_that_holds_at_once_tries_once() -> None:
    found = results(
        Fleet(), task("t", "shout", {"text": "x"}, register="r", until=("r.rc == 0",), delay=0)
    )
    assert found["attempts"] == 1


def test_until_sees_the_attempts_and_the_host_is_asked_again() -> None:
    again = task(
        "t", "shout", {"text": "x"}, register="r", until=("r.attempts == 3",), retries=5, delay=0
    )
    outcomes, _ = run(Fleet(), again)
    assert outcomes["t"].status is Status.CHANGED
    assert outcomes["t"].result["attempts"] == 3


def test_without_retries_until_gives_up_after_ansibles_number() -> None:
    fleet = Fleet()
    outcomes, _ = run(
        fleet, task("t", "shout", {"text": "x"}, register="r", until=("false",), delay=0)
    )
    assert outcomes["t"].status is Status.FAILED
    assert fleet.hosts["a"].lines.count("set shout=x") == 4


def test_a_dry_run_does_not_wait_for_until() -> None:
    fleet = Fleet({"a": ToyHost({"k": "1"})})
    looks = task(
        "t", "look", {"key": "k"}, register="r", until=("r.value == '2'",), retries=9, delay=60
    )
    outcomes = check(fleet, looks, task("u", "key", SET, conditions=("r.value == '2'",)))
    assert outcomes["t"].status is Status.NOT_PREDICTABLE
    assert outcomes["u"].status is Status.NOT_PREDICTABLE


def test_what_the_host_refused_can_be_judged_as_no_failure() -> None:
    outcomes, _ = run(
        Fleet(),
        task("t", "look", {"key": "none"}, register="r", failed_when=("false",)),
        task("u", "say", {"text": "{{ r.failed }} {{ r.failed_when_result }}"}),
    )
    assert outcomes["t"].status is Status.OK
    assert outcomes["u"].message == "False False"


def test_failed_when_sees_what_changed_when_decided() -> None:
    outcomes, _ = run(
        Fleet(),
        task(
            "t", "shout", {"text": "x"}, register="r", changed_when=("false",),
            failed_when=("r.changed",),
        ),
    )  # fmt: skip
    assert outcomes["t"].status is Status.OK
