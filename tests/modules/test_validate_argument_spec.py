"""validate_argument_spec: types, choices, rules between options, and values nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runner.engine.variables.unknown import Depends
from runner.errors import DependsOnUnknown, ParamsError, TemplateError
from runner.interfaces.module import Decision, Evaluate, LocalModule
from runner.loading.templates.templates import JinjaTemplates
from runner.model.secret import Secret
from runner.model.state import UNKNOWN
from tests.modules.scripted import task


class Variables(Evaluate):
    """A host's variables, seen through real templates."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._templates = JinjaTemplates()
        self._variables = variables

    def condition(self, expression: str) -> bool:
        return self._templates.condition(expression, self._variables)

    def value(self, expression: str) -> Any:
        return self._templates.expression(expression, self._variables)


def decide(
    spec: Mapping[str, Any], variables: Mapping[str, Any] | None = None, **raw: Any
) -> Decision:
    module, params = task("validate_argument_spec", argument_spec=spec, **raw)
    assert isinstance(module, LocalModule)
    return module.decide(params, Variables(variables or {}))


def errors(spec: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
    found = decide(spec, variables)
    listed = list(found.result.get("argument_errors", []))
    assert found.failed is bool(listed)
    return listed


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ({}, "x"),
        ({}, 5),
        ({}, None),
        ({"type": "str"}, True),
        ({"type": "int"}, 5),
        ({"type": "int"}, " 5 "),
        ({"type": "int"}, "5.0"),
        ({"type": "int"}, True),
        ({"type": "float"}, "1e3"),
        ({"type": "float"}, 7),
        ({"type": "bool"}, "Yes"),
        ({"type": "bool"}, 0),
        ({"type": "bool"}, "off"),
        ({"type": "list"}, [1]),
        ({"type": "list"}, "a,b"),
        ({"type": "list"}, 7),
        ({"type": "list", "elements": "int"}, "1,2"),
        ({"type": "dict"}, {"a": 1}),
        ({"type": "dict"}, '{"a": 1}'),
        ({"type": "dict"}, "{'a': 1}"),
        ({"type": "dict"}, "a=1, b='x y'"),
        ({"type": "path"}, "C:\\Windows"),
        ({"type": "raw"}, {"anything": [1]}),
        ({"type": "json"}, "{}"),
        ({"type": "jsonarg"}, [1, 2]),
        ({"type": "bytes"}, "10 MB"),
        ({"type": "bytes"}, "1.5k"),
        ({"type": "bytes"}, "3megabyte"),
        ({"type": "bytes"}, 10),
        ({"type": "bits"}, "1Mb"),
        ({"type": "bits"}, "7b"),
        ({"choices": ["a", "b"]}, "a"),
        ({"choices": ["yes", "no"]}, True),
        ({"type": "int", "choices": [1, 2]}, "2"),
        ({"type": "list", "choices": ["a", "b"]}, "a,b"),
        ({"required": True}, ""),
        ({"no_log": True}, "secret"),
        ({"description": "{{ not.a.template }}", "version_added": "1.0"}, "x"),
    ],
)
def test_good_values(option: dict[str, Any], value: Any) -> None:
    assert errors({"it": option}, {"it": value}) == []


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ({"type": "int"}, "five", "it: must be a whole number, found 'five'"),
        ({"type": "int"}, 1.5, "it: must be a whole number, found 1.5"),
        ({"type": "int"}, [1], "it: must be a whole number, found [1]"),
        ({"type": "int", "required": True}, None, "it: must be a whole number, found None"),
        ({"type": "float"}, "x", "it: must be a number, found 'x'"),
        ({"type": "bool"}, "maybe", "it: must be yes or no, found 'maybe'"),
        ({"type": "bool"}, 2, "it: must be yes or no, found 2"),
        ({"type": "bool"}, [], "it: must be yes or no, found []"),
        ({"type": "list"}, {"a": 1}, "it: must be a list, found {'a': 1}"),
        ({"type": "list", "elements": "int"}, [1, "x"],
         "it[1]: must be a whole number, found 'x'"),
        ({"type": "dict"}, "nothing", "it: must be a mapping, found 'nothing'"),
        ({"type": "dict"}, "{1", "it: must be a mapping, found '{1'"),
        ({"type": "dict"}, "a=1 b", "it: must be a mapping, found 'a=1 b'"),
        ({"type": "json"}, 5, "it: must be JSON: a text, a list or a mapping, found 5"),
        ({"type": "bytes"}, "1Mb", "it: must be a number of bytes, like 10MB, found '1Mb'"),
        ({"type": "bytes"}, "much", "it: must be a number of bytes, like 10MB, found 'much'"),
        ({"type": "bytes"}, "1X", "it: must be a number of bytes, like 10MB, found '1X'"),
        ({"type": "bits"}, "1MB", "it: must be a number of bits, like 10Mb, found '1MB'"),
        ({"choices": ["a", "b"]}, "c", "it: must be one of a, b; found 'c'"),
        ({"type": "list", "choices": ["a"]}, "a,c", "it: must be one of a; found 'c'"),
        ({"type": "int", "no_log": True}, "hush", "it: must be a whole number, found (hidden)"),
    ],
)  # fmt: skip
def test_bad_values(option: dict[str, Any], value: Any, error: str) -> None:
    assert errors({"it": option}, {"it": value}) == [error]


def test_required_defaults_and_aliases() -> None:
    spec = {
        "a": {"required": True},
        "b": {"type": "int", "default": 5},
        "c": {"aliases": ["see"], "required": True},
    }
    assert errors(spec, {}) == ["a: missing, and it is required", "c: missing, and it is required"]
    assert decide(spec, {}, provided_arguments={"a": "x", "see": "y"}).failed is False


