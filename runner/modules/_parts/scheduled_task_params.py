"""Parameters of win_scheduled_task."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words
from runner.modules._parts.password import Password
from runner.windows.accounts import service_account

_BAD: Final = re.compile(r'[\\/:*?"<>|%!\x00-\x1f]')
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_DURATION: Final = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


def _moment(value: Any) -> Any:
    text = str(value).replace(" ", "T") if value is not None else None
    if text is not None and not _ISO.fullmatch(text):
        raise ValueError(f"must be a time such as 2017-05-15T09:00:00, not '{value}'")
    return text


def _duration(value: Any) -> Any:
    if value is not None and not (isinstance(value, str) and _DURATION.fullmatch(value)):
        raise ValueError(f"must be a duration such as PT15M or P1D, not '{value}'")
    return value


Moment = Annotated[str | None, BeforeValidator(_moment)]
Duration = Annotated[str | None, BeforeValidator(_duration)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ActionParams(_Part):
    """One program that the task starts."""

    path: Text = Field(min_length=1)
    arguments: Text | None = None
    working_directory: Text | None = None


class Repetition(_Part):
    """How often it runs again after it was started."""

    interval: Duration = None
    duration: Duration = None
    stop_at_duration_end: bool | None = None


class Trigger(_Part):
    """One thing that starts the task."""

    type: Literal[
        "boot", "daily", "event", "idle", "logon", "monthlydow", "monthly", "registration", "time",
        "weekly", "session_state_change",
    ]  # fmt: skip
    enabled: bool | None = None
    start_boundary: Moment = None
    end_boundary: Moment = None
    execution_time_limit: Duration = None
    delay: Duration = None
    random_delay: Duration = None
    repetition: Repetition | None = None
    subscription: Text | None = None
    user_id: Text | None = None
    days_interval: int | None = Field(None, ge=1, le=365)
    weeks_interval: int | None = Field(None, ge=1, le=52)
    days_of_week: Words = ()
    days_of_month: Words = ()
    weeks_of_month: Words = ()
    months_of_year: Words = ()
    run_on_last_week_of_month: bool = False
    run_on_last_day_of_month: bool = False
    state_change: (
        Literal[
            "console_connect", "console_disconnect", "remote_connect", "remote_disconnect",
            "session_lock", "session_unlock",
        ]
        | None
    ) = None  # fmt: skip

    @field_validator("repetition", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value

    @field_validator("days_of_week", "months_of_year")
    @classmethod
    def _names(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word.lower() not in (*_DAYS, *_MONTHS):
                raise ValueError(f"must be full names such as monday or march, not '{word}'")
        return tuple(word.capitalize() for word in words)

    @field_validator("days_of_month", "weeks_of_month")
    @classmethod
    def _numbers(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not word.isdigit() or not 1 <= int(word) <= 31:
                raise ValueError(f"must be numbers, not '{word}'")
        return words

    @model_validator(mode="after")
    def _enough(self) -> Trigger:
        if self.type in ("daily", "monthlydow", "monthly", "time", "weekly"):
            if self.start_boundary is None:
                raise ValueError(f"type '{self.type}' needs 'start_boundary'")
            if self.delay is not None:
                raise ValueError(f"type '{self.type}' takes 'random_delay', not 'delay'")
        elif self.random_delay is not None:
            raise ValueError(f"type '{self.type}' takes no 'random_delay'")
        needed = {
            "weekly": ("days_of_week", self.days_of_week),
            "monthly": ("days_of_month", self.days_of_month or self.run_on_last_day_of_month),
            "event": ("subscription", self.subscription),
            "session_state_change": ("state_change", self.state_change),
        }.get(self.type)
        if needed is not None and not needed[1]:
            raise ValueError(f"type '{self.type}' needs '{needed[0]}'")
        return self


class Params(base.Params):
    """Parameters of Ansible's win_scheduled_task."""

    name: Text = Field(min_length=1, description="the task's name, without its folder")
    path: Text = Field("\\", description="the folder of the scheduler that it is in")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    actions: tuple[ActionParams, ...] | None = Field(
        None, description="what it starts: path, arguments, working_directory; all of them"
    )
    triggers: tuple[Trigger, ...] | None = Field(
        None, description="when it starts: type, start_boundary, ...; all of them"
    )
    username: Text | None = Field(
        None,
        validation_alias=AliasChoices("username", "user"),
        description="who it runs as: SYSTEM, LocalService, NetworkService, a user, or a SID",
    )
    group: Text | None = Field(None, description="the group whose members it runs as, or its SID")
    password: Annotated[Text, AfterValidator(Password)] | None = Field(
        None, description="the password of 'username'; needs PowerShell on the host"
    )
    update_password: bool = Field(
        True, description="whether a task that is there is given the password each time"
    )
    logon_type: (
        Literal["s4u", "interactive_token", "group", "service_account", "password"] | None
    ) = Field(None, description="how it logs on; with a password: password")
    run_level: Literal["limited", "highest"] | None = Field(
        None,
        validation_alias=AliasChoices("run_level", "runlevel"),
        description="with which rights; a new one: limited",
    )
    display_name: Text | None = Field(None, description="the name shown for who it runs as")
    author: Text | None = Field(None, description="who wrote it")
    date: Moment = Field(None, description="when it was registered")
    description: Text | None = Field(None, description="text for people")
    source: Text | None = Field(None, description="where it comes from")
    version: Text | None = Field(None, description="its own version")
    enabled: bool | None = Field(None, description="whether it may run")
    allow_demand_start: bool | None = Field(None, description="whether people may start it")
    allow_hard_terminate: bool | None = Field(None, description="whether it may be killed")
    compatibility: Literal[1, 2, 3, 4] | None = Field(
        None,
        description="for Task Scheduler 1.0 (1), of Vista (2), 7 (3) or 10 (4); a new one: 2",
    )
    delete_expired_task_after: Duration = Field(
        None, description="how long after its last trigger it is removed, such as P30D"
    )
    disallow_start_if_on_batteries: bool | None = Field(None, description="not on batteries")
    stop_if_going_on_batteries: bool | None = Field(None, description="it stops on batteries")
    execution_time_limit: Duration = Field(
        None, description="how long it may run; PT0S: as long as it likes; a new one: PT72H"
    )
    hidden: bool | None = Field(None, description="whether people do not see it by default")
    multiple_instances: Literal[0, 1, 2, 3] | None = Field(
        None, description="started while it runs: 0 beside it, 1 after it, 2 not at all, 3 instead"
    )
    priority: int | None = Field(None, ge=0, le=10, description="0 to 10; a new one: 7")
    restart_count: int | None = Field(None, ge=1, description="how often it is tried again")
    restart_interval: Duration = Field(None, description="how long between these, such as PT5M")
    run_only_if_idle: bool | None = Field(None, description="only while nobody works")
    run_only_if_network_available: bool | None = Field(None, description="only with a network")
    start_when_available: bool | None = Field(None, description="later where it was missed")
    wake_to_run: bool | None = Field(None, description="whether it wakes the computer")

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if _BAD.search(name):
            raise ValueError(f"holds what no task's name can hold here: '{name}'")
        return name

    @field_validator("path")
    @classmethod
    def _folder(cls, path: str) -> str:
        if any(_BAD.search(part) for part in path.strip("\\").split("\\")):
            raise ValueError(f"is no folder of the scheduler: '{path}'")
        return path

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.username and self.group:
            raise ValueError("'username' and 'group' exclude each other")
        if self.group and self.logon_type not in (None, "group"):
            raise ValueError("'group' goes with logon_type: group, or none")
        if self.password is not None and (not self.username or service_account(self.username)):
            raise ValueError("'password' goes with the 'username' of somebody who has one")
        if self.password is not None and self.logon_type not in (None, "password"):
            raise ValueError("'password' goes with logon_type: password")
        managed = (self.username or "").endswith("$")  # the domain keeps such a password
        if self.logon_type == "password" and self.password is None and not managed:
            raise ValueError("logon_type: password needs 'password'")
        if self.logon_type == "group" and not self.group:
            raise ValueError("logon_type: group needs 'group'")
        if (self.restart_count is None) is not (self.restart_interval is None):
            raise ValueError("'restart_count' and 'restart_interval' go together")
        if self.actions == ():
            raise ValueError("'actions' must be one at least")
        return self

    @property
    def secret(self) -> str | None:
        """The password itself: for the host's ears only."""
        return None if self.password is None else "".join(self.password)

    @property
    def full_name(self) -> str:
        r"""The name as schtasks takes it: ``\folder\name``."""
        return "\\".join(["", *filter(None, self.path.strip("\\").split("\\")), self.name])
