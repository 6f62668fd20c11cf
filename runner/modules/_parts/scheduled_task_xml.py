"""What win_scheduled_task writes into the definition of a task.

Order of elements: Microsoft, [MS-TSCH] 2.5; that of the parts of a trigger is as ``schtasks /query
/xml`` prints them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any, Final

from runner.modules._parts.scheduled_task_params import ActionParams, Params, Trigger
from runner.windows import task_xml
from runner.windows.accounts import service_account
from runner.windows.task_xml import LOGON_TYPES, RUN_LEVELS, element, put

_PLAIN: Final = {
    "allow_demand_start": "AllowStartOnDemand",
    "allow_hard_terminate": "AllowHardTerminate",
    "delete_expired_task_after": "DeleteExpiredTaskAfter",
    "disallow_start_if_on_batteries": "DisallowStartIfOnBatteries",
    "enabled": "Enabled",
    "execution_time_limit": "ExecutionTimeLimit",
    "hidden": "Hidden",
    "priority": "Priority",
    "restart_interval": "RestartOnFailure/Interval",
    "restart_count": "RestartOnFailure/Count",
    "run_only_if_idle": "RunOnlyIfIdle",
    "run_only_if_network_available": "RunOnlyIfNetworkAvailable",
    "start_when_available": "StartWhenAvailable",
    "stop_if_going_on_batteries": "StopIfGoingOnBatteries",
    "wake_to_run": "WakeToRun",
}
_INFO: Final = {
    "date": "Date", "author": "Author", "version": "Version", "description": "Description",
    "source": "Source",
}  # fmt: skip
_INSTANCES: Final = ("Parallel", "Queue", "IgnoreNew", "StopExisting")
_TAGS: Final = {
    "boot": "BootTrigger", "registration": "RegistrationTrigger", "idle": "IdleTrigger",
    "time": "TimeTrigger", "event": "EventTrigger", "logon": "LogonTrigger",
    "session_state_change": "SessionStateChangeTrigger",
}  # fmt: skip
_STATES: Final = {
    "console_connect": "ConsoleConnect", "console_disconnect": "ConsoleDisconnect",
    "remote_connect": "RemoteConnect", "remote_disconnect": "RemoteDisconnect",
    "session_lock": "SessionLock", "session_unlock": "SessionUnlock",
}  # fmt: skip
_ALL_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_ALL_DAYS: Final = (
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
)  # fmt: skip


def edit(root: ElementTree.Element, params: Params) -> None:
    """Write into a definition what a task of the playbook says; all else stays."""
    for field, tag in _INFO.items():
        _given(root, f"RegistrationInfo/{tag}", getattr(params, field))
    if params.triggers is not None:
        task_xml.replace_all(root, "Triggers", [_trigger(one) for one in params.triggers])
    _principal(root, params)
    for field, tag in _PLAIN.items():
        _given(root, f"Settings/{tag}", getattr(params, field))
    if params.multiple_instances is not None:
        chosen = _INSTANCES[params.multiple_instances]
        put(root, "Settings/MultipleInstancesPolicy", chosen)
    if params.compatibility is not None:
        root.set("version", f"1.{params.compatibility}")
    if params.actions is not None:
        task_xml.replace_all(root, "Actions", [_action(one) for one in params.actions])


def _given(root: ElementTree.Element, path: str, value: Any) -> None:
    if value is not None:
        put(root, path, str(value).lower() if isinstance(value, bool) else str(value))


def _principal(root: ElementTree.Element, params: Params) -> None:
    place = "Principals/Principal"
    _given(root, f"{place}/DisplayName", params.display_name)
    if params.username is not None:
        service = service_account(params.username)
        put(root, f"{place}/UserId", service.sid if service else params.username)
        put(root, f"{place}/GroupId", "")
        if service:
            put(root, f"{place}/LogonType", "")
    if params.group is not None:
        put(root, f"{place}/GroupId", params.group)
        put(root, f"{place}/UserId", "")
        put(root, f"{place}/LogonType", "")
    words = {ours: theirs for theirs, ours in LOGON_TYPES.items()}
    logon_type = params.logon_type or ("password" if params.password is not None else None)
    if logon_type in words:
        put(root, f"{place}/LogonType", words[logon_type])
    if params.run_level is not None:
        levels = {ours: theirs for theirs, ours in RUN_LEVELS.items()}
        put(root, f"{place}/RunLevel", levels[params.run_level])


def _action(one: ActionParams) -> ElementTree.Element:
    parts = (
        ("Command", one.path),
        ("Arguments", one.arguments),
        ("WorkingDirectory", one.working_directory),
    )
    return element("Exec", *(element(tag, text=value) for tag, value in parts if value))


def _trigger(one: Trigger) -> ElementTree.Element:
    tag = _TAGS.get(one.type, "CalendarTrigger")
    return element(tag, *_common(one), *_special(one))


def _common(one: Trigger) -> Iterator[ElementTree.Element]:
    again = one.repetition
    if again is not None:
        stop = again.stop_at_duration_end
        parts = (
            ("Interval", again.interval),
            ("Duration", again.duration),
            ("StopAtDurationEnd", None if stop is None else str(stop).lower()),
        )
        yield element("Repetition", *(element(tag, text=v) for tag, v in parts if v))
    enabled = None if one.enabled is None else str(one.enabled).lower()
    rest = (
        ("StartBoundary", one.start_boundary),
        ("EndBoundary", one.end_boundary),
        ("ExecutionTimeLimit", one.execution_time_limit),
        ("Enabled", enabled),
    )
    yield from (element(tag, text=value) for tag, value in rest if value)


def _special(one: Trigger) -> Iterator[ElementTree.Element]:
    if one.subscription:
        yield element("Subscription", text=one.subscription)
    if one.user_id:
        yield element("UserId", text=one.user_id)
    if one.delay:
        yield element("Delay", text=one.delay)
    if one.random_delay:
        yield element("RandomDelay", text=one.random_delay)
    if one.state_change:
        yield element("StateChange", text=_STATES[one.state_change])
    match one.type:
        case "daily":
            every = element("DaysInterval", text=str(one.days_interval or 1))
            yield element("ScheduleByDay", every)
        case "weekly":
            weeks = element("WeeksInterval", text=str(one.weeks_interval or 1))
            yield element("ScheduleByWeek", weeks, _words("DaysOfWeek", one.days_of_week))
        case "monthly":
            last = ("Last",) if one.run_on_last_day_of_month else ()
            days = [element("Day", text=day) for day in (*one.days_of_month, *last)]
            yield element("ScheduleByMonth", element("DaysOfMonth", *days), _months(one))
        case "monthlydow":
            last_week = ("Last",) if one.run_on_last_week_of_month else ()
            numbers = one.weeks_of_month or (() if last_week else ("1", "2", "3", "4"))
            weeks_ = [element("Week", text=week) for week in (*numbers, *last_week)]
            named = _words("DaysOfWeek", one.days_of_week or _ALL_DAYS)
            yield element(
                "ScheduleByMonthDayOfWeek", element("Weeks", *weeks_), named, _months(one)
            )


def _months(one: Trigger) -> ElementTree.Element:
    return _words("Months", one.months_of_year or _ALL_MONTHS)


def _words(tag: str, words: tuple[str, ...]) -> ElementTree.Element:
    return element(tag, *(element(word) for word in words))
