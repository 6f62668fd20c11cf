"""Plan files: the same plan is the same bytes, and what was altered is found and named."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.app.plan_file import digest_of, encode, parse_plan, read_plan, write_plan
from runner.errors import InputError
from runner.model.plan import Forecast, Plan, PlannedJob

WEB = Forecast(
    "service spooler", item="Spooler", params={"name": "Spooler"},
    before={"start_mode": "auto"}, after={"start_mode": "disabled"},
)  # fmt: skip

HEAD = "what is said of the whole plan (playbook, inventory, options)"


def job(*forecasts: Forecast) -> PlannedJob:
    return PlannedJob(
        "stop",
        "stop it",
        "would change",
        module="win_service",
        differences=(("start_mode", "auto", "disabled"),),
        commands=("sc config Spooler start= disabled",),
        forecasts=forecasts,
        unforeseen=("x",),
    )


def plan(**more: Any) -> Plan:
    given: dict[str, Any] = {
        "playbook": "/p/fix.yml",
        "inventory": ("/p/hosts.yml",),
        "inputs": {"playbook": "1", "inventory": "2"},
        "created": 1_700_000_000.5,
        "user": "ann",
        "version": "1",
        "hosts": {"web01": (job(WEB),), "web02": (job(WEB),)},
        "coverage": {"jobs": 2, "predicted": 2},
    }
    return Plan(**{**given, **more})


def altered(change: Any) -> bytes:
    data = json.loads(encode(plan()))
    change(data)
    return json.dumps(data, sort_keys=True, indent=1).encode()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "fix.plan"
    digest = write_plan(path, plan(expires=1.0, secrets=("token",)))
    found, content = read_plan(path)
    assert found == plan(expires=1.0, secrets=("token",))
    assert digest == digest_of(content)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, st.text())
def test_any_value_comes_back_and_order_makes_no_difference(value: Any, name: str) -> None:
    made = plan(hosts={"b": (job(Forecast(name, before=value)),), "a": ()})
    again = plan(hosts={"a": (), "b": (job(Forecast(name, before=value)),)})
    assert encode(made) == encode(again)
    assert parse_plan(encode(made)) == made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["hosts"]["web02"][0].update(status="ok"), "the plan of web02"),
        (lambda d: d["hosts"].pop("web01"), "the plan of web01, which is gone"),
        (lambda d: d["hosts"].update(web09=[]), "the plan of web09"),
        (lambda d: d.update(user="eve"), HEAD),
        (lambda d: d["digests"]["hosts"].update(web01="0"), "the plan of web01"),
        (lambda d: d.pop("digests"), f"{HEAD}; the plan of web01; the plan of web02"),
    ],
)
def test_what_was_altered_is_named(change: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_plan(altered(change), "fix.plan")
    assert caught.value.message == f"fix.plan was altered after it was written: {said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a plan"),
        (b"[1]", "is not a plan"),
        (b'{"format": 2}', "cannot|can read"),
        (b'{"format": 1}', "has no hosts"),
        (b"\xff", "not UTF-8"),
        (b'{"format": 1,\n "hosts": }', "fix.plan:2:11: not a plan"),
    ],
)
def test_what_is_no_plan_is_said_so(content: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_plan(content, "fix.plan")
    assert any(word in str(caught.value) for word in said.split("|"))
    assert "runner plan" in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        write_plan(tmp_path / "no" / "fix.plan", plan())
    with pytest.raises(InputError, match="cannot read"):
        read_plan(tmp_path / "fix.plan")
