"""Handlers: by which names they are called, and when."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.job import Status
from runner.model.task import Role
from tests.engine.toys import Fleet, include, task
from tests.engine.visits.visiting import SET, check, run

ROLE = Role("web", "roles/web")


def calls(*names: str, **fields: Any) -> Any:
    return task("calls", "say", {"text": "changed"}, notify=names, **fields)


def handler(name: str = "h", text: str = "x", **fields: Any) -> Any:
    return task(name, "say", {"text": text}, **fields)


@pytest.mark.parametrize(
    ("name", "found"),
    [("h", {}), ("web : h", {"role": ROLE}), ("h", {"role": ROLE}), ("word", {"listen": ("word",)}),
     ("{{ 'h' }}", {}), ("{{ ['h'] }}", {})],
)  # fmt: skip
def test_a_handler_is_called_by_its_names(name: str, found: dict[str, Any]) -> None:
    outcomes, _ = run(Fleet(), calls(name), handlers=(handler(**found), handler("other")))
    assert outcomes["h"].status is Status.OK
    assert outcomes["other"].message == "not notified"


def test_a_name_that_calls_nobody_fails_before_anything_is_done() -> None:
    fleet = Fleet()
    outcomes, _ = run(
        fleet, task("t", "key", SET, notify=("{{ 'nobody' }}",)), handlers=(handler(),)
    )
    assert outcomes["t"].status is Status.FAILED
    assert "'nobody'" in outcomes["t"].message
    assert fleet.hosts["a"].keys == {}


def test_a_handlers_own_name_may_be_a_template() -> None:
    outcomes, _ = run(Fleet(x="web"), calls("restart web"), handlers=(handler("restart {{ x }}"),))
    assert outcomes["restart-x"].status is Status.OK


def test_of_two_handlers_with_one_name_the_last_one_counts() -> None:
    outcomes, _ = run(Fleet(), calls("h"), handlers=(handler(text="one"), handler(text="two")))
    assert outcomes["h"].message == "not notified"
    assert outcomes["h-2"].message == "two"


def test_all_that_listen_are_called() -> None:
    both = (handler("one", listen=("word",)), handler("two", listen=("word",)))
    outcomes, _ = run(Fleet(), calls("word"), handlers=both)
    assert [outcomes["one"].status, outcomes["two"].status] == [Status.OK, Status.OK]


def test_a_handler_may_call_a_later_one() -> None:
    first = handler("first", "changed", notify=("second",))
    outcomes, _ = run(Fleet(), calls("first"), handlers=(first, handler("second")))
    assert outcomes["second"].status is Status.OK


def test_each_element_of_a_loop_calls_its_own() -> None:
    loop = task("t", "say", {"text": "changed"}, loop=["one", "two"], notify=("{{ item }}",),
                conditions=("item == 'one'",))  # fmt: skip
    outcomes, _ = run(Fleet(), loop, handlers=(handler("one"), handler("two")))
    assert outcomes["one"].status is Status.OK
    assert outcomes["two"].message == "not notified"


def test_what_a_dry_run_cannot_predict_may_have_called() -> None:
    shout = task("shout", "shout", {"text": "x"}, notify=("h",))
    outcomes = check(Fleet(), shout, handlers=(handler(), handler("other")))
    assert outcomes["h"].status is Status.NOT_PREDICTABLE
    assert outcomes["h"].message == "depends on 'shout'"
    assert outcomes["other"].message == "not notified"


def test_handlers_are_flushed_inside_an_include() -> None:
    fleet = Fleet()
    flush = task("flush", "meta", {"_raw_params": "flush_handlers"})
    fleet.files = {"f": [calls("h"), flush, task("after", "say", {"text": "x"})]}
    outcomes, _ = run(fleet, include("in", "f"), handlers=(handler(), handler("other")))
    assert outcomes["in/h"].status is Status.OK
    assert outcomes["h"].message == "not notified"
    assert "in/other" not in outcomes
    assert list(outcomes).index("in/h") < list(outcomes).index("in/after")


def test_a_handler_may_be_an_include() -> None:
    fleet = Fleet()
    fleet.files = {"f": [task("one", "key", SET)]}
    outcomes, _ = run(fleet, calls("h"), handlers=(include("h", "f"),))
    assert outcomes["h/one"].status is Status.CHANGED
