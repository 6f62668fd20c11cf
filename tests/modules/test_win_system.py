"""win_hostname, win_timezone, win_shutdown and win_wait_for beyond the table of cases."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, ProtocolFailed, Refused, Unreachable
from runner.interfaces.exchange import Exec, Output
from runner.lab.machine import Power as LabPower
from runner.model.state import UNKNOWN, Change
from runner.modules import win_shutdown
from runner.modules.win_hostname import HostName
from runner.modules.win_shutdown import Power
from runner.modules.win_wait_for import Condition
from runner.windows import sockets
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

NETSTAT = """
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status
  TCP    0.0.0.0:135            0.0.0.0:0              ABH\u00d6REN
  TCP    10.0.0.5:80            0.0.0.0:0              ABH\u00d6REN
  TCP    10.0.0.5:3389          10.0.0.9:50123         HERGESTELLT
  TCP    127.0.0.1:8080         0.0.0.0:0              ABH\u00d6REN
  TCP    [::]:445               [::]:0                 ABH\u00d6REN
  TCP    [::1]:99               [::]:0                 ABH\u00d6REN
  UDP    0.0.0.0:123            *:*
"""


# -- win_hostname -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a b", "-a", "a-", "123", "web.example", "a" * 64, "a_b"])
def test_names_that_no_host_can_have(name: str) -> None:
    with pytest.raises(ParamsError, match="not a host name"):
        task("win_hostname", name=name)


def test_the_name_that_is_given_already_counts() -> None:
    host = LabHost("2016")
    work = host.task("win_hostname", name="web01")
    assert not work.plan().differences()
    first = host.task("win_hostname", name="files07")
    first.apply(first.plan())
    again = host.task("win_hostname", name="FILES07").plan()
    assert not again.differences()
    result = work.module.result(work.params, again, {}, {})
    assert result["reboot_required"] is True  # it goes by its old name until then
    restart = host.task("win_reboot")
    restart.apply(restart.plan())
    found = host.task("win_hostname", name="FILES07").plan()
    assert work.module.result(work.params, found, {}, {})["reboot_required"] is False


def test_powershell_renames_where_wmic_is_gone() -> None:
    module, params = task("win_hostname", name="new")
    host = Scripted(
        {
            "wmic": Output(9009),
            "$r=(Get-WmiObject Win32_ComputerSystem).Rename": Output(0, "ReturnValue = 0\n"),
        }
    )
    change = Change("", HostName("old", "OLD"), HostName("new", "OLD"))
    assert host.drive(module.apply(params, change, {})) == {"reboot_required": True}
    assert host.scripts[0].params == {"name": "new"}


@pytest.mark.parametrize(
    ("wmic", "powershell", "words"),
    [
        (Output(0, "\tReturnValue = 5;\n"), Output(0), "WMI answered 5 .access denied"),
        (Output(0, "\tReturnValue = 77;\n"), Output(0), "WMI answered 77$"),
        (Output(9009), Output(1, "", "not recognized"), "neither wmic nor PowerShell"),
    ],
)
def test_a_rename_that_is_refused(wmic: Output, powershell: Output, words: str) -> None:
    module, params = task("win_hostname", name="new")
    host = Scripted({"wmic": wmic, "$r=": powershell})
    change = Change("", HostName("old", "OLD"), HostName("new", "OLD"))
    with pytest.raises(ModuleError, match=words):
        host.drive(module.apply(params, change, {}))


# -- win_timezone -------------------------------------------------------------------------------


def test_zones_that_the_host_does_not_know() -> None:
    work = LabHost("2019").task("win_timezone", timezone="Mars Standard Time")
    with pytest.raises(Refused, match="knows no time zone 'Mars Standard Time'"):
        work.plan()
    with pytest.raises(ParamsError, match="not the name of a time zone"):
        task("win_timezone", timezone="Europe/Berlin")


def test_before_windows_7_there_is_no_tool_for_it() -> None:
    with pytest.raises(ModuleError, match="no tzutil"):
        LabHost("2003-sp2").task("win_timezone", timezone="UTC").probe()


# -- win_shutdown -------------------------------------------------------------------------------


def test_a_host_is_down_when_it_does_not_answer() -> None:
    host = LabHost("2016")
    work = host.task("win_shutdown", delay=0)
    change = work.plan()
    assert (change.before, change.after) == (Power(on=True), Power(on=False))
    assert work.module.irreversible(work.params, change, {})
    applied = work.apply(change)
    assert host.machine.power is LabPower.OFF
    assert work.probe() == Power(on=False)
    assert work.module.result(work.params, change, {}, applied)["shutdown"] is True
    assert work.module.result(work.params, change, {}, {}) == {"shutdown": True}
    with pytest.raises(ModuleError, match="cannot be switched on"):
        work.undo(change)


def test_an_earlier_shutdown_is_replaced() -> None:
    host = LabHost("2016")
    host.link.open().run(
        host.link.shells("cmd").render(Exec("shutdown", "/r", "/t", "9999")), timeout=5
    )
    work = host.task("win_shutdown")
    work.apply(work.plan())
    assert host.machine.power is LabPower.OFF


def test_a_host_that_is_silent_already_is_not_called_off() -> None:
    module, params = task("win_shutdown")
    host = Scripted({"hostname": Unreachable("no answer")})
    before = host.drive(module.probe(params, {}))
    with pytest.raises(Unreachable, match="cannot be told"):
        module.plan(params, before, {})


def test_one_lost_answer_does_not_make_it_gone() -> None:
    module, params = task("win_shutdown", delay=0)
    lost = Unreachable("lost")
    host = Scripted(
        {"shutdown /s": Output(0), "hostname": [lost, lost, Output(0), lost, lost, lost]}
    )
    host.drive(module.apply(params, Change("", Power(on=True), Power(on=False)), {}))
    assert len([line for line in host.asked if line == "hostname"]) == 6


def test_a_host_that_stays_up_is_a_failure() -> None:
    module, params = task("win_shutdown", delay=0, timeout=0.001)
    host = Scripted({"shutdown /s": Output(0), "hostname": Output(0, "web01")})
    change = Change("", Power(on=True), Power(on=False))
    with pytest.raises(ModuleError, match="still answers"):
        _late(host, module.apply(params, change, {}))


def _late(host: Scripted, steps: Any) -> None:
    class _Clock:
        now = 0.0

        @classmethod
        def monotonic(cls) -> float:
            cls.now += 10.0
            return cls.now

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(win_shutdown, "time", _Clock)
        host.drive(steps)


def test_a_refused_shutdown_says_why() -> None:
    module, params = task("win_shutdown")
    host = Scripted({"shutdown /s": Output(5)})
    with pytest.raises(ModuleError, match="access denied"):
        host.drive(module.apply(params, Change("", Power(on=True), Power(on=False)), {}))


def test_an_answer_that_makes_no_sense_is_no_shutdown() -> None:
    module, params = task("win_shutdown")
    with pytest.raises(ProtocolFailed):
        Scripted({"hostname": ProtocolFailed("half an answer")}).drive(module.probe(params, {}))


# -- win_wait_for -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "listening"),
    [
        ("127.0.0.1", 135, True),
        ("localhost", 445, True),
        ("127.0.0.1", 80, False),
        ("127.0.0.1", 8080, True),
        ("localhost", 99, True),
        ("127.0.0.1", 3389, False),
        ("127.0.0.1", 123, False),
    ],
)
def test_who_listens_is_told_in_any_language(host: str, port: int, listening: bool) -> None:
    assert sockets.is_listening(NETSTAT, host, port) is listening


def test_who_is_connected_is_told_in_any_language() -> None:
    assert sockets.is_busy(NETSTAT, 3389, ())
    assert not sockets.is_busy(NETSTAT, 3389, ["10.0.0.9"])
    assert not sockets.is_busy(NETSTAT, 445, ())


@pytest.mark.parametrize(
    ("raw", "answers", "met"),
    [
        ({"path": r"C:\a"}, {"if exist": Output(0)}, True),
        ({"path": r"C:\a"}, {"if exist": Output(3)}, False),
        ({"path": r"C:\a", "state": "absent"}, {"if exist": Output(3)}, True),
        ({"path": r"C:\a", "regex": "^do.e"}, {"if exist": Output(0, "x\ndone\n")}, True),
        ({"path": r"C:\a", "regexp": "^do.e"}, {"if exist": Output(0, "not done")}, False),
        ({"port": 445}, {"netstat": Output(0, NETSTAT)}, True),
        ({"port": 446}, {"netstat": Output(0, NETSTAT)}, False),
        ({"port": 446, "state": "stopped"}, {"netstat": Output(0, NETSTAT)}, True),
        ({"port": 3389, "state": "drained"}, {"netstat": Output(0, NETSTAT)}, False),
        (
            {"port": 3389, "state": "drained", "exclude_hosts": "10.0.0.9"},
            {"netstat": Output(0, NETSTAT)},
            True,
        ),
        ({"host": "10.0.0.1", "port": 80}, {"$c=": Output(0, "open\n")}, True),
        ({"host": "10.0.0.1", "port": 80, "state": "absent"}, {"$c=": Output(0, "open\n")}, False),
        ({}, {}, False),
        ({"port": 445, "delay": 3}, {}, False),
    ],
)
def test_what_is_awaited(raw: dict[str, Any], answers: dict[str, Output], met: bool) -> None:
    module, params = task("win_wait_for", **raw)
    assert Scripted(answers).drive(module.probe(params, {})) == Condition(met)


def test_it_waits_until_it_is_there() -> None:
    module, params = task("win_wait_for", path=r"C:\a")
    host = Scripted({"if exist": [Output(3), Output(3), Output(0)]})
    before = host.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    assert change.after.met is UNKNOWN
    applied = host.drive(module.apply(params, change, {}))
    assert applied["changed"] is False
    assert module.result(params, change, {}, applied)["wait_attempts"] == 2


def test_time_runs_out() -> None:
    module, params = task("win_wait_for", port=1, timeout=1)
    host = Scripted({"netstat": Output(0, NETSTAT)})
    change = Change("", Condition(False), Condition(False))
    with pytest.raises(ModuleError, match=r"waited for 127\.0\.0\.1:1 to start"):
        host.drive(module.apply(params, change, {}))


def test_without_powershell_nobody_connects_elsewhere() -> None:
    module, params = task("win_wait_for", host="10.0.0.1", port=80)
    with pytest.raises(ModuleError, match="no PowerShell") as caught:
        Scripted({"$c=": Output(9009)}).drive(module.probe(params, {}))
    assert "delegate_to" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"port": 1, "path": "C:\\a"}, "exclude each other"),
        ({"path": "C:\\a", "state": "stopped"}, "is for ports"),
        ({"path": "a|b"}, "no path can hold"),
        ({"port": 1, "exclude_hosts": "a"}, "is for state drained"),
        ({"state": "drained", "host": "10.0.0.1", "port": 1}, "port of the host itself"),
        ({"regex": "x"}, "needs path"),
        ({"regex": "(", "path": "C:\\a"}, "no regular expression"),
    ],
)
def test_what_makes_no_sense_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task("win_wait_for", **raw)


def test_on_a_host() -> None:
    host = LabHost("2008r2-sp1")
    assert host.task("win_wait_for", port=445).probe() == Condition(True)
    stop = host.task(
        "win_service", name="lanmanserver", state="stopped", force_dependent_services=True
    )
    stop.apply(stop.plan())
    assert host.task("win_wait_for", port=445, state="stopped").probe() == Condition(True)
