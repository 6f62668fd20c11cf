"""Restarting a Windows host and proving it, for the modules that do."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from runner.errors import ModuleError
from runner.interfaces.exchange import (
    Command,
    Exec,
    Output,
    Query,
    Reconnect,
    Reply,
    Request,
    Script,
    Sleep,
    read,
    write,
)
from runner.modules._parts.restart import PAUSE, persist
from runner.windows import services
from runner.windows.exit_codes import OK, SHUTDOWN_IN_PROGRESS, SHUTDOWN_SCHEDULED, expect
from runner.windows.facts import BOOT_TIME, BOOT_TIME_BY_POWERSHELL
from runner.windows.wmi import moment, properties

_LEAST_DELAY: Final = 2.0
_DRIFT: Final = 30.0
"""Seconds by which the same boot time may differ between two readings (clock corrections)."""
SETTLE_SECONDS: Final = 120
_ACTIVE: Final = Exec("sc", "query", "bufsize=", "262144")
"""Every service that is not stopped. The buffer is as large as it may be (Microsoft,
EnumServicesStatusEx: 256 KB); with a smaller one ``sc`` stops in the middle."""
_INSTALLER: Final = "trustedinstaller"
_SINCE: Final = Exec("net", "statistics", "workstation")
"""Its first time of day is when the Workstation service started. The line is in the host's language
and format: it is only compared with itself, and only where nothing else tells the boot time."""
_TIME_OF_DAY: Final = re.compile(r"\d[:.]\d\d")


class Patience(Protocol):
    """How long a restart may take, all in seconds, and what is said to users."""

    @property
    def reboot_timeout(self) -> float: ...
    @property
    def connect_timeout(self) -> float: ...
    @property
    def pre_reboot_delay(self) -> float: ...
    @property
    def post_reboot_delay(self) -> float: ...
    @property
    def settle_timeout(self) -> float: ...
    @property
    def msg(self) -> str: ...
    @property
    def boot_time_command(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Usual:
    """What Ansible waits when a task says nothing else."""

    reboot_timeout: float = 600
    connect_timeout: float = 5
    pre_reboot_delay: float = 2
    post_reboot_delay: float = 0
    settle_timeout: float = SETTLE_SECONDS
    msg: str = "Restart asked for by runner"
    boot_time_command: str | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """``restarted`` is never read from a host; a plan says that it will be known.

    ``booted`` is what tells this boot from others, ``source`` who said so, and ``asked`` what the
    host's own clock showed then.
    """

    restarted: str | None = None
    booted: str = field(default="", compare=False)
    asked: str = field(default="", compare=False)
    source: str = field(default="", compare=False)


def booted(params: Patience) -> Generator[Query, Reply, Restart]:
    """Which boot this is. Raises ModuleError where nobody tells."""
    for source, command in _sources(params).items():
        (out,) = yield from read(command)
        if found := _booted(source, out):
            asked = properties(out).get("LocalDateTime", "")
            return Restart(booted=found, asked=asked, source=source)
    raise ModuleError(
        "the host does not tell when it booted, so a restart could not be proved",
        hint="give a boot_time_command that prints another text after each boot",
    )


def restart(params: Patience, before: Restart) -> Generator[Request, Reply, bool]:
    """Restart the host; it is back when this ends. Says whether its services have settled too."""
    yield from _shut_down(params)
    yield from _come_back(params, before)
    if params.post_reboot_delay:
        yield Sleep(params.post_reboot_delay)
    return (yield from _settle(params))


def _sources(params: Patience) -> Mapping[str, Command]:
    """What can tell the boot time, the best first. wmic is gone from the newest builds."""
    if params.boot_time_command is not None:
        return {"command": Script("powershell", params.boot_time_command)}
    return {"wmic": BOOT_TIME, "powershell": BOOT_TIME_BY_POWERSHELL, "net": _SINCE}


def _booted(source: str, out: Output) -> str:
    if source == "command":
        return out.stdout.strip() if out.code == 0 else ""
    if source == "net":
        lines = (line.strip() for line in out.stdout.splitlines() if out.code == 0)
        return next((line for line in lines if _TIME_OF_DAY.search(line)), "")
    found = moment(properties(out).get("LastBootUpTime", ""))
    return found.text if found else ""


def _shut_down(params: Patience) -> Generator[Request, Reply, None]:
    delay = max(params.pre_reboot_delay, _LEAST_DELAY)
    restart = Exec("shutdown", "/r", "/f", "/t", f"{delay:.0f}", "/c", params.msg, disconnects=True)
    out = yield from write(restart)
    if out.code == SHUTDOWN_SCHEDULED:
        abort = yield from write(Exec("shutdown", "/a"))
        expect(abort, "shutdown", "take back the shutdown that was scheduled before")
        out = yield from write(restart)
    expect(out, "shutdown", "restart the host", (OK, SHUTDOWN_IN_PROGRESS))


def _come_back(params: Patience, before: Restart) -> Generator[Request, Reply, None]:
    delay = max(params.pre_reboot_delay, _LEAST_DELAY)
    yield Reconnect(delay + params.reboot_timeout, delay, PAUSE, params.connect_timeout)

    def is_another_boot(out: Output) -> bool:
        now = _booted(before.source, out)
        return bool(now) and _restarted(before, now)

    what = "the host answers, but did not restart (something may hold its shutdown up)"
    command = _sources(params)[before.source]
    yield from insist(params, command, is_another_boot, what)


def _settle(params: Patience) -> Generator[Request, Reply, bool]:
    """Wait until what starts with Windows has started; whether it has, in the time there is.

    It goes on in any case: a service may hang for reasons of its own, and be none of ours.
    """
    if not params.settle_timeout:
        return False
    what, seconds = "its services settle", params.settle_timeout
    try:
        yield from insist(params, _ACTIVE, _has_settled, what, seconds)
    except ModuleError:
        return False
    return True


def _has_settled(out: Output) -> bool:
    """Whether no service is starting and TrustedInstaller is idle; so, too, if nobody can say."""
    return not any(
        status.state == "start_pending" or status.name.lower() == _INSTALLER
        for status in services.parse(out.stdout)
    )


def insist(
    params: Patience,
    command: Command,
    done: Callable[[Output], bool],
    what: str,
    seconds: float | None = None,
) -> Generator[Request, Reply, None]:
    """Ask until it is done; a host that goes away in between is waited for."""
    timeout = params.reboot_timeout if seconds is None else seconds
    yield from persist(command, done, what, timeout=timeout, connect_timeout=params.connect_timeout)


def _restarted(before: Restart, booted: str) -> bool:
    """Whether this is another boot: later than we asked, by the host's own clock.

    A clock that is set back at the start (it ran ahead) still gives a boot time that is far off.
    """
    was, now, asked = moment(before.booted), moment(booted), moment(before.asked)
    if was is None or now is None:
        return before.booted != booted
    if asked is not None and now.when > asked.when:
        return True
    return abs((now.when - was.when).total_seconds()) > _DRIFT
