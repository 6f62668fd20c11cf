"""Arguments that come out of a template: a mapping on each host, checked when its turn comes."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.job import Status
from runner.model.source import Source
from runner.model.task import WHOLE, Loop
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import check, run, writes

GIVEN = {"given": {"key": "k", "value": "theirs"}}


def whole(*templates: str, before: Any = None, own: Any = None) -> dict[str, Any]:
    return {**(before or {}), WHOLE: list(templates), **(own or {})}


@pytest.mark.parametrize(
    ("args", "value"),
    [
        (whole("{{ given }}"), "theirs"),
        (whole("{{ given }}", before={"value": "default"}), "theirs"),
        (whole("{{ given }}", own={"value": "own"}), "own"),
        (whole("{{ given }}", "{{ {'value': 'later'} }}"), "later"),
        (whole("{{ {'key': 'k', 'value': omit} }}", before={"value": "default"}), "default"),
        (whole("{{ omit }}", own={"key": "k", "value": "own"}), "own"),
    ],
)
def test_what_wins(args: dict[str, Any], value: str) -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes, _ = run(fleet, task("t", "key", args, vars=GIVEN))
    assert outcomes["t"].status is Status.CHANGED
    assert fleet.hosts["a"].keys == {"k": value}


PLACE = Source("play.yml", 9, 12, '      key: "{{ given }}"')


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ ['key'] }}", "a mapping, but this template gives a list"),
        ("{{ 'key=k' }}", "a mapping, but this template gives 'key=k'"),
        ("{{ none }}", "a mapping, but this template gives 'None'"),
        ("{{ {1: 'x'} }}", "a parameter of 'key' cannot be called 1"),
        ("{{ {'kee': 'k'} }}", "has no parameter 'kee'"),
        ("{{ {'value': 'x'} }}", "required parameter 'key' is missing"),
        ("{{ nothing_of_it }}", "'nothing_of_it' is undefined"),
    ],
)
def test_what_a_host_is_told_of_a_wrong_one(template: str, said: str) -> None:
    fleet = Fleet()
    job = task("t", "key", whole(template), arg_sources={WHOLE: PLACE})
    for outcome in (run(fleet, job)[0]["t"], check(fleet, job)["t"]):
        assert outcome.status is Status.FAILED
        assert said in outcome.message
    assert writes(fleet.hosts["a"]) == []


def test_a_wrong_name_has_the_place_of_the_template() -> None:
    job = task("t", "key", whole("{{ {'kee': 1} }}"), arg_sources={WHOLE: PLACE})
    outcome = run(Fleet(), job)[0]["t"]
    assert "play.yml:9:12" in outcome.message


def test_a_dry_run_guesses_no_arguments() -> None:
    fleet = Fleet()
    outcomes = check(
        fleet,
        task("shout", "shout", {"text": "x"}, register="said"),
        task("then", "key", whole("{{ {'key': 'k', 'value': said.out} }}")),
        task("every", "key", whole("{{ said }}")),
    )
    assert outcomes["then"].status is Status.NOT_PREDICTABLE
    assert outcomes["every"].status is Status.NOT_PREDICTABLE
    assert "'shout'" in outcomes["then"].message
    assert "'shout'" in outcomes["every"].message


def test_a_dry_run_predicts_what_is_known() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = check(fleet, task("t", "key", whole("{{ given }}"), vars=GIVEN))
    assert outcomes["t"].status is Status.WOULD_CHANGE
    assert writes(fleet.hosts["a"]) == []


def test_one_template_for_each_element() -> None:

    items = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    loop = Loop("loop", items, PLACE)
    fleet = Fleet()
    run(fleet, task("t", "key", whole("{{ item }}"), loop=loop))
    assert fleet.hosts["a"].keys == {"a": "1", "b": "2"}
