"""The service control manager. Configuration lives in the registry and nowhere else.

State numbers are those of SERVICE_STATUS: 1 stopped, 2 start pending, 3 stop pending, 4 running.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.lab import winerror
from runner.lab.state.images import program_exists
from runner.lab.winerror import WindowsError

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["RUNNING", "START_PENDING", "STOPPED", "STOP_PENDING", "Service", "ServiceManager"]

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
ROOT = r"HKLM\SYSTEM\CurrentControlSet\Services"
PENDING_SECONDS = 0.05
"""How long a simulated service takes to start or stop."""

_UNSTOPPABLE = frozenset(
    {"rpcss", "dcomlaunch", "samss", "plugplay", "eventlog", "power", "gpsvc", "rpceptmapper",
     "lsm", "profsvc", "brokerinfrastructure", "coremessagingregistrar", "bfe", "ntds", "kdc"}
)  # fmt: skip
"""Services that do not accept a stop control (BFE and the directory accept none over the lab)."""


@dataclass(slots=True)
class Service:
    """The run-time side of one service. `until` is when a pending state ends, by
    the monotonic clock: the other one is set now and then.

    `checked` services need their program: those that were created since the machine was set up.
    """

    name: str
    state: int = STOPPED
    until: float = 0.0
    exit_code: int = 1077
    marked: bool = False
    pid: int = 0
    waits: list[str] = field(default_factory=list)
    checked: bool = False


class ServiceManager:
    """Starts, stops and describes the services of one machine; call with its lock held."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._services: dict[str, Service] = {}

    # -- what exists -----------------------------------------------------------------------------

    def load(self) -> None:
        """Read the registry, as at boot: keys with a Type and a Start are services."""
        self._services.clear()
        key = self._host.registry.find(ROOT)
        for child in key.children() if key else ():
            if child.get("DeleteFlag") is not None:
                continue
            if child.get("Start") is not None and child.get("Type") is not None:
                self._services[child.name.lower()] = Service(child.name)
        if key is not None:
            for name in [n for n, k in key.subkeys.items() if k.get("DeleteFlag") is not None]:
                del key.subkeys[name]

    def find(self, name: str) -> Service:
        """The service of this name. Raises WindowsError 1060."""
        service = self._services.get(name.lower())
        if service is None:
            raise WindowsError(winerror.SERVICE_DOES_NOT_EXIST)
        self._settle(service)
        if name.lower() not in self._services:
            raise WindowsError(winerror.SERVICE_DOES_NOT_EXIST)
        return service

    def find_any(self, name: str) -> Service:
        """By service name, or by display name as net.exe also accepts."""
        if name.lower() in self._services:
            return self.find(name)
        for service in self:
            if self.display_name(service.name).lower() == name.lower():
                return service
        raise WindowsError(winerror.SERVICE_DOES_NOT_EXIST)

    def __iter__(self) -> Iterator[Service]:
        for key in sorted(self._services):
            service = self._services.get(key)
            if service is not None:
                self._settle(service)
                yield service

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._services

    # -- configuration ---------------------------------------------------------------------------

    def path_of(self, name: str) -> str:
        """The registry key of a service."""
        return f"{ROOT}\\{name}"

    def number(self, name: str, value: str, default: int = 0) -> int:
        """A DWORD of the service's key."""
        found = self._host.registry.number(self.path_of(name), value)
        return default if found is None else found

    def text(self, name: str, value: str) -> str:
        """A string of the service's key."""
        return self._host.registry.text(self.path_of(name), value)

    def display_name(self, name: str) -> str:
        return self.text(name, "DisplayName") or name

    def dependencies(self, name: str) -> tuple[str, ...]:
        """The services that this one needs."""
        return self._host.registry.strings(self.path_of(name), "DependOnService")

    def dependents(self, name: str) -> list[Service]:
        """All services that need this one, directly or not, in the order in which to stop them."""
        found: list[Service] = []
        wanted = name.lower()
        for service in self:
            if wanted in (d.lower() for d in self.dependencies(service.name)):
                for further in [*self.dependents(service.name), service]:
                    if further not in found:
                        found.append(further)
        return found

    def is_driver(self, name: str) -> bool:
        return bool(self.number(name, "Type") & 0x0F)

    # -- control ---------------------------------------------------------------------------------

    def start(self, name: str) -> Service:
        """Begin to start a service and what it needs.

        Raises WindowsError 2, 1056, 1058, 1060, 1061, 1068, 1072 or 1075.
        """
        service = self.find(name)
        if service.state in (RUNNING, START_PENDING):
            raise WindowsError(winerror.SERVICE_ALREADY_RUNNING)
        if service.marked:
            raise WindowsError(winerror.SERVICE_MARKED_FOR_DELETE)
        if self.number(name, "Start", 3) == 4:
            raise WindowsError(winerror.SERVICE_DISABLED)
        if service.state == STOP_PENDING:
            raise WindowsError(winerror.SERVICE_CANNOT_ACCEPT_CTRL)
        if service.checked and not program_exists(self._host, self.text(name, "ImagePath")):
            raise WindowsError(winerror.FILE_NOT_FOUND)
        self._start_dependencies(name, frozenset({name.lower()}))
        self._turn(service, START_PENDING)
        return service

    def _start_dependencies(self, name: str, seen: frozenset[str]) -> None:
        for needed in self.dependencies(name):
            key = needed.lower()
            if needed.startswith("+") or key in seen:
                continue
            service = self._services.get(key)
            if service is None:
                raise WindowsError(winerror.SERVICE_DEPENDENCY_DELETED)
            self._settle(service)
            if service.state in (RUNNING, START_PENDING):
                continue
            if self.number(needed, "Start", 3) == 4:
                raise WindowsError(winerror.SERVICE_DEPENDENCY_FAIL)
            try:
                self._start_dependencies(needed, seen | {key})
            except WindowsError:
                raise WindowsError(winerror.SERVICE_DEPENDENCY_FAIL) from None
            self._turn(service, RUNNING)

    def stop(self, name: str) -> Service:
        """Begin to stop a service. Raises WindowsError 1051, 1052, 1060, 1061 or 1062."""
        service = self.find(name)
        if service.state == STOPPED:
            raise WindowsError(winerror.SERVICE_NOT_ACTIVE)
        if service.state in (START_PENDING, STOP_PENDING):
            raise WindowsError(winerror.SERVICE_CANNOT_ACCEPT_CTRL)
        if name.lower() in _UNSTOPPABLE:
            raise WindowsError(winerror.INVALID_SERVICE_CONTROL)
        if any(dependent.state != STOPPED for dependent in self.dependents(name)):
            raise WindowsError(winerror.DEPENDENT_SERVICES_RUNNING)
        self._turn(service, STOP_PENDING)
        return service

    def accepts_stop(self, service: Service) -> bool:
        return service.state == RUNNING and service.name.lower() not in _UNSTOPPABLE

    def killed(self, pid: int) -> None:
        """The process of services ended: they are stopped."""
        for service in self:
            if service.pid == pid:
                service.state, service.exit_code, service.pid = STOPPED, 1067, 0

    def create(self, name: str) -> None:
        """Register a service whose key was just written. Raises WindowsError 1072 or 1073."""
        known = self._services.get(name.lower())
        if known is not None:
            self._settle(known)
        known = self._services.get(name.lower())
        if known is not None:
            code = winerror.SERVICE_MARKED_FOR_DELETE if known.marked else winerror.SERVICE_EXISTS
            raise WindowsError(code)
        self._services[name.lower()] = Service(name, checked=True)

    def delete(self, name: str) -> None:
        """Delete a service; one that runs goes when it stops. Raises WindowsError 1060 or 1072."""
        service = self.find(name)
        if service.marked:
            raise WindowsError(winerror.SERVICE_MARKED_FOR_DELETE)
        if service.state == STOPPED:
            self._forget(service)
            return
        service.marked = True
        self._host.registry.set(self.path_of(name), "DeleteFlag", 1)

    # -- states in time --------------------------------------------------------------------------

    def _turn(self, service: Service, state: int) -> None:
        service.state = state
        service.until = time.monotonic() + PENDING_SECONDS
        if state in (START_PENDING, RUNNING):
            service.exit_code = 0
            if not self.is_driver(service.name):
                service.pid = self._host.processes.for_service(self.text(service.name, "ImagePath"))

    def _settle(self, service: Service) -> None:
        """Let a pending state that has lasted long enough become the final one."""
        if service.state in (STOPPED, RUNNING) or time.monotonic() < service.until:
            return
        if service.state == START_PENDING:
            service.state = RUNNING
            return
        service.state = STOPPED
        pid, service.pid = service.pid, 0
        if pid and not any(other.pid == pid for other in self._services.values()):
            self._host.processes.ended(pid)
        if service.marked:
            self._forget(service)

    def _forget(self, service: Service) -> None:
        self._services.pop(service.name.lower(), None)
        self._host.registry.delete_key(self.path_of(service.name))

    def boot(self) -> None:
        """Start what starts by itself; a service whose dependencies fail stays stopped."""
        self.load()
        for limit in (0, 1, 2):
            for service in list(self._services.values()):
                if self.number(service.name, "Start", 3) == limit and service.state == STOPPED:
                    try:
                        self._start_dependencies(service.name, frozenset({service.name.lower()}))
                    except WindowsError:
                        service.exit_code = winerror.SERVICE_DEPENDENCY_FAIL
                    else:
                        self._turn(service, RUNNING)

    def set_state(self, name: str, *, running: bool) -> None:
        """Put a service into a state at once, as a machine is found (not a control)."""
        service = self.find(name)
        if running and service.state == STOPPED:
            self._turn(service, RUNNING)
        elif not running and service.state != STOPPED:
            self._turn(service, STOP_PENDING)
            service.until = 0.0
            self._settle(service)

    def dump(self) -> dict[str, dict[str, object]]:
        """State and configuration, a pending state as what it will become."""
        final = {START_PENDING: "running", RUNNING: "running"}
        return {
            service.name: {
                "state": final.get(service.state, "stopped"),
                "start": self.number(service.name, "Start", 3),
            }
            for service in self
        }
