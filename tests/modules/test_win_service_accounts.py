"""win_service: accounts and passwords, results, and what cannot be taken back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.service import ServiceState
from tests.modules.scripted import Scripted, task
from tests.modules.win_service_states import FOUND, STOPPED

IRREVERSIBLE = [
    (FOUND, STOPPED, ""),
    (FOUND, ServiceState(), ""),
    (dataclasses.replace(FOUND, unrecorded=("FailureActions",)), ServiceState(), "FailureActions"),
    (dataclasses.replace(FOUND, service_type="0x2"), ServiceState(), "type 0x2 cannot be created"),
    (dataclasses.replace(FOUND, username=r"CORP\svc"), ServiceState(), "the password of its"),
    (dataclasses.replace(FOUND, username=r"CORP\svc"), FOUND, "the password of its account"),
    (dataclasses.replace(FOUND, username=r"CORP\gmsa$"), FOUND, ""),
]


@pytest.mark.parametrize(("before", "after", "says"), IRREVERSIBLE)
def test_irreversible(before: ServiceState, after: ServiceState, says: str) -> None:
    module, params = task("win_service", name="Spooler", state="absent")
    found = module.irreversible(params, Change("", before, after), {})
    assert says in found
    assert bool(says) == bool(found)


@pytest.mark.parametrize(
    ("username", "spelled"), [("bob", r".\bob"), (r"CORP\svc", r"CORP\svc"), ("a@b.c", "a@b.c")]
)
def test_a_password_goes_through_standard_input(username: str, spelled: str) -> None:
    module, params = task("win_service", name="Spooler", username=username, password="s3cret")
    change = Change("", FOUND, module.plan(params, FOUND, {}))
    assert change.after.username == spelled
    assert change.after.password is UNKNOWN
    host = Scripted({"$p=": Output(0)})
    host.drive(module.apply(params, change, {}))
    (script,) = host.scripts
    assert script.stdin == "s3cret"
    assert script.params == {"name": "Spooler", "user": spelled}
    assert not any("obj=" in line or "s3cret" in line for line in (*host.sent, repr(params)))
    assert module.irreversible(params, change, {}) == ""
    back = Scripted({"sc config": Output(0)})
    back.drive(module.undo(params, change, {}))
    assert back.sent == ["sc config Spooler obj= LocalSystem"]
    with pytest.raises(ModuleError, match="set the account"):
        Scripted({"$p=": Output(1, "", "throw")}).drive(module.apply(params, change, {}))


def test_a_password_of_the_same_account() -> None:
    there = dataclasses.replace(FOUND, username=r".\bob")
    known = {"name": "Spooler", "username": "BOB", "password": "x"}
    module, params = task("win_service", **known, update_password="on_create")
    assert module.plan(params, there, {}) == there
    module, params = task("win_service", **known)
    change = Change("", there, module.plan(params, there, {}))
    assert [d.field for d in change.differences()] == ["password"]
    assert "old password" in module.irreversible(params, change, {})
    module, params = task("win_service", **{**known, "password": MASK})
    with pytest.raises(ModuleError, match="not on record"):
        Scripted({}).drive(module.apply(params, change, {}))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"username": "bob"}, "needs a 'password'"),
        ({"password": "x"}, "who has one"),
        ({"username": "SYSTEM", "password": "x"}, "who has one"),
    ],
)
def test_accounts_and_passwords_go_together(raw: dict[str, str], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_service", name="x", **raw)


def test_result_has_ansibles_keys() -> None:
    module, params = task("win_service", name="Spooler")
    result = module.result(params, Change("", FOUND, STOPPED), {}, {})
    assert result["exists"] is True
    assert result["state"] == "stopped"
    assert result["dependencies"] == ["RPCSS", "http"]
    assert set(result) == {
        "exists", "name", "state", "start_mode", "display_name", "description", "path", "username",
        "can_pause_and_continue", "desktop_interact", "dependencies", "depended_by",
    }  # fmt: skip
    gone = module.result(params, Change("", FOUND, ServiceState()), {}, {})
    assert gone == {"exists": False}


@pytest.mark.parametrize(
    ("found", "raw", "says"),
    [
        (FOUND, {"failure_reset_period_sec": 60}, "has no failure actions to reset"),
        (
            dataclasses.replace(FOUND, interactive=False, username="NT AUTHORITY\\LocalService"),
            {"desktop_interact": True},
            "only SYSTEM can meet the desktop",
        ),
    ],
)
def test_refuses_what_the_controller_would_not_take(
    found: ServiceState, raw: dict[str, Any], says: str
) -> None:
    module, params = task("win_service", name="Spooler", **raw)
    with pytest.raises(Refused, match=says):
        module.plan(params, found, {})


def test_what_is_so_already_needs_nothing() -> None:
    recovering = dataclasses.replace(
        FOUND, failure_actions=("restart/5",), failure_reset_period_sec=0xFFFFFFFF
    )
    module, params = task(
        "win_service",
        name="Spooler",
        desktop_interact=True,
        failure_actions=[{"type": "restart", "delay": "0x5"}],
        failure_reset_period="0xFFFFFFFF",
        failure_command="",
        sid_info="none",
    )
    assert module.plan(params, recovering, {}) == recovering
    module, params = task("win_service", name="Spooler", failure_actions=[])
    cleared = module.plan(params, dataclasses.replace(FOUND, failure_actions=("reboot/0",)), {})
    assert cleared.failure_actions == ()
