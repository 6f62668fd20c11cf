"""win_environment and win_path: what parameters mean, and what search paths become."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.modules._parts.win_environment import EnvironmentState, Variable
from runner.modules.win_path import added, removed, split
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task


@pytest.mark.parametrize(
    ("module", "raw", "words"),
    [
        ("win_environment", {"name": "A", "value": "1", "level": "process"}, "process"),
        ("win_environment", {"level": "machine"}, "one of 'name' and 'variables'"),
        ("win_environment", {"name": "A", "level": "machine"}, "'value' is missing"),
        ("win_environment", {"name": "A", "value": "", "level": "machine"}, "state: absent"),
        (
            "win_environment",
            {"name": "A", "value": "x", "state": "absent", "level": "user"},
            "takes no value",
        ),
        ("win_environment", {"name": "A=B", "value": "x", "level": "user"}, "not the name"),
        ("win_environment", {"name": "A", "value": "x\ny", "level": "user"}, "line break"),
        (
            "win_environment",
            {"variables": {"A": "1"}, "state": "absent", "level": "user"},
            "go with 'name'",
        ),
        ("win_environment", {"variables": {"a": "1", "A": "2"}, "level": "user"}, "twice"),
        ("win_path", {"elements": []}, "at least one"),
        ("win_path", {"elements": [r"C:\a;C:\b"]}, "not one folder"),
        ("win_path", {"elements": [r"C:\a", "c:\\A\\"]}, "twice"),
        ("win_path", {"elements": [r"C:\a"], "scope": "process"}, "machine"),
    ],
)
def test_what_makes_no_sense_is_refused(module: str, raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task(module, **raw)


@pytest.mark.parametrize(
    ("found", "elements", "wanted"),
    [
        ("", "x", "x"),
        ("a;b", "a", "a;b"),
        ("a;b", "c", "a;b;c"),
        ("a;b;c", "c;a", "b;c;a"),  # a moves towards the end, behind c
        ("a;b;c", "b;d", "a;b;c;d"),
        ('A\\;"B;x";c', "a;b;x", 'A\\;"B;x";c;b;x'),
        ("a;;b", "c", "a;;b;c"),
    ],
)
def test_folders_are_added_in_their_order(found: str, elements: str, wanted: str) -> None:
    assert ";".join(added(split(found), elements.split(";"))) == wanted
    again = added(split(wanted), elements.split(";"))
    assert ";".join(again) == wanted


def test_folders_are_taken_out_wherever_they_are() -> None:
    assert removed(split('a;B\\;"b";c'), ["b"]) == ["a", "c"]
    assert split("a;b;") == ["a", "b", ""]


def test_the_machine_keeps_a_search_path() -> None:
    module, params = task("win_path", elements=["a"], state="absent")
    before = EnvironmentState((Variable("Path", True, "expandstring", "A"),))
    with pytest.raises(ModuleError, match="nothing would be left"):
        module.plan(params, before, {})


def test_a_value_that_is_no_text_is_left_alone() -> None:
    module, params = task("win_environment", name="A", value="1", level="machine")
    key = "\nHKEY_LOCAL_MACHINE\\X\n    A    REG_DWORD    0x1\n"
    host = Scripted({"reg query": Output(0, key)})
    with pytest.raises(ModuleError, match="type dword"):
        host.drive(module.probe(params, {}))


def test_what_could_not_be_written_back_is_said_beforehand() -> None:
    module, params = task("win_environment", name="A", value="1", level="machine")
    before = EnvironmentState((Variable("A", True, "string", "two\nlines"),))
    change = Change("", before, module.plan(params, before, {}))
    assert "could not be written back" in module.irreversible(params, change, {})


def test_a_key_that_somebody_else_uses_by_now_stays() -> None:
    host = LabHost("2019")
    ours = host.task("win_environment", name="A", value="1", level="user")
    change = ours.plan()
    ours.apply(change)
    host.task("win_environment", name="B", value="2", level="user").apply(
        host.task("win_environment", name="B", value="2", level="user").plan()
    )
    ours.undo(Change(change.subject, change.before, ours.probe()))
    assert host.state["registry"]["HKEY_CURRENT_USER\\Environment"] == {"b": ["REG_SZ", "2"]}
