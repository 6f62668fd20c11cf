"""Keywords with templates are rendered on each host; a bad value fails the job with its place."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.variables.keywords import Keywords, keywords_of
from runner.errors import TemplateError
from runner.loading.templates.templates import JinjaTemplates
from runner.model.job import JobId, Status
from tests.engine.toys import HERE, Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, check, run

YES: list[Any] = [True, "{{ yes_ }}", "{{ 1 }}", "{{ 'on' }}", "{{ 'True' }}"]


@pytest.mark.parametrize("value", YES)
def test_flags_by_ansibles_words(value: Any) -> None:
    found = keywords_of(
        task("t", "say", ignore_errors=value, no_log=value), JinjaTemplates(), {"yes_": True}
    )
    assert (found.ignore_errors, found.no_log) == (True, True)


@pytest.mark.parametrize(
    ("keyword", "value", "found"),
    [
        ("timeout", "{{ 5 }}", 5.0),
        ("timeout", 0, None),
        ("timeout", "{{ omit }}", None),
        ("retries", "{{ '3' }}", 3),
        ("delay", "{{ 0.5 }}", 0.5),
        ("poll", "{{ omit }}", 10.0),
        ("async_seconds", "{{ 60 }}", 60.0),
        ("check_mode", "{{ omit }}", None),
        ("check_mode", "{{ 'no' }}", False),
        ("diff", "{{ false }}", False),
    ],
)
def test_numbers_and_what_is_omitted(keyword: str, value: Any, found: Any) -> None:
    keywords = keywords_of(task("t", "say", **{keyword: value}), JinjaTemplates(), {})
    assert getattr(keywords, keyword) == found


def test_nothing_said_is_ansibles_default() -> None:
    assert keywords_of(task("t", "say"), JinjaTemplates(), {}) == Keywords()


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [
        ("ignore_errors", "{{ 'perhaps' }}", "'ignore_errors' must be yes or no"),
        ("no_log", "{{ [] }}", "'no_log' must be yes or no"),
        ("retries", "{{ 1.5 }}", "'retries' must be a whole number"),
        ("timeout", "{{ 'soon' }}", "'timeout' must be a number"),
        ("timeout", "{{ -1 }}", "'timeout' must be a number of seconds"),
        ("delay", "{{ true }}", "'delay' must be a number"),
    ],
)
def test_a_bad_value_names_the_keyword_and_the_place(keyword: str, value: Any, said: str) -> None:
    with pytest.raises(TemplateError, match=said) as caught:
        keywords_of(task("t", "say", **{keyword: value}), JinjaTemplates(), {})
    assert caught.value.source == HERE


def test_a_keyword_may_differ_from_host_to_host() -> None:
    fleet = Fleet({"a": ToyHost(), "b": ToyHost()})
    run(
        fleet,
        task("t", "say", {"text": "fail"}, ignore_errors="{{ inventory_hostname == 'a' }}"),
        task("u", "say", {"text": "x"}),
    )
    assert fleet.outcomes[JobId("t", "a")].ignored
    assert fleet.status("u", "a") is Status.OK
    assert fleet.status("u", "b") is Status.BLOCKED


def test_a_bad_keyword_fails_the_job_and_nothing_is_sent() -> None:
    fleet = Fleet()
    outcomes, _ = run(fleet, task("t", "key", SET, timeout="{{ 'x' }}"))
    assert outcomes["t"].status is Status.FAILED
    assert outcomes["t"].message.startswith("play.yml:1:1: 'timeout' must be a number")
    assert fleet.hosts["a"].lines == []


def test_a_no_log_that_cannot_be_rendered_hides_everything() -> None:
    fleet = Fleet()
    run(fleet, task("t", "say", {"text": "hunter2 {{ x"}, no_log="{{ nothing }}"))
    assert "hunter2" not in repr(fleet.events)


def test_ignore_unreachable_of_a_host() -> None:
    fleet = Fleet({"a": ToyHost(down=True)})
    outcomes, _ = run(
        fleet,
        task("t", "key", SET, ignore_unreachable="{{ true }}", register="r"),
        task("u", "say", {"text": "was {{ r.unreachable }}"}),
    )
    assert outcomes["t"].status is Status.UNREACHABLE
    assert outcomes["t"].ignored
    assert outcomes["u"].message == "was True"


def test_check_mode_as_a_template_only_predicts() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes, book = run(fleet, task("t", "key", SET, check_mode="{{ true }}"))
    assert outcomes["t"].status is Status.WOULD_CHANGE
    assert book.seen == []


def test_diff_no_leaves_the_differences_out_of_what_is_shown() -> None:
    outcomes, _ = run(Fleet(), task("t", "key", SET, diff="{{ false }}"))
    assert outcomes["t"].status is Status.CHANGED
    assert outcomes["t"].differences == ()


def test_set_fact_of_what_nobody_knows_is_not_undefined_afterwards() -> None:
    outcomes = check(
        Fleet(),
        task("shout", "shout", {"text": "x"}, register="said"),
        task("fact", "set_fact", {"z": "{{ said.stdout }}"}),
        task("use", "key", {"key": "k", "value": "{{ z }}"}),
    )
    assert outcomes["fact"].status is Status.NOT_PREDICTABLE
    assert outcomes["use"].status is Status.NOT_PREDICTABLE
    assert "'fact'" in outcomes["use"].message


def test_a_pause_with_a_question_keeps_the_answer() -> None:
    fleet = Fleet()
    fleet.answers = ["go"]
    asks = task("ask", "say", {"text": "x", "ask": "well?"}, register="r")
    outcomes, _ = run(fleet, asks, task("u", "say", {"text": "{{ r.user_input }}"}))
    assert outcomes["u"].message == "go"
    predicted = check(Fleet(), asks, task("u", "say", {"text": "{{ r.user_input }}"}))
    assert predicted["u"].status is Status.NOT_PREDICTABLE
