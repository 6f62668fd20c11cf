"""A simulated Windows machine: what stands behind the `Command` of a remote shell."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from runner.lab.cmd.control import ExitShell, Streams
from runner.lab.cmd.interpreter import Interpreter, strip_quotes
from runner.lab.cmd.launch import find_program
from runner.lab.faults import Cancelled, PoweredOff
from runner.lab.profiles.fresh import fresh_host
from runner.lab.profiles.table import OsProfile, profile_for
from runner.lab.spec import HostSpec
from runner.lab.state.clock import Counters
from runner.lab.state.disk import Disk
from runner.lab.state.hives import unmount_all
from runner.lab.state.power import Power
from runner.lab.state.process import Console, Session
from runner.lab.state.streams import NullSink, PipeSink, Sink, Source, StdinSource

__all__ = ["Machine", "Power", "PoweredOff"]

CANCELLED_EXIT = 0xC000013A
"""STATUS_CONTROL_C_EXIT: the exit code of a command that the client ended."""

_SHUTDOWN_GRACE = 0.1
"""Seconds between an accepted `shutdown /t 0` and the end of connections."""


class Machine:
    """One simulated Windows machine. Every method may be called from any thread.

    Raises ValueError when the spec asks for what its operating system does not have.
    """

    def __init__(self, spec: HostSpec) -> None:
        self.name: str = spec.name
        self.profile: OsProfile = profile_for(
            spec.os,
            arch=spec.state.arch,
            language=spec.state.language,
            shell_codepages=spec.state.shell_codepages,
        )
        self._host = fresh_host(spec, self.profile)
        self._host.shutdown = self._schedule_shutdown
        self._host.abort_shutdown = self._abort_shutdown
        self._host.runner = self._run_detached
        self._callbacks: list[Callable[[Machine], None]] = []
        self._timer: threading.Timer | None = None
        self._power = Power.OFF
        self._boots = 0
        with self._host.lock:
            self._boot(fresh=True)
            if not spec.state.powered:
                self._go_down(Power.OFF)

    # -- power -----------------------------------------------------------------------------------

    @property
    def power(self) -> Power:
        """Whether the machine answers now."""
        return self._power

    @property
    def counters(self) -> Counters:
        """What the machine did so far."""
        return self._host.counters

    def subscribe_power(self, callback: Callable[[Machine], None]) -> None:
        """Call `callback` with this machine after every change of power, from any thread."""
        self._callbacks.append(callback)

    def power_on(self) -> None:
        """Switch the machine on, if it is off."""
        with self._host.lock:
            if self._power is Power.ON:
                return
            self._boot()
        self._tell()

    def power_off(self) -> None:
        """Shut the machine down in good order: it stays off until `power_on`."""
        self._turn_off("powered off")

    def crash(self) -> None:
        """Pull the plug: commands that run end with PoweredOff, nothing is finished."""
        self._turn_off("lost power")

    def _turn_off(self, event: str) -> None:
        with self._host.lock:
            if self._power is Power.OFF:
                return
            self._host.note(event)
            self._go_down(Power.OFF)
        self._tell()

    def _go_down(self, power: Power) -> None:
        """Called with the lock held: every command that runs sees that the machine is gone."""
        self._power = power
        self._host.powered = False
        self._host.epoch += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._host.changed.notify_all()

    def _boot(self, *, fresh: bool = False) -> None:
        """Called with the lock held."""
        host = self._host
        self._boots += 1
        host.epoch += 1
        if not fresh:
            host.clock.boot = host.clock.now()
            unmount_all(host)
            host.take_name()
        host.servicing.boot()
        host.start_processes(with_spec=fresh)
        host.services.boot()
        if fresh:
            for name, service in host.spec.services.items():
                if service.state is not None:
                    host.services.set_state(name, running=service.state == "running")
            if host.spec.reboot_pending:
                host.servicing.set_reboot_pending()
        host.powered = True
        self._power = Power.ON
        host.note("started")
        host.tasks.boot()

    def _tell(self) -> None:
        for callback in list(self._callbacks):
            callback(self)

    # -- shutdown --------------------------------------------------------------------------------

    def _schedule_shutdown(self, seconds: float, restart: bool) -> bool:
        """Called by the shutdown tool with the lock held; False if one is under way already."""
        if self._timer is not None:
            return False
        delay = max(seconds, _SHUTDOWN_GRACE)
        self._timer = self._start_timer(delay, lambda: self._shut_down(restart=restart))
        return True

    def _abort_shutdown(self) -> bool:
        if self._timer is None:
            return False
        self._timer.cancel()
        self._timer = None
        return True

    def _shut_down(self, *, restart: bool) -> None:
        with self._host.lock:
            if self._power is not Power.ON or self._timer is not threading.current_thread():
                return
            self._host.note("restarting" if restart else "shut down")
            self._timer = None
            self._go_down(Power.RESTARTING if restart else Power.OFF)
            epoch = self._host.epoch
        self._tell()
        if restart:
            self._start_timer(self._host.spec.reboot_seconds, lambda: self._come_back(epoch))

    def _come_back(self, epoch: int) -> None:
        with self._host.lock:
            if self._power is not Power.RESTARTING or self._host.epoch != epoch:
                return
            self._boot()
        self._tell()

    @staticmethod
    def _start_timer(seconds: float, work: Callable[[], None]) -> threading.Timer:
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        timer.start()
        return timer

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
        """Run `cmd /c LINE` to its end and return its exit code (unsigned, 32 bit).

        `write` is called with "stdout" or "stderr" and bytes in `codepage`. `stdin` blocks until
        the client sends something and returns b"" at the end of input; it must return b"" when
        `cancelled` is set. A program that needs more memory than `memory_mb` ends for want of it.
        Raises PoweredOff when the machine is or goes down.
        """
        host = self._host
        with host.lock:
            if not host.powered:
                raise PoweredOff(self.name)
            host.counters.commands.append(line)
            host.counters.runs += 1
            session = self._session(user, cwd, env, codepage, cancelled)
            session.memory_mb = memory_mb
            try:
                if host.spec.latency:
                    host.sleep(session, host.spec.latency)
            except Cancelled:
                return CANCELLED_EXIT
        if codepage == 65001 and not self.profile.accepts_65001:
            host.note_not_simulated("65001 on this system: the command ends without output")
            return 0
        streams = Streams(StdinSource(stdin), PipeSink("stdout", write), PipeSink("stderr", write))
        try:
            return self._interpret(session, line, streams)
        except Cancelled:
            return CANCELLED_EXIT

    def _interpret(self, session: Session, line: str, streams: Streams) -> int:
        """`cmd /c LINE`, with the AutoRun command that the registry may hold."""
        host = self._host
        processor = r"HKLM\SOFTWARE\Microsoft\Command Processor"
        delayed = host.registry.number(processor, "DelayedExpansion") == 1
        comspec = rf"{host.system_root}\system32\cmd.exe"
        interpreter = Interpreter(session, f"{comspec} /C {line}", delayed_expansion=delayed)
        text = line.lstrip()
        program = re.match(r'"([^"]*)"\s*\Z', text)
        is_program = bool(program and find_program(session, program[1]))
        try:
            autorun = host.registry.text(processor, "AutoRun")
            if autorun:
                interpreter.run_line(autorun, streams)
            code = interpreter.run_line(strip_quotes(text, is_program=is_program), streams)
        except ExitShell as end:
            code = end.code
        if session.epoch != host.epoch:
            raise PoweredOff(self.name)
        return code & 0xFFFFFFFF

    def _run_detached(
        self, line: str, *, user: str, cancelled: threading.Event, cwd: str | None
    ) -> int:
        with self._host.lock:
            if not self._host.powered:
                raise PoweredOff(self.name)
            place = cwd or rf"{self._host.system_root}\System32"
            session = self._session(user, place, {}, self.profile.oem_codepage, cancelled)
            session.console.fixed = False
            session.is_system = user == "SYSTEM"
        sink: Sink = NullSink()
        interpreter = Interpreter(session, line)
        try:
            return interpreter.run_line(line, Streams(Source(), sink, sink)) & 0xFFFFFFFF
        except ExitShell as end:
            return end.code & 0xFFFFFFFF

    def _session(
        self,
        user: str,
        cwd: str | None,
        env: Mapping[str, str],
        codepage: int,
        cancelled: threading.Event,
    ) -> Session:
        host = self._host
        name, home = host.make_home(user)
        variables = host.environment(name, home)
        for key, value in env.items():
            variables.set(key, value)
        place = cwd or home
        if cwd:
            place = re.sub(r"%([^%]+)%", lambda m: variables.get(m[1]) or m[0], cwd)
        entry = host.files.find(place.rstrip("\\") if len(place) > 3 else place)
        return Session(
            host, variables, entry.path if entry and entry.is_dir else home, user,
            Console(codepage), cancelled, epoch=host.epoch,
        )  # fmt: skip

    def disk(self, user: str) -> Disk:
        """The machine's files, seen from the profile of this user."""
        with self._host.lock:
            return Disk(self._host, self._host.make_home(user)[1])

    # -- the record ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything about the machine as plain data.

        `state` is what can be compared; `volatile` changes by itself: times, counters, the log.
        """
        host = self._host
        with host.lock:
            volatile = host.dump_volatile() | {"power": str(self._power), "boots": self._boots}
            return {"state": host.dump(), "volatile": volatile}
