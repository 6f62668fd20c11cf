"""win_scheduled_task: definitions in tables, and tasks on the lab."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules.win_scheduled_task import TaskState
from runner.windows import task_xml
from tests.modules.facts import facts
from tests.modules.labhost import LabHost, LabTask
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

AT = "2017-05-15T03:00:00"
NEW: dict[str, Any] = {
    "name": "nightly",
    "username": "SYSTEM",
    "actions": [{"path": "cmd.exe", "arguments": "/c echo x"}],
    "triggers": [{"type": "daily", "start_boundary": AT}],
}


def made(host: LabHost, **raw: Any) -> LabTask:
    task = host.task("win_scheduled_task", **{**NEW, **raw})
    task.apply(task.plan())
    assert not task.plan().differences()
    return task


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ({"type": "boot", "delay": "PT1M"}, "BootTrigger Delay=PT1M"),
        ({"type": "idle"}, "IdleTrigger"),
        ({"type": "registration", "enabled": False}, "RegistrationTrigger Enabled=false"),
        ({"type": "logon", "user_id": "bob"}, "LogonTrigger UserId=bob"),
        ({"type": "event", "subscription": "<Q a='1'/>"}, "EventTrigger Subscription=<Q a='1'/>"),
        (
            {"type": "time", "start_boundary": "2017-05-15 03:00:00", "random_delay": "PT5M",
             "repetition": [{"interval": "PT1H", "duration": "P1D"}]},
            ("TimeTrigger RandomDelay=PT5M Repetition/Duration=P1D Repetition/Interval=PT1H "
             f"StartBoundary={AT}"),
        ),
        ({"type": "daily", "start_boundary": AT, "days_interval": 2},
         f"CalendarTrigger ScheduleByDay/DaysInterval=2 StartBoundary={AT}"),
        ({"type": "weekly", "start_boundary": AT, "days_of_week": "monday,friday"},
         ("CalendarTrigger ScheduleByWeek/DaysOfWeek/Friday ScheduleByWeek/DaysOfWeek/Monday "
          f"ScheduleByWeek/WeeksInterval=1 StartBoundary={AT}")),
        ({"type": "monthly", "start_boundary": AT, "days_of_month": [1, 15],
          "months_of_year": "march", "run_on_last_day_of_month": True},
         ("CalendarTrigger ScheduleByMonth/DaysOfMonth/Day=1 ScheduleByMonth/DaysOfMonth/Day=15 "
          f"ScheduleByMonth/DaysOfMonth/Day=Last ScheduleByMonth/Months/March StartBoundary={AT}")),
        ({"type": "monthlydow", "start_boundary": AT, "weeks_of_month": 1,
          "days_of_week": "monday", "months_of_year": "may"},
         ("CalendarTrigger ScheduleByMonthDayOfWeek/DaysOfWeek/Monday "
          "ScheduleByMonthDayOfWeek/Months/May ScheduleByMonthDayOfWeek/Weeks/Week=1 "
          f"StartBoundary={AT}")),
        ({"type": "session_state_change", "state_change": "remote_connect"},
         "SessionStateChangeTrigger StateChange=RemoteConnect"),
    ],
)  # fmt: skip
def test_triggers(trigger: dict[str, Any], said: str) -> None:
    host = LabHost("2016")
    task = made(host, triggers=[trigger])
    assert task.probe().triggers == (said,)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"enabled": False}, {"enabled": False}),
        ({"description": "x & y"}, {"description": "x & y"}),
        ({"username": "NetworkService"}, {"user": "S-1-5-20", "logon_type": "service_account"}),
        ({"run_level": "highest"}, {"run_level": "highest"}),
        ({"hidden": True, "priority": 5}, {"settings": ("Hidden=true", "Priority=5")}),
        ({"execution_time_limit": "PT0S"}, {"settings": ("ExecutionTimeLimit=PT0S",)}),
        ({"triggers": []}, {"triggers": ()}),
        ({"username": None, "group": "S-1-5-32-544"},
         {"user": "", "group": "S-1-5-32-544", "logon_type": "group"}),
        ({"username": None, "group": "Administrators"}, {"group": "Administrators"}),
        ({"username": "Administrator", "logon_type": "s4u"}, {"logon_type": "s4u"}),
    ],
)  # fmt: skip
def test_a_change_and_the_way_back(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    host = LabHost("2012r2")
    made(host)
    before = host.state["tasks"]
    task = host.task("win_scheduled_task", **{**NEW, **raw})
    change = task.plan()
    assert {name: getattr(change.after, name) for name in expected} == expected
    task.apply(change)
    assert not task.plan().differences()
    assert host.state["tasks"] != before
    task.undo(change)
    assert host.state["tasks"] == before


def test_enabling_alone_leaves_the_definition_alone() -> None:
    host = LabHost("2022")
    made(host)
    task = host.task("win_scheduled_task", name="nightly", enabled=False)
    change = task.plan()
    assert [d.field for d in change.differences()] == ["enabled"]
    task.apply(change)
    assert any("/disable" in line for line in host.machine.counters.commands)
    task.undo(change)
    assert host.state["tasks"]["\\nightly"]["enabled"] is True


def test_what_a_task_does_not_say_stays() -> None:
    host = LabHost("2016")
    made(host, description="old", priority=3)
    task = host.task("win_scheduled_task", name="nightly", description="new")
    after = task.plan().after
    assert after.actions[0].path == "cmd.exe"
    assert after.settings == ("Priority=3",)
    assert after.user == "S-1-5-18"


def test_a_task_is_removed_and_comes_back() -> None:
    host = LabHost("2019")
    made(host, path="\\a\\b", description="é")
    before = host.state["tasks"]
    task = host.task("win_scheduled_task", name="nightly", path="a\\b\\", state="absent")
    change = task.plan()
    task.apply(change)
    assert host.state["tasks"] == {}
    assert task.module.result(task.params, change, task.facts, {})["exists"] is False
    assert not task.plan().differences()
    task.undo(change)
    assert list(host.state["tasks"]) == list(before)


def test_nobody_named_is_whoever_the_runner_is() -> None:
    host = LabHost("2016")
    task = host.task("win_scheduled_task", **{**NEW, "username": None})
    change = task.plan()
    assert change.after.user is UNKNOWN
    task.apply(change)
    assert task.probe().present


def test_server_2003_is_refused_with_advice() -> None:
    host = LabHost("2003-sp2")
    assert not host.task("win_scheduled_task", name="x", state="absent").plan().differences()
    with pytest.raises(Refused, match="no XML") as caught:
        host.task("win_scheduled_task", **NEW).plan()
    assert "win_command" in caught.value.hint


def test_a_task_that_is_not_there_needs_actions() -> None:
    with pytest.raises(Refused, match="no scheduled task"):
        LabHost("2016").task("win_scheduled_task", name="x", enabled=False).plan()


PASSWORD = (
    '<?xml version="1.0" encoding="UTF-16"?>\r\n'
    f'<Task version="1.2" xmlns="{task_xml.NAMESPACE}"><Principals><Principal id="Author">'
    r"<UserId>WEB01\bob</UserId><LogonType>Password</LogonType></Principal></Principals>"
    "<Actions><Exec><Command>x</Command></Exec></Actions></Task>\r\n"
)


def planned(xml: str, **raw: Any) -> tuple[Any, Any, Change[Any]]:
    module, params = parsed("win_scheduled_task", name="t", **raw)
    host = Scripted({"schtasks /query": Output(0, xml)})
    before = host.drive(module.probe(params, facts("2016")))
    return module, params, Change("", before, module.plan(params, before, facts("2016")))


def test_a_task_with_a_password() -> None:
    with pytest.raises(Refused, match="runs with a password"):
        planned(PASSWORD, description="x")
    assert planned(PASSWORD, enabled=False)[2].differences()
    assert not planned(PASSWORD, username="bob")[2].differences()
    module, params, change = planned(PASSWORD, state="absent")
    assert r"WEB01\bob" in module.irreversible(params, change, {})


def test_a_password_goes_through_standard_input() -> None:
    module, params, change = planned(PASSWORD, username="bob", password="s3cret", description="d")
    assert change.after.password is UNKNOWN
    host = Scripted({"$p=": Output(0)})
    host.drive(module.apply(params, change, facts("2016")))
    (script,) = host.scripts
    assert script.stdin == "s3cret"
    assert script.params["user"] == "bob"
    assert "s3cret" not in f"{script.text}{script.params}{params!r}{params}"
    assert "LogonType>Password" in script.params["xml"]
    assert "not in the task's definition" in module.irreversible(params, change, {})
    with pytest.raises(ModuleError, match="register"):
        Scripted({"$p=": Output(1)}).drive(module.apply(params, change, facts("2016")))


def test_a_password_is_given_again_only_if_wanted() -> None:
    known = {"username": "bob", "password": "x"}
    assert planned(PASSWORD, **known)[2].after.password is UNKNOWN
    assert not planned(PASSWORD, **known, update_password=False)[2].differences()
    with pytest.raises(Refused, match="not on record"):
        planned(PASSWORD, username="bob", password=MASK)
    bare = {**facts("2016"), "powershell_version": 0}
    module, params = parsed("win_scheduled_task", **{**NEW, **known})
    with pytest.raises(Refused, match="no PowerShell"):
        module.plan(params, TaskState(), bare)
    new = module.plan(params, TaskState(), facts("2016"))
    assert new.logon_type == "password"


@pytest.mark.parametrize("xml", ["<a", "<a/>"])
def test_what_is_no_definition(xml: str) -> None:
    with pytest.raises(ModuleError, match="definition of the task"):
        planned(xml, description="x")


def test_letters_that_the_code_page_lost_are_read_from_the_file() -> None:
    module, params = parsed("win_scheduled_task", name="t", path="\\f", description="x")
    lost = PASSWORD.replace("<Command>x", "<Command>?").replace("Password", "S4U")
    whole = lost.replace("<Command>?", "<Command>\u4e2d").encode("utf-16")
    said = Output(0, "-----BEGIN\r\n" + base64.b64encode(whole).decode() + "\r\n-----END\r\n")
    certutil = r'(%SystemRoot%\System32\certutil.exe -f -encode "C:\Windows\System32\Tasks\f\t"'
    host = Scripted({"schtasks /query": Output(0, lost), certutil: said})
    before = host.drive(module.probe(params, facts("2016")))
    assert before.actions[0].path == "\u4e2d"
    host = Scripted({"schtasks /query": Output(0, lost)})
    with pytest.raises(ModuleError, match="could not be read") as caught:
        host.drive(module.probe(params, facts("2016")))
    assert "65001" in caught.value.hint


def test_a_refusal_of_the_host_is_told() -> None:
    module, params = parsed("win_scheduled_task", **NEW)
    host = Scripted({"(%SystemRoot%": Output(1, "", "ERROR: (8,4):UserId:nobody\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    with pytest.raises(ModuleError, match="UserId:nobody"):
        host.drive(module.apply(params, change, facts("2016")))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"name": "a/b"}, "no task's name"),
        ({"path": "a:b"}, "no folder of the scheduler"),
        ({"password": "x"}, "who has one"),
        ({"username": "bob", "password": "x", "logon_type": "s4u"}, "logon_type: password"),
        ({"logon_type": "password"}, "needs 'password'"),
        ({"group": "x"}, "exclude each other"),
        ({"username": None, "logon_type": "group"}, "needs 'group'"),
        ({"restart_count": 1}, "go together"),
        ({"actions": []}, "one at least"),
        ({"execution_time_limit": "1h"}, "such as PT15M"),
        ({"triggers": [{"type": "daily"}]}, "start_boundary"),
        ({"triggers": [{"type": "daily", "start_boundary": "3am"}]}, "must be a time"),
        ({"triggers": [{"type": "weekly", "start_boundary": AT}]}, "days_of_week"),
        ({"triggers": [{"type": "weekly", "start_boundary": AT, "days_of_week": "mon"}]},
         "full names"),
        ({"triggers": [{"type": "boot", "random_delay": "PT1M"}]}, "no 'random_delay'"),
        ({"triggers": [{"type": "monthly", "start_boundary": AT, "days_of_month": 40}]}, "numbers"),
    ],
)  # fmt: skip
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_scheduled_task", **{**NEW, **raw})
