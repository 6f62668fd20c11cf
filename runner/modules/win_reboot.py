"""Restart a Windows host and wait until it has really restarted.

The proof is the time of the last boot, which must be another one than before, whether or not
anybody saw the host down. Then it is given time to settle: until no service is still starting, and
Windows' own installer of updates (TrustedInstaller) has done what it does at the start. A restart
leaves nothing to take back: ``undo`` does nothing, and a rollback repeats the restart at its end
if what it undid needs one. Shutdowns that were scheduled before are replaced by this one.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
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
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._restart import PAUSE, persist
from runner.windows import services
from runner.windows.exit_codes import OK, SHUTDOWN_IN_PROGRESS, SHUTDOWN_SCHEDULED, expect
from runner.windows.facts import BOOT_TIME, BOOT_TIME_BY_POWERSHELL
from runner.windows.wmi import moment, properties

_LEAST_DELAY: Final = 2.0
_DRIFT: Final = 30.0
"""Seconds by which the same boot time may differ between two readings (clock corrections)."""
_SETTLE_SECONDS: Final = 120
_ACTIVE: Final = Exec("sc", "query", "bufsize=", "262144")
"""Every service that is not stopped. The buffer is as large as it may be (Microsoft,
EnumServicesStatusEx: 256 KB); with a smaller one ``sc`` stops in the middle."""
_INSTALLER: Final = "trustedinstaller"
_TIMES: Final = ("reboot_timeout", "connect_timeout", "pre_reboot_delay", "post_reboot_delay")
_SINCE: Final = Exec("net", "statistics", "workstation")
"""Its first time of day is when the Workstation service started. The line is in the host's language
and format: it is only compared with itself, and only where nothing else tells the boot time."""
_TIME_OF_DAY: Final = re.compile(r"\d[:.]\d\d")


def _seconds(default: float | None, name: str, description: str) -> Any:
    aliases = AliasChoices(name, f"{name}_sec")
    return Field(default, validation_alias=aliases, description=description)


class Params(base.Params):
    """Parameters of Ansible's win_reboot."""

    reboot_timeout: float = _seconds(600, "reboot_timeout", "seconds until it must be back")
    connect_timeout: float = _seconds(5, "connect_timeout", "seconds for one try to connect")
    pre_reboot_delay: float = _seconds(2, "pre_reboot_delay", "seconds before it goes down")
    post_reboot_delay: float = _seconds(0, "post_reboot_delay", "seconds to wait once it is back")
    shutdown_timeout: float | None = _seconds(
        None, "shutdown_timeout", "does nothing; Ansible takes it still, without effect since 2.5"
    )
    msg: Text = Field("Restart asked for by runner", max_length=511, description="shown to users")
    settle_timeout: float = _seconds(
        _SETTLE_SECONDS,
        "settle_timeout",
        "seconds to wait for services that are starting and for TrustedInstaller; then it goes on",
    )
    test_command: Text | None = Field(
        None, description="PowerShell command that must end with 0 before the host counts as ready"
    )
    boot_time_command: Text | None = Field(
        None, description="PowerShell command that prints another text after each boot"
    )

    @field_validator(*_TIMES)
    @classmethod
    def _not_below_zero(cls, seconds: float) -> float:
        """Less than none is none, as in Ansible."""
        return max(0.0, seconds)


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


class Module(base.Module[Params, Restart]):
    """Restarts the host, every time it is asked to."""

    params = Params
    state = Restart
    settles = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_reboot_module.html"
    )
    guide = Guide(
        example=("win_reboot:\n  reboot_timeout: 900"),
        using=(
            Using("shutdown, sc, net"),
            Using("wmic (tried first)"),
            Using(
                "powershell",
                since="2025",
                powershell=True,
                part="the boot time, where wmic is gone",
            ),
        ),
    )

    def subject(self, params: Params) -> str:
        return "restart"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Restart]:
        for source, command in _sources(params).items():
            (out,) = yield from read(command)
            if booted := _booted(source, out):
                asked = properties(out).get("LocalDateTime", "")
                return Restart(booted=booted, asked=asked, source=source)
        raise ModuleError(
            "the host does not tell when it booted, so a restart could not be proved",
            hint="give a boot_time_command that prints another text after each boot",
        )

    def plan(self, params: Params, before: Restart, facts: base.Facts) -> Restart:
        return dataclasses.replace(before, restarted=cast(str, UNKNOWN))

    def apply(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        yield from _shut_down(params)
        yield from _come_back(params, change.before)
        if params.post_reboot_delay:
            yield Sleep(params.post_reboot_delay)
        settled = yield from _settle(params)
        if params.test_command is not None:
            ready = Script("powershell", params.test_command)
            what = "the host restarted, but test_command did not succeed"
            yield from _insist(params, ready, lambda out: out.code == 0, what)
        elapsed = round(time.monotonic() - begun, 3)
        return {"rebooted": True, "elapsed": elapsed, "settled": settled}

    def undo(
        self, params: Params, change: Change[Restart], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """A restart leaves nothing to take back."""
        return {}
        yield  # pragma: no cover

    def result(
        self, params: Params, change: Change[Restart], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        elapsed, settled = applied.get("elapsed", UNKNOWN), applied.get("settled", UNKNOWN)
        return {"rebooted": True, "elapsed": elapsed, "settled": settled}


def _sources(params: Params) -> Mapping[str, Command]:
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


def _shut_down(params: Params) -> Generator[Request, Reply, None]:
    delay = max(params.pre_reboot_delay, _LEAST_DELAY)
    restart = Exec("shutdown", "/r", "/f", "/t", f"{delay:.0f}", "/c", params.msg, disconnects=True)
    out = yield from write(restart)
    if out.code == SHUTDOWN_SCHEDULED:
        abort = yield from write(Exec("shutdown", "/a"))
        expect(abort, "shutdown", "take back the shutdown that was scheduled before")
        out = yield from write(restart)
    expect(out, "shutdown", "restart the host", (OK, SHUTDOWN_IN_PROGRESS))


def _come_back(params: Params, before: Restart) -> Generator[Request, Reply, None]:
    delay = max(params.pre_reboot_delay, _LEAST_DELAY)
    yield Reconnect(delay + params.reboot_timeout, delay, PAUSE, params.connect_timeout)

    def is_another_boot(out: Output) -> bool:
        now = _booted(before.source, out)
        return bool(now) and _restarted(before, now)

    what = "the host answers, but did not restart (something may hold its shutdown up)"
    command = _sources(params)[before.source]
    yield from _insist(params, command, is_another_boot, what)


def _settle(params: Params) -> Generator[Request, Reply, bool]:
    """Wait until what starts with Windows has started; whether it has, in the time there is.

    It goes on in any case: a service may hang for reasons of its own, and be none of ours.
    """
    if not params.settle_timeout:
        return False
    what, seconds = "its services settle", params.settle_timeout
    try:
        yield from _insist(params, _ACTIVE, _has_settled, what, seconds)
    except ModuleError:
        return False
    return True


def _has_settled(out: Output) -> bool:
    """Whether no service is starting and TrustedInstaller is idle; so, too, if nobody can say."""
    return not any(
        status.state == "start_pending" or status.name.lower() == _INSTALLER
        for status in services.parse(out.stdout)
    )


def _insist(
    params: Params,
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
