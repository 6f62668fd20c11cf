"""win_service: what is sent for each change, and what becomes of refusals."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.service import ServiceState
from tests.modules.scripted import Scripted, task
from tests.modules.win_service_states import FOUND, NEW, STOPPED, query

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
