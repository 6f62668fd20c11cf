"""States and parameters survive JSON exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.interfaces.codec import from_json, to_json
from runner.interfaces.module import CommandState
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.model.state import UNKNOWN
from runner.modules import load, names


@dataclass(frozen=True, slots=True)
class Inner:
    number: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    flag: bool | None
    data: int | str | tuple[str, ...] | None
    ratio: float
    inner: Inner
    many: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")
    anything: Any = None


def there_and_back(type_: type[Any], value: Any) -> Any:
    return from_json(type_, json.loads(json.dumps(to_json(value))))


inners = st.builds(Inner, st.integers(), st.lists(st.text()).map(tuple))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)  # fmt: skip
samples = st.builds(
    Sample,
    flag=st.none() | st.booleans(),
    data=st.none() | st.integers() | st.text() | st.lists(st.text()).map(tuple),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    inner=inners,
    many=st.lists(inners).map(tuple),
    pair=st.tuples(st.integers(), st.text()),
    anything=plain,
)


@given(samples)
def test_round_trip_is_exact(value: Sample) -> None:
    found = there_and_back(Sample, value)
    assert found == value
    for field in fields(value):
        assert type(getattr(found, field.name)) is type(getattr(value, field.name))


def test_unknown_stays_unknown() -> None:
    value = Sample(UNKNOWN, UNKNOWN, 1.0, Inner(1), anything=[UNKNOWN, {"a": UNKNOWN}])  # type: ignore[arg-type]
    found = there_and_back(Sample, value)
    assert found.flag is UNKNOWN
    assert found.data is UNKNOWN
    assert found.anything[0] is UNKNOWN
    assert found.anything[1]["a"] is UNKNOWN
    assert to_json(UNKNOWN) == {"__unknown__": True}


def test_keys_that_look_like_marks_are_safe() -> None:
    for value in ({"__unknown__": True}, {"__pairs__": [1]}, {"__date__": "x"}, {1: "a", "1": "b"}):
        assert (
            there_and_back(Sample, Sample(None, None, 0.0, Inner(1), anything=value)).anything
            == value
        )


def test_times_keep_their_type() -> None:
    when = [date(2017, 5, 12), datetime(2017, 5, 12, 8, 0, tzinfo=UTC)]
    assert there_and_back(Sample, Sample(None, None, 0.0, Inner(1), anything=when)).anything == when


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (Inner, {"number": "7"}),
        (Inner, {"number": 1, "wrong": 2}),
        (Inner, {}),
        (Inner, [1]),
        (CommandState, {"done": "yes", "because": ""}),
    ],
)
def test_wrong_data_is_refused(type_: type[Any], data: Any) -> None:
    with pytest.raises(ValueError):
        from_json(type_, data)


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(TypeError, match="object cannot be kept"):
        to_json({"a": object()})


PARAMS: dict[str, dict[str, Any]] = {
    "win_service": {"name": "x", "dependencies": "a,b", "state": "stopped"},
    "win_regedit": {"key": "HKLM:\\A", "entry": "b", "data": ["a", "b"], "type": "multistring"},
    "set_fact": {"a": {"b": [1, None]}, "c": "d"},
    "win_command": {"_raw_params": "ipconfig /all"},
    "win_reboot": {"reboot_timeout": "60"},
    "assert": {"that": "a == b", "msg": "no"},
}


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_parameters_survive(name: str) -> None:
    module = load(name)
    params = parse(module, PARAMS[name], {}, Source("p.yml", 1, 1))
    assert there_and_back(module.params, params) == params


@pytest.mark.parametrize("name", names())
def test_every_state_is_made_of_what_survives(name: str) -> None:
    """Fields hold None, bool, int, float, str, tuples, and dataclasses of those."""
    module = load(name)
    for field in fields(module.state):
        if field.metadata.get("exclude"):
            continue
        for banned in ("dict", "list", "set", "Mapping", "bytes"):
            assert banned not in str(field.type), f"{name}: {field.name} is {field.type}"