def test_what_the_role_is_given_wins_and_must_be_known() -> None:
    spec = {"n": {"type": "int"}}
    assert decide(spec, {"n": "x"}, provided_arguments={"n": 1}).failed is False
    failed = decide(spec, {"other": 1}, provided_arguments={"m": 1})
    assert failed.result["argument_errors"] == ["m: there is no such option; options: n"]


USERS: dict[str, Any] = {
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"required": True},
            "uid": {"type": "int"},
            "kind": {"choices": ["person", "service"], "default": "person"},
            "key": {},
            "password": {"no_log": True},
            "home": {"type": "dict", "apply_defaults": True, "options": {"path": {}}},
        },
        "mutually_exclusive": [["key", "password"]],
        "required_together": [["uid", "key"]],
        "required_one_of": [["key", "password"]],
        "required_if": [["kind", "service", ["uid"]]],
        "required_by": {"password": "uid"},
    }
}


@pytest.mark.parametrize(
    ("user", "error"),
    [
        ({"name": "a", "uid": 1, "key": "k"}, ""),
        ({"uid": 1, "key": "k"}, "users[1].name: missing, and it is required"),
        ({"name": "a", "uid": "x", "key": "k"},
         "users[1].uid: must be a whole number, found 'x'"),
        ({"name": "a", "uid": 1, "key": "k", "nmae": 1},
         "users[1].nmae: there is no such option; options: home, key, kind, name, password, uid"),
        ({"name": "a", "uid": 1, "key": "k", "password": "p"},
         "users[1]: only one of key, password can be given"),
        ({"name": "a", "uid": 1, "password": "p"}, "users[1]: uid, key go together; missing: key"),
        ({"name": "a"}, "users[1]: one of key, password is required"),
        ({"name": "a", "kind": "service", "key": "k"},
         ("users[1]: uid, key go together; missing: uid; "
         "users[1]: when kind is service, these must be given: uid")),
        ({"name": "a", "password": "p"}, "users[1]: password needs uid"),
        ({"name": "a", "uid": 1, "key": "k", "home": {"pth": 1}},
         "users[1].home.pth: there is no such option; options: path"),
        ("nobody", "users[1]: must be a mapping, found 'nobody'"),
    ],
)  # fmt: skip
def test_inner_options(user: Any, error: str) -> None:
    good = {"name": "first", "uid": 1, "key": "k"}
    assert "; ".join(errors(USERS, {"users": [good, user]})) == error


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"state": "present"}, "x, y"),
        ({"state": "present", "y": 1}, ""),
        ({"state": "absent"}, ""),
    ],
)
def test_required_if_any(given: dict[str, Any], missing: str) -> None:
    spec = {
        "it": {
            "type": "dict",
            "options": {"state": {}, "x": {}, "y": {}},
            "required_if": [["state", "present", ["x", "y"], True]],
        }
    }
    expected = [f"it: when state is present, one of these must be given: {missing}"]
    assert errors(spec, {"it": given}) == (expected if missing else [])


def test_the_result_is_ansibles() -> None:
    context = {"type": "role", "name": "web"}
    spec = {"n": {"type": "int"}}
    passed = decide(spec, {"n": 1}, validate_args_context=context)
    assert passed.result == {
        "msg": "The arg spec validation passed",
        "validate_args_context": context,
    }
    failed = decide(spec, {"n": "x"})
    assert failed.result["argument_spec_data"] == spec
    assert str(failed.result["msg"]).startswith("Validation of arguments failed:\nn: must")
    assert "n: must be a whole number" in failed.message


def test_the_values_themselves_are_left_alone() -> None:
    users = [{"name": "a", "uid": "1", "key": "k"}]
    assert errors(USERS, {"users": users}) == []
    assert users == [{"name": "a", "uid": "1", "key": "k"}]


def test_values_are_rendered_and_secrets_revealed_for_the_check_only() -> None:
    spec = {"n": {"type": "int"}, "p": {"choices": ["a"], "no_log": True}}
    assert errors(spec, {"n": "{{ m }}", "m": 4, "p": Secret("a")}) == []
    found = errors(spec, {"p": Secret("hush")})
    assert found == ["p: must be one of a; found (hidden)"]
    with pytest.raises(TemplateError, match="'nowhere' is undefined"):
        decide(spec, {"n": "{{ nowhere }}"})


@pytest.mark.parametrize(
    "variables",
    [
        {"users": Depends("a task")},
        {"users": [{"name": Depends("a task")}]},
        {"users": "{{ found.stdout }}", "found": {"stdout": Depends("a task")}},
        {"users": UNKNOWN},
    ],
)
def test_what_a_dry_run_cannot_know_is_never_guessed(variables: dict[str, Any]) -> None:
    with pytest.raises(DependsOnUnknown):
        decide(USERS, variables)


@pytest.mark.parametrize("value", [UNKNOWN, [Depends("a task")], {"name": UNKNOWN}])
def test_nor_in_what_the_role_is_given(value: Any) -> None:
    with pytest.raises(DependsOnUnknown):
        decide(USERS, {}, provided_arguments={"users": value})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"a": {"type": "strng"}}, "a.type"),
        ({"a": {"requird": True}}, "a.requird"),
        ({"a": {"required": True, "default": 1}}, "required or has a default"),
        ({"a": {"elements": "int"}}, "goes with 'type: list'"),
        ({"a": {"options": {"b": {}}}}, "goes with 'type: dict'"),
        ({"a": {"type": "dict", "options": {"b": {"type": "no"}}}}, "a.options.b.type"),
        ({"a": "text"}, "is no argument spec: a"),
    ],
)
def test_a_wrong_spec(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        task("validate_argument_spec", argument_spec=spec)
    assert message in caught.value.message
