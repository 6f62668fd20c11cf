"""The inside of a simulated machine: everything that tools look at and change.

One lock guards it. A tool holds the lock while it works and lets go while it waits; so commands of
several connections interleave as on a real machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from runner.lab.faults import Cancelled, PoweredOff
from runner.lab.profiles.files import profile_directory
from runner.lab.profiles.table import OsProfile
from runner.lab.spec import LabState
from runner.lab.state.antivirus import Threat
from runner.lab.state.clock import Clock, Counters
from runner.lab.state.dns import DnsServer
from runner.lab.state.files import Entry, FileSystem
from runner.lab.state.firewall import firewall_of
from runner.lab.state.process import Environment, Session
from runner.lab.state.processes import ProcessTable
from runner.lab.state.registry import Registry
from runner.lab.state.security import Security
from runner.lab.state.services import ServiceManager
from runner.lab.state.servicing import Servicing
from runner.lab.state.shadows import Shadows
from runner.lab.state.shares import shares_of
from runner.lab.state.tasks import Scheduler

__all__ = ["Host"]

_POLL_SECONDS = 0.05
"""How often a waiting command looks whether the client has given up."""


class Host:
    """State and life of one machine."""

    def __init__(
        self, name: str, profile: OsProfile, state: LabState, registry: Registry, files: FileSystem
    ) -> None:
        self.name = name
        self.profile = profile
        self.spec = state
        self.registry = registry
        self.files = files
        self.clock = Clock(state.clock_offset)
        self.counters = Counters()
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.powered = False
        self.epoch = 0
        self.system_root = r"C:\WINDOWS" if profile.legacy else r"C:\Windows"
        self.processes = ProcessTable(self.clock.boot)
        self.services = ServiceManager(self)
        self.servicing = Servicing(self)
        self.tasks = Scheduler(self)
        self.shadows = Shadows()
        has_dns = state.role in ("domain_controller", "dns_server")
        self.dns = DnsServer() if has_dns else None
        self.threats: list[Threat] = []
        self.security = Security(name, profile, state)
        self.written: set[str] = set()
        """Files that a redirection holds open for writing, in lower case."""
        self.not_simulated: list[str] = []
        self.events: deque[str] = deque(maxlen=500)
        self.shutdown: Callable[[float, bool], bool] = _unconnected
        self.abort_shutdown: Callable[[], bool] = _unconnected
        self.runner: Callable[..., int] = _unconnected
        self.serial = 0

    # -- waiting ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """Let go of the lock for something that blocks; it is held again afterwards."""
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()

    def check(self, session: Session) -> None:
        """Raise PoweredOff or Cancelled if the session's command cannot go on."""
        if session.epoch != self.epoch or not self.powered:
            raise PoweredOff(self.name)
        if session.cancelled.is_set():
            raise Cancelled

    def sleep(self, session: Session, seconds: float) -> None:
        """Wait with the lock let go; called with it held."""
        end = time.monotonic() + seconds
        while True:
            self.check(session)
            left = end - time.monotonic()
            if left <= 0:
                return
            self.changed.wait(min(left, _POLL_SECONDS))

    def spawn(self, work: Callable[[], None]) -> None:
        """Run something of this machine beside the commands."""
        threading.Thread(target=work, name=f"lab-{self.name}", daemon=True).start()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` with the lock held, unless the machine restarts before."""
        epoch = self.epoch

        def fire() -> None:
            with self.lock:
                if self.epoch == epoch and self.powered:
                    work()

        timer = threading.Timer(seconds, fire)
        timer.daemon = True
        timer.start()

    def run_detached(
        self, line: str, *, user: str, cancelled: threading.Event, cwd: str | None = None
    ) -> int:
        """Run a command line that belongs to no connection: a task, a process that WMI starts."""
        return int(self.runner(line, user=user, cancelled=cancelled, cwd=cwd))

    # -- records ---------------------------------------------------------------------------------

    def note_not_simulated(self, what: str) -> None:
        """Remember that something was asked for which the lab does not know."""
        self.not_simulated.append(what)

    def note(self, event: str) -> None:
        """Add a line to the machine's log."""
        self.events.append(f"{time.strftime('%H:%M:%S')} {event}")

    # -- facts -----------------------------------------------------------------------------------

    def revision(self) -> int:
        """The revision of the build (UBR), 0 where the system has none."""
        key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
        return self.registry.number(key, "UBR") or 0

    def new_guid(self) -> str:
        """A GUID that is new on this machine."""
        self.serial += 1
        seed = f"{self.name}-{self.serial}".encode()
        digest = hashlib.md5(seed, usedforsecurity=False).hexdigest().upper()
        parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
        return "{" + "-".join(parts) + "}"

    def make_home(self, user: str) -> tuple[str, str]:
        """A user's short name and profile directory, which is made where it does not exist."""
        name = user.rpartition("\\")[2].partition("@")[0] or "Administrator"
        home = profile_directory(self.profile, name)
        temp = r"\Local Settings\Temp" if self.profile.legacy else r"\AppData\Local\Temp"
        if name.upper() != "SYSTEM" and not self.files.is_dir(home + temp):
            self.files.make_dirs(home + temp, self.clock.now())
        return name, home

    def environment(self, user: str, home: str) -> Environment:
        """The environment variables that a new process of a user finds."""
        computer = self.name.split(".")[0].upper()[:15]
        legacy = self.profile.legacy
        env = Environment(
            {
                "SystemRoot": self.system_root, "SystemDrive": "C:", "COMPUTERNAME": computer,
                "USERNAME": user, "USERPROFILE": home, "USERDOMAIN": computer,
                "ProgramFiles": r"C:\Program Files", "PUBLIC": r"C:\Users\Public",
                "ALLUSERSPROFILE": r"C:\Documents and Settings\All Users" if legacy
                else r"C:\ProgramData",
                "PROMPT": "$P$G",
            }
        )  # fmt: skip
        if legacy:
            env.remove("PUBLIC")
        else:
            env.set("ProgramData", r"C:\ProgramData")
        for path in (r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
                     r"HKCU\Environment"):  # fmt: skip
            key = self.registry.find(path)
            for value in key.values.values() if key else ():
                if isinstance(value.data, str):
                    env.set(value.name, _expand(value.data, env))
        temp = home + (r"\Local Settings\Temp" if legacy else r"\AppData\Local\Temp")
        if user != "SYSTEM":
            env.set("TEMP", temp)
            env.set("TMP", temp)
        return env

    def start_processes(self, *, with_spec: bool) -> None:
        """The processes that run after a start; those of the spec only on the machine as found."""
        self.processes = ProcessTable(self.clock.boot)
        system = rf"{self.system_root}\System32"
        self.processes.add("System Idle Process")
        self.processes.add("System")
        for name in ("smss.exe", "csrss.exe", "winlogon.exe", "services.exe"):
            self.processes.add(rf"{system}\{name}")
        if with_spec:
            for line in self.spec.processes:
                self.processes.add(line, now=self.clock.now())

    def dump(self) -> dict[str, Any]:
        """The comparable state of the machine."""
        return {
            "registry": self.registry.dump(),
            "services": self.services.dump(),
            "features": self.servicing.features.dump(),
            "updates": self.servicing.hotfixes(),
            "firewall": firewall_of(self.registry),
            "files": self.files.dump(),
            "tasks": self.tasks.dump(),
            "shadow_copies": self.shadows.dump(),
            "shares": shares_of(self.registry),
            "dns": self.dns.dump() if self.dns else {},
            "security": self.security.dump(),
            "processes": self.processes.dump(),
            "reboot_pending": self.servicing.reboot_pending(),
        }

    def dump_volatile(self) -> dict[str, Any]:
        """What changes by itself: times, counters, process numbers, the log."""
        return {
            "boot_time": self.clock.boot,
            "uptime": max(0.0, self.clock.now() - self.clock.boot),
            "writes": self.counters.writes,
            "runs": self.counters.runs,
            "commands": list(self.counters.commands),
            "not_simulated": list(self.not_simulated),
            "pids": {str(entry.pid): entry.name for entry in self.processes},
            "log": list(self.events),
        }

    def take_name(self) -> None:
        """At a start: the name that the machine was given becomes the one that it goes by."""
        control = r"HKLM\SYSTEM\CurrentControlSet"
        names = rf"{control}\Control\ComputerName"
        tcpip = rf"{control}\Services\Tcpip\Parameters"
        registry = self.registry
        short = registry.text(rf"{names}\ComputerName", "ComputerName")
        full = registry.text(tcpip, "NV Hostname")
        if short:
            registry.set(rf"{names}\ActiveComputerName", "ComputerName", short)
        if full:
            registry.set(tcpip, "Hostname", full)

    def add_program(self, path: str, program: str, *, attributes: str = "A") -> None:
        """Put an executable file in place that a lab tool stands behind."""
        self.files.put(
            Entry(
                path, content=None, size=65536, version=self.file_version(),
                attributes=attributes, program=program,
            )
        )  # fmt: skip

    def file_version(self) -> str:
        """The version of the system's own files."""
        profile = self.profile
        return f"{profile.nt_version}.{profile.build}.{profile.file_revision}"

    def set_file_version(self, path: str, version: str) -> None:
        """Give a system file another version, if it exists."""
        entry = self.files.find(path)
        if entry is not None and entry.version != version:
            self.files.update(replace(entry, version=version))


def _expand(text: str, env: Environment) -> str:
    return re.sub(r"%([^%]+)%", lambda match: env.get(match[1]) or match[0], text)


def _unconnected(*args: Any, **keywords: Any) -> Any:
    raise RuntimeError("the machine has not been put together")
