"""Parameters of win_service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


def _number(value: Any) -> Any:
    """``0xFFFFFFFF`` is a number, too."""
    return int(value, 0) if isinstance(value, str) and value.lower().startswith("0x") else value


UnsignedInt = Annotated[int, BeforeValidator(_number), Field(ge=0, le=0xFFFFFFFF)]


class FailureAction(BaseModel):
    """What the service controller does when the service fails."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    type: Literal["none", "reboot", "restart", "run_command"]
    delay_ms: UnsignedInt = Field(0, validation_alias=AliasChoices("delay_ms", "delay"))

    @property
    def shown(self) -> str:
        """As a state holds it."""
        return f"{self.type}/{self.delay_ms}"


_ACCOUNTS = {
    "system": "LocalSystem",
    "localsystem": "LocalSystem",
    r"nt authority\system": "LocalSystem",
    "localservice": r"NT AUTHORITY\LocalService",
    "networkservice": r"NT AUTHORITY\NetworkService",
}


class Params(base.Params):
    """Parameters of Ansible's win_service."""

    name: Text = Field(min_length=1, description="name of the service (not its display name)")
    state: Literal["absent", "paused", "started", "stopped", "restarted"] | None = Field(
        None, description="the wanted state; restarted always restarts"
    )
    start_mode: Literal["auto", "delayed", "disabled", "manual"] | None = Field(
        None, description="when it starts; delayed exists from Vista and Server 2008 on"
    )
    force_dependent_services: bool = Field(
        False, description="also stop or restart the services that depend on it"
    )
    dependencies: Words | None = Field(None, description="services that it depends on")
    dependency_action: Literal["add", "remove", "set"] = Field(
        "set", description="what to do with the dependencies"
    )
    display_name: Text | None = Field(None, description="name shown to people")
    description: Text | None = Field(None, description="description shown to people")
    path: Text | None = Field(None, description="command line of the service; creates a new one")
    username: Text | None = Field(
        None,
        description="account: SYSTEM, LocalService, gMSA$, NT SERVICE\\x; another one with its "
        "'password', and with the right SeServiceLogonRight (win_user_right)",
    )
    password: Annotated[Text, AfterValidator(Password)] | None = Field(
        None, description="the password of 'username'; needs PowerShell on the host"
    )
    update_password: Literal["always", "on_create"] = Field(
        "always", description="whether to give a service that is there its password each time"
    )
    error_control: Literal["critical", "ignore", "normal", "severe"] | None = Field(
        None, description="what happens when it fails to start at boot"
    )
    load_order_group: Text | None = Field(None, description="its load ordering group")
    service_type: Literal["win32_own_process", "win32_share_process"] | None = Field(
        None, description="whether it shares its process"
    )

    desktop_interact: bool | None = Field(
        None, description="whether a service of SYSTEM may show itself on the desktop"
    )
    failure_actions: tuple[FailureAction, ...] | None = Field(
        None, description="what is done at each failure: type, delay_ms; none of them: []"
    )
    failure_actions_on_non_crash_failure: bool | None = Field(
        None, description="whether that is done when it ends with an error, too"
    )
    failure_command: Text | None = Field(None, description="what run_command runs; '' removes it")
    failure_reboot_msg: Text | None = Field(
        None, description="what users are told before a reboot; '' removes it"
    )
    failure_reset_period_sec: UnsignedInt | None = Field(
        None,
        validation_alias=AliasChoices("failure_reset_period_sec", "failure_reset_period"),
        description="seconds without failures after which the actions begin anew",
    )
    pre_shutdown_timeout_ms: UnsignedInt | None = Field(
        None,
        validation_alias=AliasChoices("pre_shutdown_timeout_ms", "pre_shutdown_timeout"),
        description="milliseconds that it has to prepare for a shutdown",
    )
    required_privileges: Words | None = Field(
        None, description="privileges that it keeps, no others; []: whatever its account has"
    )
    sid_info: Literal["none", "restricted", "unrestricted"] | None = Field(
        None, description="whether the service's own SID is in its token"
    )

    @field_validator("failure_actions", mode="before")
    @classmethod
    def _one_action(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _known_account(self) -> Params:
        needs = self.username is not None and needs_password(account(self.username))
        if needs and self.password is None:
            raise ValueError(f"username '{self.username}' needs a 'password'")
        if self.password is not None and not needs:
            raise ValueError("'password' goes with the 'username' of somebody who has one")
        return self

    @property
    def secret(self) -> str | None:
        """The password itself: for the host's ears only."""
        return None if self.password is None else "".join(self.password)


def account(username: str) -> str:
    """An account as the registry spells it."""
    known = _ACCOUNTS.get(username.casefold(), username)
    if needs_password(known) and not set("\\@") & set(known):
        return f".\\{known}"
    return known


def needs_password(username: str) -> bool:
    """Whether an account, as the registry spells it, logs on with a password."""
    known = username.casefold()
    built_in = known in {name.casefold() for name in _ACCOUNTS.values()}
    return not (
        built_in or known.startswith(("nt service\\", "nt authority\\")) or known[-1:] == "$"
    )
