"""win_dsc: what it asks PowerShell for, what it makes of the answers, and what it keeps.

The lab has no PowerShell; its scripts are read by the lint of tests/powershell.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Output
from runner.interfaces.params import problems
from runner.model.secret import MASK, Secret
from runner.model.source import Source
from runner.model.state import UNKNOWN, Change
from runner.modules import load
from runner.modules._parts import dsc_scripts as scripts
from runner.modules.win_dsc import DscState
from tests.modules.facts import facts
from tests.modules.scripted import Scripted, task

HOST = {**facts("2016"), "powershell_version": 5}
TEST, SET = scripts.test("x", "latest", {}).text, scripts.put("x", "latest", {}).text
REGISTRY = {
    "resource_name": "Registry", "Ensure": "present", "Key": r"HKLM\SOFTWARE\A", "ValueName": "M",
    "ValueData": ["a", 1], "Force": True,
}  # fmt: skip
ABSENT = {"done": False, "ensure": "Absent", "version": "1.1"}
DONE = {"done": True, "ensure": "Present", "version": "1.1"}


def said(**found: Any) -> Output:
    """What one of our scripts prints, behind what the resource itself may have printed."""
    encoded = base64.b64encode(json.dumps(found).encode()).decode()
    return Output(0, f"noise\r\nrunner-dsc {encoded}\r\n")


def asked(host: Scripted) -> list[Any]:
    return [json.loads(script.stdin or "") for script in host.scripts]


def test_it_asks_then_sets_then_asks_again() -> None:
    module, params = task("win_dsc", **REGISTRY)
    host = Scripted({TEST: [said(**ABSENT), said(**DONE)], SET: said(restart=True)})
    before = host.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    assert change.after == DscState(in_desired_state=True, ensure="Present", version="1.1")
    assert host.sent == []
    applied = host.drive(module.apply(params, change, HOST))
    assert module.result(params, change, HOST, applied) == {
        "module_version": "1.1", "reboot_required": True,
    }  # fmt: skip
    assert module.result(params, change, HOST, {})["reboot_required"] is UNKNOWN
    after = host.drive(module.probe(params, HOST))
    assert after == change.after
    assert module.plan(params, after, HOST) == after
    same = Change("", after, after)
    assert module.result(params, same, HOST, {})["reboot_required"] is False
    properties = {key: value for key, value in REGISTRY.items() if key != "resource_name"}
    wanted = {"name": "Registry", "version": "latest", "properties": properties}
    assert asked(host) == [wanted] * 3
    assert all(not script.params for script in host.scripts)


def test_what_was_absent_is_made_absent_again() -> None:
    module, params = task("win_dsc", **REGISTRY)
    kept = from_json(module.params, json.loads(json.dumps(to_json(params))))
    change = Change("", DscState(False, "Absent"), DscState(True, "Present"))
    assert module.irreversible(kept, change, HOST) == ""
    host = Scripted({SET: said(restart=False)})
    host.drive(module.undo(kept, change, HOST))
    (sent,) = asked(host)
    assert sent["properties"] == {
        "Ensure": "Absent", "Key": r"HKLM\SOFTWARE\A", "ValueName": "M", "ValueData": ["a", 1],
        "Force": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "before"),
    [
        ({}, DscState(False)),
        ({}, DscState(False, "Present")),
        ({"Ensure": "Absent"}, DscState(False, "Present")),
        ({"Ensure": "Absent"}, DscState(False, "Absent")),
        ({"PsDscRunAsCredential_username": "u", "PsDscRunAsCredential_password": "p"},
         DscState(False, "Absent")),
    ],
)  # fmt: skip
def test_everything_else_is_irreversible_and_said_to_be(
    raw: dict[str, Any], before: DscState
) -> None:
    module, params = task("win_dsc", **{"resource_name": "File", **raw})
    change = Change("", before, module.plan(params, before, HOST))
    assert module.irreversible(params, change, HOST)
    with pytest.raises(Refused):
        Scripted().drive(module.undo(params, change, HOST))


def test_passwords_reach_the_host_on_standard_input_and_are_on_no_record() -> None:
    raw = {
        "resource_name": "xWebsite", "Name": "w", "Run_username": "u",
        "Run_password": Secret("geheim"), "BindingInfo": [{"Port": 1, "Cert_password": "geheim"}],
    }  # fmt: skip
    module, params = task("win_dsc", **raw)
    host = Scripted({TEST: said(done=False)})
    host.drive(module.probe(params, HOST))
    (sent,) = asked(host)
    assert sent["properties"]["Run_password"] == "geheim"
    assert sent["properties"]["BindingInfo"] == [{"Port": 1, "Cert_password": "geheim"}]
    kept = json.dumps(to_json(params))
    assert "geheim" not in kept + repr(params) + module.subject(params)
    again = from_json(module.params, json.loads(kept))
    with pytest.raises(Refused, match="not on record"):
        Scripted().drive(module.probe(again, HOST))


@pytest.mark.parametrize("value", [Secret("geheim"), ["x", Secret("geheim")]])
def test_a_secret_by_any_name_is_on_no_record_and_cannot_be_taken_back(value: Any) -> None:
    module, params = task("win_dsc", resource_name="Web", Ensure="Present", Text=value)
    kept = json.dumps(to_json(params))
    assert "geheim" not in kept
    change = Change("", DscState(False, "Absent"), DscState(True, "Present"))
    assert "not on record" in module.irreversible(params, change, HOST)
    host = Scripted()
    with pytest.raises(Refused, match="not on record"):
        host.drive(module.undo(from_json(module.params, json.loads(kept)), change, HOST))
    assert not host.sent


def test_what_the_record_masked_is_never_sent_to_a_host() -> None:
    """A value from a vault, of which a module is given the text alone."""
    module, params = task("win_dsc", resource_name="Web", Ensure="Present", Text="x=geheim")
    kept = json.loads(json.dumps(to_json(params)).replace("geheim", MASK))
    change = Change("", DscState(False, "Absent"), DscState(True, "Present"))
    host = Scripted()
    for verb in (module.probe, lambda p, facts: module.undo(p, change, facts)):
        with pytest.raises(Refused):
            host.drive(verb(from_json(module.params, kept), HOST))
    assert not host.scripts


@pytest.mark.parametrize(("version", "has"), [(0, "no PowerShell"), (4, "PowerShell 4")])
def test_older_hosts_are_refused(version: int, has: str) -> None:
    module, params = task("win_dsc", **REGISTRY)
    known = {**facts("2008r2"), "powershell_version": version}
    with pytest.raises(Refused, match=has) as refused:
        Scripted().drive(module.probe(params, known))
    assert "WMF 5.1" in refused.value.hint


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (said(error="the resource has no\r\n property 'X'"), "has no property 'X'"),
        (Output(1, "", "Access denied\r\nmore"), "did not come to an end.*: Access denied"),
        (Output(5), "exit code 5"),
        (Output(0, "runner-dsc nonsense"), "runner-dsc nonsense"),
    ],
)
def test_what_goes_wrong_is_told(output: Output, says: str) -> None:
    module, params = task("win_dsc", **REGISTRY)
    with pytest.raises(ModuleError, match=says):
        Scripted({TEST: output}).drive(module.probe(params, HOST))


def test_any_property_is_taken_and_only_names_are() -> None:
    place = Source("play.yml", 1, 1)
    raw = {"resource_name": "{{ r }}", "Anything_": "{{ x }}", "when": None}
    assert not problems(load("win_dsc"), raw, lambda v: "{{" in str(v), {}, place)
    with pytest.raises(ParamsError, match="resource_name"):
        task("win_dsc", Name="x")
    hidden = {**REGISTRY, "dsc_shown": {}}
    (found,) = problems(load("win_dsc"), hidden, lambda v: False, {}, place)
    assert "dsc_shown" in str(found)
