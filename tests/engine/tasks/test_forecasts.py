"""What a plan allows: exactly what was foreseen, from exactly the state that was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.tasks.forecasts import Approval, Forecasts
from runner.engine.tasks.outcomes import HIDDEN
from runner.engine.visits.check import CheckVisit
from runner.engine.visits.run import RunVisit
from runner.model.job import Outcome, Status
from runner.model.plan import Forecast, PlannedJob
from runner.model.state import Difference
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import Book, writes

SET = task("t", "key", {"key": "k", "value": "new"})


def jobs_of(fleet: Fleet, forecasts: Forecasts) -> dict[str, list[PlannedJob]]:
    found: dict[str, list[PlannedJob]] = {name: [] for name in fleet.hosts}
    for job, outcome in fleet.outcomes.items():
        parts = outcome.items or (outcome,)
        unforeseen = tuple(o.item for o in parts if o.status is Status.NOT_PREDICTABLE)
        found[job.host].append(
            PlannedJob(
                job.step,
                job.step,
                str(outcome.status),
                forecasts=forecasts.of(job),
                unforeseen=unforeseen,
            )
        )
    return found


def planned(fleet: Fleet, *tasks: Any) -> Approval:
    """What a dry run of these tasks foresees, as a yardstick."""
    forecasts = Forecasts(fleet.redactor)
    fleet.walk(lambda r: CheckVisit(r, forecasts.foresee), *tasks, check=True)
    approval = Approval(jobs_of(fleet, forecasts), fleet.redactor)
    fleet.outcomes.clear()
    return approval


def applied(fleet: Fleet, approval: Approval, *tasks: Any) -> dict[str, Outcome]:
    return fleet.walk(lambda r: RunVisit(r, Book(fleet), approval.require), *tasks)


def test_what_was_foreseen_is_done() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = applied(fleet, planned(fleet, SET), SET)
    assert outcomes["t"].status is Status.CHANGED


def test_another_state_is_refused_with_its_fields_and_nothing_is_sent() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    approval = planned(fleet, SET)
    fleet.hosts["a"].keys["k"] = "by hand"
    outcomes = applied(fleet, approval, SET)
    assert outcomes["t"].status is Status.CONFLICT
    assert outcomes["t"].differences == (Difference("value", "old", "by hand"),)
    assert "value: planned on 'old', found 'by hand'" in outcomes["t"].message
    assert writes(fleet.hosts["a"]) == []


def test_what_is_already_as_planned_is_no_drift() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    approval = planned(fleet, SET)
    fleet.hosts["a"].keys["k"] = "new"
    assert applied(fleet, approval, SET)["t"].status is Status.OK


def test_a_field_that_is_already_as_planned_is_no_drift() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    both = Forecast(
        "key k", params={"key": "k", "value": "new", "forever": False},
        before={"value": "old", "owner": "ann"}, after={"value": "new", "owner": None},
    )  # fmt: skip
    job = PlannedJob("t", "t", "would change", forecasts=(both,))
    outcomes = applied(fleet, Approval({"a": [job]}, fleet.redactor), SET)
    assert outcomes["t"].status is Status.CHANGED


def test_later_tasks_rest_on_what_earlier_ones_leave() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    second = task("u", "key", {"key": "k", "value": "newer"})
    outcomes = applied(fleet, planned(fleet, SET, second), SET, second)
    assert [o.status for o in outcomes.values()] == [Status.CHANGED, Status.CHANGED]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"args": {"key": "k", "value": "x"}}, {}, "other parameters: value"),
        ({"conditions": ("false",)}, {}, "not planned: there it was skipped"),
        ({"no_log": True}, {}, "its values are secret now, or were so"),
        ({}, {"no_log": True}, "no_log"),
    ],
    ids=["parameters", "skipped", "was hidden", "is hidden"],
)
def test_another_task_is_refused(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    args = {"key": "k", "value": "new"}

    def made(given: dict[str, Any]) -> Any:
        return task(
            "t", "key", given.get("args", args), **{k: v for k, v in given.items() if k != "args"}
        )

    outcomes = applied(fleet, planned(fleet, made(before)), made(after))
    assert outcomes["t"].status is Status.CONFLICT
    assert said in outcomes["t"].message
    assert writes(fleet.hosts["a"]) == []


@pytest.mark.parametrize("no_log", [False, True])
def test_an_element_by_another_name_is_approved_if_all_of_it_can_be_compared(no_log: bool) -> None:
    """What a label shows may not be known to the dry run."""
    fleet = Fleet({"a": ToyHost({"x": "old", "y": "old"})})
    loop = task("t", "key", {"key": "{{ item }}", "value": "new"}, loop=["x", "y"], no_log=no_log)
    forecasts = Forecasts(fleet.redactor)
    fleet.walk(lambda r: CheckVisit(r, forecasts.foresee), loop, check=True)
    (job,) = jobs_of(fleet, forecasts)["a"]
    assert [one.item for one in job.forecasts] == [HIDDEN if no_log else name for name in "xy"]
    others = tuple(replace(one, item="another") for one in job.forecasts)
    approval = Approval({"a": [replace(job, forecasts=others)]}, fleet.redactor)
    fleet.outcomes.clear()
    outcome = applied(fleet, approval, loop)["t"]
    assert outcome.status is (Status.CONFLICT if no_log else Status.CHANGED), outcome


def test_hidden_values_are_compared_with_nothing() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    hidden = task("t", "key", {"key": "k", "value": "new"}, no_log=True)
    approval = planned(fleet, hidden)
    fleet.hosts["a"].keys["k"] = "by hand"
    assert applied(fleet, approval, hidden)["t"].status is Status.CHANGED


def test_a_task_that_was_not_in_the_plan_is_refused() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = applied(fleet, planned(fleet, SET), task("u", "key", {"key": "k", "value": "z"}))
    assert "the plan has no such task" in outcomes["u"].message


def test_what_nobody_could_foresee_was_approved_as_such() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    shout = task("s", "shout", {"text": "hi"}, register="said")
    after = task("t", "key", {"key": "k", "value": "{{ said.stdout }}x"})
    outcomes = applied(fleet, planned(fleet, shout, after), shout, after)
    assert [o.status for o in outcomes.values()] == [Status.CHANGED, Status.CHANGED]
    other = task("s", "shout", {"text": "ho"}, register="said")
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = applied(fleet, planned(fleet, shout), other)
    assert "other parameters: text: planned on 'hi', found 'ho'" in outcomes["s"].message


values = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2"]), max_size=3)


@given(
    values,
    values,
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("12")), min_size=1),
)
def test_exactly_the_subjects_that_drifted_are_refused(
    found: dict[str, str], later: dict[str, str], wanted: list[tuple[str, str]]
) -> None:
    steps = wanted[:4]
    fleet = Fleet({"a": ToyHost(dict(found))})
    tasks = [task(f"t{n}", "key", {"key": k, "value": v}) for n, (k, v) in enumerate(steps)]
    approval = planned(fleet, *tasks)
    fleet.hosts["a"].keys.clear()
    fleet.hosts["a"].keys.update(later)
    outcomes = applied(fleet, approval, *tasks)

    foreseen, real, expected = dict(found), dict(later), []
    for key, value in steps:
        before, foreseen[key] = foreseen.get(key), value
        if Status.CONFLICT in expected:
            expected.append(Status.BLOCKED)
        elif real.get(key) == value:
            expected.append(Status.OK)
        elif real.get(key) == before:
            real[key] = value
            expected.append(Status.CHANGED)
        else:
            expected.append(Status.CONFLICT)
    assert [outcomes[f"t{n}"].status for n in range(len(steps))] == expected
    assert fleet.hosts["a"].keys == real
