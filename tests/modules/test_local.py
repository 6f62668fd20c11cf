"""debug, set_fact, assert, add_host and the like: decided on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runner.errors import ParamsError, TemplateError
from runner.interfaces.module import Decision, Evaluate, LocalModule
from runner.model.inventory import Addition
from tests.modules.scripted import task


class Variables(Evaluate):
    """Expressions that are just names of variables."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def condition(self, expression: str) -> bool:
        return bool(self.value(expression))

    def value(self, expression: str) -> Any:
        if expression not in self._values:
            raise TemplateError(f"{expression} is undefined")
        return self._values[expression]


def decide(module_name: str, variables: Mapping[str, Any] | None = None, **raw: Any) -> Decision:
    module, params = task(module_name, **raw)
    assert isinstance(module, LocalModule)
    return module.decide(params, Variables(**(variables or {})))


def test_debug() -> None:
    assert decide("debug").result == {"msg": "Hello world!"}
    assert decide("debug", msg=["a", "b"]).result == {"msg": ["a", "b"]}
    assert decide("debug", {"x": {"y": 1}}, var="x").result == {"x": {"y": 1}}
    assert decide("debug", msg="hi").message == "hi"
    shown = "<< error 1 - nosuch is undefined >>"
    assert decide("debug", var="nosuch").result == {"nosuch": shown}


@pytest.mark.parametrize(
    ("variables", "shown"),
    [({"ansible_verbosity": 2}, True), ({"ansible_verbosity": 1}, False), ({}, False)],
)
def test_debug_verbosity(variables: dict[str, Any], shown: bool) -> None:
    decision = decide("debug", variables, msg="hi", verbosity=2)
    assert ("msg" in decision.result) is shown
    assert ("skipped_reason" in decision.result) is not shown


def test_set_fact() -> None:
    decision = decide("set_fact", a=1, b=["x"], cacheable="yes")
    assert decision.facts == {"a": 1, "b": ["x"]}
    assert decision.result["ansible_facts"] == {"a": 1, "b": ["x"]}


def test_assert() -> None:
    held = decide("assert", {"a": True, "b": 1}, that=["a", "b"], success_msg="fine")
    assert not held.failed
    assert held.message == "fine"
    failed = decide("assert", {"a": True, "b": 0}, that=["a", "b"], fail_msg=["no", "way"])
    assert failed.failed
    assert failed.message == "no; way"
    assert failed.result == {"assertion": "b", "evaluated_to": False, "msg": ["no", "way"]}
    assert decide("assert", that=False, msg="m").failed
    assert decide("assert", that=True, quiet=True).message == ""


def test_fail() -> None:
    assert decide("fail").message == "Failed as requested from task"
    assert decide("fail", msg="stop").failed


@pytest.mark.parametrize(
    ("raw", "seconds", "prompt"),
    [
        ({"seconds": "5"}, 5.0, None),
        ({"minutes": 2}, 120.0, None),
        ({"seconds": 0}, 1.0, None),
        ({"seconds": 3, "prompt": "wait"}, 3.0, None),
        ({}, 0.0, "Press enter to continue, Ctrl+C to interrupt"),
        ({"prompt": "Sure?"}, 0.0, "Sure?"),
    ],
)
def test_pause(raw: dict[str, Any], seconds: float, prompt: str | None) -> None:
    decision = decide("pause", **raw)
    assert decision.pause_seconds == seconds
    assert decision.prompt == prompt


def test_meta() -> None:
    assert decide("meta", _raw_params=" end_host ").meta == "end_host"


@pytest.mark.parametrize("name", ["debug", "fail", "meta", "pause", "set_fact", "assert"])
def test_local_modules_touch_no_host(name: str) -> None:
    raw: dict[str, dict[str, Any]] = {
        "meta": {"_raw_params": "noop"},
        "set_fact": {"a": 1},
        "assert": {"that": "x"},
    }
    module, params = task(name, **raw.get(name, {}))
    with pytest.raises(StopIteration):
        next(module.probe(params, {}))
    assert module.subject(params) == ""


@pytest.mark.parametrize(
    ("given", "name", "port"),
    [
        ("n1", "n1", None),
        ("n1:2222", "n1", 2222),
        ("fe80::1", "fe80::1", None),
        ("[fe80::1]:22", "fe80::1", 22),
        ("a:b", "a:b", None),
    ],
)
def test_add_host_splits_the_port_off(given: str, name: str, port: int | None) -> None:
    found = decide("add_host", hostname=given, groups="x, y,x", v=1)
    assert found.adds == Addition(name, ("x", "y"), (), {"v": 1}, port)
    assert found.result["add_host"] == {
        "host_name": name, "groups": ["x", "y"], "host_vars": {"v": 1}
    }  # fmt: skip


@pytest.mark.parametrize("alias", ["groups", "groupname", "group"])
def test_add_host_takes_groups_under_each_name(alias: str) -> None:
    given: dict[str, Any] = {alias: ["x"]}
    assert decide("add_host", name="n", **given).adds == Addition("n", ("x",))


def test_group_by() -> None:
    found = decide("group_by", key="a b", parents=["c d"])
    assert found.adds == Addition("", ("a-b",), ("c-d",))
    assert found.result == {"add_group": "a-b", "parent_groups": ["c-d"]}
    assert decide("group_by", key="k").result["parent_groups"] == ["all"]
    with pytest.raises(ParamsError):
        decide("group_by")
