"""win_service: from what sc and the registry say to a state, and from a change to commands."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._service import ServiceState
from tests.modules.scripted import Answers, Scripted, task

KEY = r"""
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler
    DisplayName    REG_SZ    Print Spooler
    ImagePath    REG_EXPAND_SZ    %SystemRoot%\System32\spoolsv.exe
    ErrorControl    REG_DWORD    0x1
    Start    REG_DWORD    0x2
    Type    REG_DWORD    0x110
    DelayedAutostart    REG_DWORD    0x1
    ObjectName    REG_SZ    LocalSystem
    DependOnService    REG_MULTI_SZ    RPCSS\0http
    FailureActions    REG_BINARY    805101000000

HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Performance
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Enum
"""


def query(state: str, number: int = 4) -> Output:
    return Output(0, f"\nSERVICE_NAME: Spooler\n        STATE              : {number}  {state}\n")


def block(name: str, state: str, number: int) -> str:
    shown = f"        STATE              : {number}  {state}"
    return f"\nSERVICE_NAME: {name}\nDISPLAY_NAME: {name}\n{shown}\n"


DEPENDENTS = Output(
    0,
    "Enum: entriesRead  = 3\n"
    + block("First", "RUNNING", 4)
    + block("Idle", "STOPPED", 1)
    + block("Second", "RUNNING", 4),
)
RUNNING: Answers = {
    "sc query Spooler": query("RUNNING"),
    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler": Output(0, KEY),
    "sc enumdepend": DEPENDENTS,
}
FOUND = ServiceState(
    present=True,
    state="running",
    start_mode="delayed",
    running_dependents=("First", "Second"),
    dependencies=("RPCSS", "http"),
    display_name="Print Spooler",
    path=r"%SystemRoot%\System32\spoolsv.exe",
    username="LocalSystem",
    service_type="win32_own_process",
    error_control="normal",
    interactive=True,
)
STOPPED = dataclasses.replace(FOUND, state="stopped", running_dependents=())


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


NEW = ServiceState(
    present=True,
    state="running",
    start_mode="manual",
    display_name="Agent",
    path=r"C:\a b\x.exe -k",
    username="LocalSystem",
    service_type="win32_own_process",
    error_control="normal",
    description="it helps",
)
COMMANDS: list[tuple[ServiceState, ServiceState, list[str]]] = [
    (
        FOUND,
        dataclasses.replace(STOPPED, start_mode="disabled"),
        [
            "sc stop First",
            "sc stop Second",
            "sc stop Spooler",
            "sc config Spooler start= disabled",
        ],
    ),
    (
        dataclasses.replace(STOPPED, start_mode="disabled"),
        FOUND,
        [
            "sc config Spooler start= delayed-auto",
            "sc start Spooler",
            "sc start Second",
            "sc start First",
        ],
    ),
    (
        FOUND,
        dataclasses.replace(FOUND, restarted=UNKNOWN),  # type: ignore[arg-type]
        [
            "sc stop First",
            "sc stop Second",
            "sc stop Spooler",
            "sc start Spooler",
            "sc start Second",
            "sc start First",
        ],
    ),
    (FOUND, dataclasses.replace(FOUND, state="paused"), ["sc pause Spooler"]),
    (FOUND, dataclasses.replace(FOUND, interactive=False), ["sc config Spooler type= own"]),
    (
        FOUND,
        dataclasses.replace(FOUND, service_type="win32_share_process"),
        ["sc config Spooler type= share type= interact"],
    ),
    (
        FOUND,
        dataclasses.replace(
            FOUND,
            failure_actions=("restart/60000", "run_command/0"),
            failure_reset_period_sec=60,
            failure_command="x",
            sid_info="unrestricted",
        ),
        [
            "sc failure Spooler reset= 60 actions= restart/60000/run/0 command= x",
            "sc sidtype Spooler unrestricted",
        ],
    ),
    (
        dataclasses.replace(FOUND, failure_command="x", failure_actions_on_non_crash_failure=True),
        FOUND,
        ["sc failure Spooler command= ", "sc failureflag Spooler 0"],
    ),
    (dataclasses.replace(FOUND, state="paused"), FOUND, ["sc continue Spooler"]),
    (
        ServiceState(),
        NEW,
        [
            (
                r"sc create Spooler binPath= C:\a b\x.exe -k type= own start= demand error= normal "
                "obj= LocalSystem DisplayName= Agent"
            ),
            "sc description Spooler it helps",
            "sc start Spooler",
        ],
    ),
    (NEW, ServiceState(), ["sc stop Spooler", "sc delete Spooler"]),
    (
        FOUND,
        dataclasses.replace(FOUND, dependencies=(), description=""),
        ["sc config Spooler depend= /"],
    ),
    (
        FOUND,
        dataclasses.replace(FOUND, dependencies=("a", "+b")),
        ["sc config Spooler depend= a/+b"],
    ),
]


class Obedient(Scripted):
    """A host whose services do at once what they are told."""

    def drive(self, generator: Any) -> Any:
        states = {"stop": "STOPPED", "start": "RUNNING", "pause": "PAUSED", "continue": "RUNNING"}
        self.state: dict[str, str] = {}
        original = self._answer

        def answer(command: Any) -> Output:
            words = command.argv
            if words[0] == "sc" and words[1] in states:
                self.state[words[2]] = states[words[1]]
            if words[:2] == ("sc", "query"):
                now = self.state.get(words[2], "RUNNING")
                return Output(0, f"\nX: {words[2]}\n    S : 9  {now}\n")
            return Output(0) if words[0] in ("sc", "reg") else original(command)

        self._answer = answer  # type: ignore[method-assign]
        return super().drive(generator)


@pytest.mark.parametrize(("before", "after", "commands"), COMMANDS)
def test_commands(before: ServiceState, after: ServiceState, commands: list[str]) -> None:
    module, params = task("win_service", name="Spooler")
    host = Obedient()
    host.drive(module.apply(params, Change("", before, after), {}))
    assert host.sent == commands


def test_undo_is_the_way_back() -> None:
    module, params = task("win_service", name="Spooler")
    stopped = dataclasses.replace(STOPPED, start_mode="disabled")
    host = Obedient()
    host.drive(module.undo(params, Change("", FOUND, stopped), {}))
    assert host.sent[0] == "sc config Spooler start= delayed-auto"
    assert host.sent[-1] == "sc start First"


def test_a_removed_description_leaves_no_empty_value() -> None:
    module, params = task("win_service", name="Spooler")
    host = Obedient()
    told = dataclasses.replace(FOUND, description="x")
    host.drive(module.apply(params, Change("", told, FOUND), {}))
    assert host.sent == [
        r"reg delete HKLM\SYSTEM\CurrentControlSet\Services\Spooler /v Description /f"
    ]


FAILURES = [
    ("sc stop Spooler", 1051, "stop service Spooler: sc answered 1051 .other running services"),
    ("sc config", 1072, "configure service Spooler: sc answered 1072 .it is marked for deletion"),
]


@pytest.mark.parametrize(("command", "code", "says"), FAILURES)
def test_a_refused_command_is_told(command: str, code: int, says: str) -> None:
    module, params = task("win_service", name="Spooler")
    stopped = query("STOPPED", 1)
    host = Scripted({"sc": Output(0), "sc query": stopped, command: Output(code)})
    before = dataclasses.replace(FOUND, running_dependents=())
    after = dataclasses.replace(before, state="stopped", start_mode="disabled")
    with pytest.raises(ModuleError, match=says):
        host.drive(module.apply(params, Change("", before, after), {}))


def test_stop_tolerates_what_stopped_meanwhile() -> None:
    module, params = task("win_service", name="Spooler")
    host = Scripted({"sc stop": Output(1062), "sc query": query("STOPPED", 1)})
    before = dataclasses.replace(FOUND, running_dependents=())
    host.drive(module.apply(params, Change("", before, STOPPED), {}))
    assert host.sent == ["sc stop Spooler"]


def test_stop_is_repeated_once_when_the_service_was_busy() -> None:
    module, params = task("win_service", name="Spooler")
    busy = [Output(1061), Output(0)]
    states = [query("START_PENDING", 2), query("RUNNING"), query("STOPPED", 1)]
    host = Scripted({"sc stop": busy, "sc query": states})
    before = dataclasses.replace(FOUND, running_dependents=())
    host.drive(module.apply(params, Change("", before, STOPPED), {}))
    assert host.sent == ["sc stop Spooler", "sc stop Spooler"]


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
