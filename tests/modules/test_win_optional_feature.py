"""win_optional_feature: dism's English answers and our commands."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules.win_optional_feature import Features
from tests.modules.scripted import Scripted, task

INFO = "dism /online /english /get-featureinfo /featurename:"


def info(state: str) -> Output:
    return Output(
        0,
        "\nDeployment Image Servicing and Management tool\nVersion: 6.3.9600.17031\n\n"
        "Feature Information:\n\nFeature Name : SMB1Protocol\n"
        f"Restart Required : Possible\nState : {state}\n\nCustom Properties:\n",
    )


@pytest.mark.parametrize(
    ("state", "enabled", "pending"),
    [
        ("Enabled", True, False),
        ("Enable Pending", True, True),
        ("Disabled", False, False),
        ("Disable Pending", False, True),
        ("Disabled with Payload Removed", False, False),
    ],
)
def test_states(state: str, enabled: bool, pending: bool) -> None:
    module, params = task("win_optional_feature", name="SMB1Protocol")
    found = Scripted({INFO: info(state)}).drive(module.probe(params, {}))
    assert bool(found.enabled) is enabled
    assert bool(found.pending) is pending


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (Output(0x800F080C, "Error: 0x800f080c"), "there is no feature SMB1Protocol"),
        (Output(9009), "this host has no dism"),
        (Output(740, "Error: 740\n\nElevated permissions are required"), "Elevated permissions"),
        (Output(0, "nothing"), "cannot be read"),
    ],
)
def test_what_cannot_be_told(output: Output, says: str) -> None:
    module, params = task("win_optional_feature", name="SMB1Protocol", state="absent")
    with pytest.raises(ModuleError, match=says):
        Scripted({INFO: output}).drive(module.probe(params, {}))


QUIET = "dism /online /norestart /quiet"
COMMANDS: list[tuple[dict[str, Any], tuple[str, ...], list[str]]] = [
    ({"name": "A,B", "state": "absent"}, ("A",), [f"{QUIET} /disable-feature /featurename:A"]),
    ({"name": ["A", "B"]}, ("A",), [f"{QUIET} /enable-feature /featurename:B"]),
    (
        {"name": "A", "include_parent": True, "source": r"D:\sxs"},
        (),
        [rf"{QUIET} /enable-feature /featurename:A /all /source:D:\sxs /limitaccess"],
    ),
]


@pytest.mark.parametrize(("raw", "enabled", "commands"), COMMANDS)
def test_commands(raw: dict[str, Any], enabled: tuple[str, ...], commands: list[str]) -> None:
    module, params = task("win_optional_feature", **raw)
    before = Features(enabled)
    change = Change("", before, module.plan(params, before, {}))
    host = Scripted({"dism": Output(3010)})
    applied = host.drive(module.apply(params, change, {}))
    assert host.sent == commands
    assert module.result(params, change, {}, applied) == {"reboot_required": True}
    assert module.result(params, change, {}, {}) == {"reboot_required": UNKNOWN}


def test_undo_needs_no_source() -> None:
    module, params = task("win_optional_feature", name="SMB1Protocol", state="absent")
    host = Scripted({"dism": Output(0)})
    host.drive(module.undo(params, Change("", Features(("SMB1Protocol",)), Features(())), {}))
    assert host.sent == [f"{QUIET} /enable-feature /featurename:SMB1Protocol"]


def test_a_failure_is_told_with_its_meaning() -> None:
    module, params = task("win_optional_feature", name="A")
    change = Change("", Features(()), Features(("A",)))
    with pytest.raises(ModuleError, match="restart first"):
        Scripted({"dism": Output(0x800F0806)}).drive(module.apply(params, change, {}))


def test_server_2003_is_told_apart() -> None:
    module, params = task("win_optional_feature", name="A")
    with pytest.raises(Refused, match="no dism"):
        Scripted({INFO: Output(9009)}).drive(module.probe(params, {}))
