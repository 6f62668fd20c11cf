"""win_service: from what sc and the registry say to a state, and from a change to commands."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.service import ServiceState
from tests.modules.scripted import Scripted, task
from tests.modules.win_service_states import DEPENDENTS, FOUND, RUNNING, STOPPED, query


def test_finds_everything() -> None:
    module, params = task("win_service", name="Spooler")
    found = Scripted(RUNNING).drive(module.probe(params, {}))
    assert found == FOUND
    assert found.interactive
    assert found.depended_by == ("First", "Idle", "Second")
    assert found.unrecorded == ("FailureActions", "Performance")


def test_absent_is_a_state() -> None:
    module, params = task("win_service", name="nosuch")
    host = Scripted({"sc query nosuch": Output(1060)})
    assert host.drive(module.probe(params, {})) == ServiceState()
    assert module.plan(params, ServiceState(), {}) == ServiceState()


def test_waits_for_a_service_that_is_just_moving() -> None:
    module, params = task("win_service", name="Spooler")
    moving = [query("STOP_PENDING", 3), query("STOP_PENDING", 3), query("STOPPED", 1)]
    host = Scripted({**RUNNING, "sc query Spooler": moving, "sc enumdepend": Output(0)})
    assert host.drive(module.probe(params, {})).state == "stopped"
    assert host.slept == 2.0


def test_a_denied_probe_says_so() -> None:
    module, params = task("win_service", name="x")
    with pytest.raises(ModuleError, match=r"state of service x: sc answered 5 \(access denied\)"):
        Scripted({"sc query x": Output(5)}).drive(module.probe(params, {}))


def test_server_service_tells_what_goes_away_with_it() -> None:
    module, params = task(
        "win_service", name="LanmanServer", state="stopped", force_dependent_services=True
    )
    key = "HKEY_LOCAL_MACHINE\\X\n    {}\n"
    host = Scripted(
        {
            "sc query LanmanServer": query("RUNNING"),
            "sc query ClusSvc": query("RUNNING"),
            "sc enumdepend": DEPENDENTS,
            "reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions": Output(
                0, key.format("ProductType    REG_SZ    LanmanNT")
            ),
            "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Shares": Output(
                0, key.format("data    REG_MULTI_SZ    Path=C:\\data")
            ),
        }
    )
    before = host.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    message = module.message(params, change, {})
    assert "stops with it: First, Second" in message
    assert "domain controller" in message
    assert "cluster node" in message
    assert "shares that go away: data" in message


WANTED: list[tuple[dict[str, Any], ServiceState, dict[str, Any]]] = [
    ({}, FOUND, {}),
    ({"state": "started"}, FOUND, {}),
    ({"state": "started"}, STOPPED, {"state": "running"}),
    (
        {"state": "stopped", "force_dependent_services": True},
        FOUND,
        {"state": "stopped", "running_dependents": ()},
    ),
    ({"state": "stopped", "start_mode": "disabled"}, STOPPED, {"start_mode": "disabled"}),
    (
        {"state": "restarted", "force_dependent_services": True},
        FOUND,
        {"restarted": UNKNOWN},
    ),
    ({"state": "restarted"}, STOPPED, {"state": "running", "restarted": UNKNOWN}),
    (
        {"state": "paused"},
        dataclasses.replace(FOUND, can_pause=True),
        {"state": "paused"},
    ),
    ({"dependencies": ["rpcss", "HTTP"]}, FOUND, {}),
    ({"dependencies": ["http", "rpcss"]}, FOUND, {}),
    (
        {"dependencies": "tcpip", "dependency_action": "add"},
        FOUND,
        {"dependencies": ("RPCSS", "http", "tcpip")},
    ),
    ({"dependencies": "rpcss", "dependency_action": "remove"}, FOUND, {"dependencies": ("http",)}),
    ({"dependencies": []}, FOUND, {"dependencies": ()}),
    ({"username": "system"}, FOUND, {}),
    ({"username": "NetworkService"}, FOUND, {"username": r"NT AUTHORITY\NetworkService"}),
    ({"display_name": "X"}, FOUND, {"display_name": "X"}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "before", "changes"), WANTED)
def test_plan(raw: dict[str, Any], before: ServiceState, changes: dict[str, Any]) -> None:
    module, params = task("win_service", name="Spooler", **raw)
    assert module.plan(params, before, {}) == dataclasses.replace(before, **changes)


REFUSED = [
    ({"state": "stopped"}, FOUND, "other running services depend on Spooler: First, Second"),
    ({"state": "restarted"}, FOUND, "other running services depend on"),
    ({"state": "absent"}, FOUND, "other running services depend on"),
    ({"state": "started"}, ServiceState(), "there is no service Spooler on this host"),
    ({"start_mode": "disabled"}, ServiceState(), "there is no service Spooler on this host"),
    (
        {"state": "started"},
        dataclasses.replace(STOPPED, start_mode="disabled"),
        "is disabled, so it cannot start",
    ),
    ({"state": "paused"}, STOPPED, "service Spooler is not running"),
    ({"state": "paused"}, FOUND, "service Spooler cannot be paused"),
]


@pytest.mark.parametrize(("raw", "before", "says"), REFUSED)
def test_plan_refuses(raw: dict[str, Any], before: ServiceState, says: str) -> None:
    module, params = task("win_service", name="Spooler", **raw)
    with pytest.raises(Refused, match=says):
        module.plan(params, before, {})
