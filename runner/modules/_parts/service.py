"""A Windows service as win_service sees it: its state, and how it is found."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.codec import ASIDE
from runner.interfaces.exchange import Output, Query, Reply, Sleep, read
from runner.windows import recovery, registry, services
from runner.windows.exit_codes import OK, SERVICE_ABSENT, expect

_SETTLE_SECONDS: Final = 30
"""How long a probe waits for a service that is just starting or stopping."""

ERROR_CONTROLS: Final = {0: "ignore", 1: "normal", 2: "severe", 3: "critical"}
SERVICE_TYPES: Final = {0x10: "win32_own_process", 0x20: "win32_share_process"}
SID_TYPES: Final = {0: "none", 1: "unrestricted", 3: "restricted"}
SC_TYPES: Final = {"win32_own_process": "own", "win32_share_process": "share"}
_INTERACTIVE: Final = 0x100
_RECORDED: Final = frozenset(
    {"start", "delayedautostart", "dependonservice", "dependongroup", "displayname", "type", "tag"}
    | {"description", "imagepath", "objectname", "errorcontrol", "group", "failurecommand"}
    | {"rebootmessage", "failureactionsonnoncrashfailures", "servicesidtype"}
    | {"requiredprivileges", "preshutdowntimeout"}
)
NOT_CREATED: Final = (
    "failure_actions",
    "failure_reset_period_sec",
    "failure_command",
    "failure_reboot_msg",
    "failure_actions_on_non_crash_failure",
    "sid_info",
    "required_privileges",
    "pre_shutdown_timeout_ms",
)
"""What ``sc create`` leaves as it is for every new service."""
_VOLATILE: Final = "enum"
"""The subkey in which Windows counts a running service's devices."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service and what runs on top of it.

    ``state`` is Ansible's: running, stopped, paused (or a pending one that did not settle).
    ``failure_actions`` are ``TYPE/MILLISECONDS``. ``running_dependents`` are the dependents that
    run, in the order in which they must stop.
    ``restarted`` is never read from a host; a plan that restarts says that it will be known. So
    is ``password``, for a plan that gives one.
    ``unrecorded`` names what the service's key holds beside these fields.
    """

    present: bool = False
    state: str = ""
    start_mode: str = ""
    running_dependents: tuple[str, ...] = field(default=(), metadata=ASIDE)
    dependencies: tuple[str, ...] = ()
    display_name: str = ""
    description: str = ""
    path: str = ""
    username: str = ""
    service_type: str = ""
    error_control: str = ""
    load_order_group: str = ""
    interactive: bool = False
    failure_actions: tuple[str, ...] = ()
    failure_reset_period_sec: int = 0
    failure_command: str = ""
    failure_reboot_msg: str = ""
    failure_actions_on_non_crash_failure: bool = False
    sid_info: str = "none"
    required_privileges: tuple[str, ...] = ()
    pre_shutdown_timeout_ms: int | None = None
    restarted: str | None = None
    password: str | None = None
    can_pause: bool = field(default=False, compare=False)
    depended_by: tuple[str, ...] = field(default=(), compare=False)
    unrecorded: tuple[str, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_up(self) -> bool:
        """Whether it runs, is paused, or is on its way."""
        return self.present and self.state != "stopped"


def find(name: str) -> Generator[Query, Reply, ServiceState]:
    """The service as it is now; one that is just moving gets some seconds to settle."""
    status, key, above, *around = yield from read(
        services.query(name),
        registry.query(services.key(name)),
        services.dependents(name),
        *(_AROUND if name.casefold() == "lanmanserver" else ()),
    )
    if status.code == SERVICE_ABSENT:
        return ServiceState()
    expect(status, "sc", f"ask for the state of service {name}")
    expect(above, "sc", f"list what depends on service {name}")
    state = _only(status, name)
    for _ in range(_SETTLE_SECONDS):
        if state.state not in services.PENDING:
            break
        yield Sleep(1.0)
        (status,) = yield from read(services.query(name))
        state = _only(expect(status, "sc", f"ask for the state of service {name}"), name)
    dependents = services.parse(above.stdout)
    # The same texts come from many hosts: what they say is made out once.
    return _state(state, _said(key), dependents, tuple(map(_said, around)))


def _only(output: Output, name: str) -> services.Status:
    found = services.parse(output.stdout)
    if not found:
        raise ModuleError(f"sc query {name} printed no state")
    return found[0]


def _said(output: Output) -> Output:
    """Without what is another one each time."""
    return Output(output.code, output.stdout)


@lru_cache(maxsize=256)
def _state(
    status: services.Status,
    key: Output,
    dependents: tuple[services.Status, ...],
    around: tuple[Output, ...],
) -> ServiceState:
    kind = registry.number(key, "Type") or 0
    start = services.START_MODES.get(registry.number(key, "Start") or 0, "")
    if start == "auto" and registry.number(key, "DelayedAutostart"):
        start = "delayed"
    failing = recovery.parse(registry.value(key, "FailureActions")) or recovery.Recovery()
    return ServiceState(
        present=True,
        state=status.state,
        start_mode=start,
        running_dependents=tuple(d.name for d in dependents if d.state != "stopped"),
        dependencies=(
            *_list(registry.value(key, "DependOnService")),
            *(f"+{group}" for group in _list(registry.value(key, "DependOnGroup"))),
        ),
        display_name=registry.text(key, "DisplayName"),
        description=registry.text(key, "Description"),
        path=registry.text(key, "ImagePath"),
        username=registry.text(key, "ObjectName"),
        service_type=SERVICE_TYPES.get(kind & ~_INTERACTIVE, f"0x{kind:x}"),
        error_control=ERROR_CONTROLS.get(registry.number(key, "ErrorControl") or 0, ""),
        load_order_group=registry.text(key, "Group"),
        can_pause=status.can_pause,
        interactive=bool(kind & _INTERACTIVE),
        failure_actions=failing.actions,
        failure_reset_period_sec=failing.reset,
        failure_command=registry.text(key, "FailureCommand"),
        failure_reboot_msg=registry.text(key, "RebootMessage"),
        failure_actions_on_non_crash_failure=bool(
            registry.number(key, "FailureActionsOnNonCrashFailures")
        ),
        sid_info=SID_TYPES.get(registry.number(key, "ServiceSidType") or 0, "none"),
        required_privileges=_list(registry.value(key, "RequiredPrivileges")),
        pre_shutdown_timeout_ms=registry.number(key, "PreshutdownTimeout"),
        depended_by=tuple(d.name for d in dependents),
        unrecorded=_unrecorded(key),
        warnings=_warnings(around),
    )


def _list(data: registry.Data) -> tuple[str, ...]:
    if isinstance(data, tuple):
        return data
    return (data,) if isinstance(data, str) and data else ()


def _recorded(key: Output) -> frozenset[str]:
    understood = recovery.parse(registry.value(key, "FailureActions")) is not None
    return _RECORDED | {"failureactions"} if understood else _RECORDED


def _unrecorded(key: Output) -> tuple[str, ...]:
    keys = registry.parse(key.stdout)
    if not keys:
        return ()
    recorded = _recorded(key)
    names = [v.name for v in keys[0].values if v.name.casefold() not in recorded]
    subkeys = [k.path.rpartition("\\")[2] for k in keys[1:]]
    return (*names, *(name for name in subkeys if name.casefold() != _VOLATILE))


# What else stops with the Server service: logons at a domain controller, a cluster, shares.
_AROUND: Final = (
    registry.query(r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions", "ProductType"),
    services.query("ClusSvc"),
    registry.query(rf"{services.key('LanmanServer')}\Shares"),
)


def _warnings(answers: Sequence[Output]) -> tuple[str, ...]:
    if not answers:
        return ()
    found = []
    if registry.text(answers[0], "ProductType") == "LanmanNT":
        found.append("this host is a domain controller: SYSVOL, NETLOGON and logons stop with it")
    if answers[1].code == OK:
        found.append("this host is a cluster node")
    shares = [value.name for value in registry.values(answers[2])]
    if shares:
        found.append(f"shares that go away: {', '.join(shares)}")
    return tuple(found)
