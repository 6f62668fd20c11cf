"""A machine behind the lab's WinRM front that is not simulated: Wine runs what it is given.

So ``cmd``, ``reg``, ``net``, ``taskkill`` and the service control manager are a Windows command
line that we did not write. It is no judge of Microsoft's texts and of many exit codes; docs/wine.md
says of what it is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from runner.lab.machine import CANCELLED_EXIT, Power, PoweredOff
from runner.lab.profiles.table import OsProfile, profile_for
from runner.lab.spec import HostSpec
from runner.lab.wine.found import WINE, WINESERVER, WineError
from runner.lab.wine.sandbox import Sandbox
from runner.lab.wine.shellhost import CMD, Gone, Order, ShellHost
from runner.lab.wine.state import machine_state
from runner.lab.wine.stubs import partly_stub
from runner.lab.wine.template import LOCALES, Template
from runner.lab.wine.versions import seed

__all__ = ["WineMachine"]

STUB_EXIT: Final = 9999
"""The exit code of what Wine only pretends to do; the lab's own for what it does not simulate."""
HOME: Final = r"C:\users\Administrator"
_STUB_NOTES: Final = "windows/stubs.log"
_TAKEN: Final = frozenset({"language", "powered"})


class WineMachine:
    """One Wine machine. Every method may be called from any thread; ``close`` ends it for good.

    Raises ValueError for what of a spec Wine cannot be, WineError when it cannot be started.
    """

    def __init__(self, spec: HostSpec, template: Template) -> None:
        extra = sorted(spec.state.model_fields_set - _TAKEN)
        if extra:
            raise ValueError(f"a Wine machine takes no {', '.join(extra)} in lab_state")
        self.name = spec.name
        self.profile: OsProfile = profile_for(
            spec.os, arch=spec.state.arch, language=spec.state.language
        )
        self._versions = seed(self.profile)
        self._sandbox = Sandbox(
            template.prefix, template.locales, template.empty,
            name=spec.name.split(".")[0].upper()[:15], locale=LOCALES[spec.state.language],
        )  # fmt: skip
        self._lock = threading.Lock()
        self._booting = threading.Lock()
        self._power = Power.ON if spec.state.powered else Power.OFF
        self._booted = False
        self._callbacks: list[Callable[[Any], None]] = []
        self._idle: list[ShellHost] = []
        self._boots = 0
        self.commands: deque[str] = deque(maxlen=2000)

    # -- power -----------------------------------------------------------------------------------

    @property
    def power(self) -> Power:
        """Whether the machine answers now."""
        return self._power

    def subscribe_power(self, callback: Callable[[Any], None]) -> None:
        """Call ``callback`` with this machine after every change of power."""
        self._callbacks.append(callback)

    def power_on(self) -> None:
        """Switch it on; Wine's services start with the first command."""
        if self._turn(Power.ON):
            self._tell()

    def power_off(self) -> None:
        """Shut down in good order: the registry is written, services end."""
        if self._turn(Power.OFF):
            self._sandbox.run(WINESERVER, "-k")
            self._sandbox.run(WINESERVER, "-w")
            self._end()

    def crash(self) -> None:
        """Pull the plug: what Wine has not written to its files is lost."""
        if self._turn(Power.OFF):
            self._end()

    def _turn(self, power: Power) -> bool:
        with self._lock:
            changed, self._power = self._power != power, power
            return changed

    def _end(self) -> None:
        self._sandbox.end_processes()
        with self._lock:
            self._booted = False
            hosts, self._idle = self._idle, []
        for host in hosts:
            host.close()  # the busy ones are closed by those who use them
        self._tell()

    def _tell(self) -> None:
        for callback in list(self._callbacks):
            callback(self)

    def boot(self) -> None:
        """Start Wine's services, if they do not run yet; a command does this by itself."""
        with self._booting:
            if self._booted or self._power is not Power.ON:
                return
            if self._sandbox.run(WINESERVER, "-p") != 0:
                raise WineError(f"{self.name}: Wine's server does not start")
            if not self._boots:
                (self._sandbox.drive / "seed.reg").write_text(self._versions, encoding="utf-16")
                if self._sandbox.run(WINE, "reg", "import", r"C:\seed.reg") != 0:
                    raise WineError(f"{self.name}: the registry could not be filled")
                (self._sandbox.drive / "seed.reg").unlink()
            self._boots += 1
            self._booted = True

    def close(self) -> None:
        """End everything that runs on the machine, and forget it."""
        with self._lock:
            self._power = Power.OFF
            hosts, self._idle = self._idle, []
        self._sandbox.close()
        for host in hosts:
            host.close()

    # -- commands --------------------------------------------------------------------------------

    def run(
        self,
        line: str,
        *,
        write: Callable[[str, bytes], None],
        stdin: Callable[[], bytes],
        codepage: int,
        user: str,
        cwd: str | None,
        env: Mapping[str, str],
        cancelled: threading.Event,
        memory_mb: int | None = None,
    ) -> int:
        """Run ``cmd /c LINE`` to its end; the exit code, unsigned. Raises PoweredOff.

        ``user`` changes nothing: Wine knows one user, who may do everything. Nor does
        ``memory_mb``: a program there takes what it likes.
        """
        del user, memory_mb
        if self._power is not Power.ON:
            raise PoweredOff(self.name)
        self.commands.append(line)
        if why := partly_stub(line):
            with (self.drive / _STUB_NOTES).open("a", encoding="utf-8") as notes:
                notes.write(f"{line}\n")
            write("stderr", f"wine: cannot be tested here: {why}\r\n".encode("ascii"))
            return STUB_EXIT
        self.boot()
        if cancelled.is_set():
            return CANCELLED_EXIT
        order = Order(f"{CMD} /c {line}", codepage, cwd or HOME, env)
        host = self._take()
        try:
            return host.run(order, write, stdin, cancelled)
        except Gone:
            if self._power is Power.ON:
                raise WineError(f"{self.name}: the shell host ended in {line!r}") from None
            raise PoweredOff(self.name) from None
        finally:
            self._give_back(host)

    def _take(self) -> ShellHost:
        with self._lock:
            host = self._idle.pop() if self._idle else None
        return host or ShellHost(self._sandbox)

    def _give_back(self, host: ShellHost) -> None:
        with self._lock:
            keep = host.usable and self._power is Power.ON
            if keep:
                self._idle.append(host)
        if not keep:
            host.close()

    # -- looking ---------------------------------------------------------------------------------

    @property
    def drive(self) -> Path:
        """Drive C: as this process sees it."""
        return self._sandbox.drive

    @property
    def sandbox(self) -> Sandbox:
        """Where it runs."""
        return self._sandbox

    @property
    def not_simulated(self) -> list[str]:
        """What was asked for that Wine only pretends to do."""
        notes = self._sandbox.drive / _STUB_NOTES
        return notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []

    def snapshot(self) -> dict[str, Any]:
        """The registry and what differs on drive C: from a fresh machine; see ``state``."""
        return {
            "state": machine_state(self),
            "volatile": {
                "power": str(self._power),
                "boots": self._boots,
                "commands": list(self.commands),
                "not_simulated": self.not_simulated,
            },
        }
