"""How ``service`` finds and moves a service that systemd does not manage.

Init scripts with update-rc.d (Debian) or chkconfig (Red Hat), and OpenRC (Alpine, Gentoo).
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Reply, Request, Sleep, read, write
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.unit import STARTED, STOPPED, UnitState, Wish
from runner.posix import sysv, tools

OPENRC: Final = "openrc"
UPDATE_RC: Final = "sysvinit with update-rc.d"
CHKCONFIG: Final = "sysvinit with chkconfig"
PLAIN: Final = "sysvinit"
_MOVING_SECONDS: Final = 900.0
_CRASHED: Final = 32
"""OpenRC's exit code of ``status`` for a service that died."""


def manager(found: frozenset[str]) -> str:
    """Who manages services there, by the words of ``sysv.LOOK``; empty when nobody does."""
    if "rc-service" in found:
        return OPENRC
    if "script" not in found:
        return ""
    if "update-rc.d" in found:
        return UPDATE_RC
    return CHKCONFIG if "chkconfig" in found else PLAIN


def find(wish: Wish, name: str, links: tuple[str, ...]) -> Generator[Query, Reply, UnitState]:
    """The service as it is now. ``name`` is the manager's, ``links`` its runlevel links."""
    if name == OPENRC:
        return (yield from _find_openrc(wish))
    state = UnitState(True, manager=name, links=links)
    arguments = shlex.split(wish.arguments)
    queries = [
        sysv.control(*_call(name, wish, "status"), *arguments),
        tools.tool("chkconfig", "--list", wish.name),
        tools.script("ps auxww 2>/dev/null || ps -ef"),
    ]
    status, levels, processes = yield from read(*queries)
    on: bool | None = sysv.starts_at_boot(links)
    if name == CHKCONFIG:
        on = sysv.chkconfig_on(levels.stdout)
    if wish.pattern is not None:
        tools.expect(processes, "list the processes")
        running: bool | None = _seen(processes.stdout, wish.pattern)
    else:
        running = sysv.is_running(status, wish.name)
    if running is None and wish.state is not None:
        raise ModuleError(
            f"the init script {wish.name} does not tell whether its service runs: exit code "
            f"{status.code}",
            hint="give 'pattern' to look for it in the list of processes",
        )
    word = {True: "enabled", False: "disabled", None: ""}[on]
    return dataclasses.replace(
        state, enabled=word, state={True: STARTED, False: STOPPED, None: ""}[running]
    )


def _seen(processes: str, pattern: str) -> bool:
    return any(pattern in line and "pattern=" not in line for line in processes.splitlines())


def _find_openrc(wish: Wish) -> Generator[Query, Reply, UnitState]:
    exists, status, show = yield from read(
        tools.tool("rc-service", "--exists", wish.name),
        sysv.control("rc-service", wish.name, "status"),
        tools.tool("rc-update", "show"),
    )
    if exists.code != 0:
        return UnitState(manager=OPENRC)
    levels = sysv.rc_levels(tools.expect(show, "list the runlevels (rc-update)").stdout, wish.name)
    crashed = status.code == _CRASHED
    return UnitState(
        present=True,
        state=STARTED if status.code == 0 else STOPPED,
        enabled="enabled" if wish.runlevel in levels else "disabled",
        manager=OPENRC,
        links=levels,
        crashed=crashed,
    )


def plan(wish: Wish, before: UnitState) -> UnitState:
    """What the task makes of it. Raises Refused for a service that is not there."""
    if not before.present:
        raise Refused(
            f"there is no service {wish.name} on this host",
            hint="check the name (ls /etc/init.d)",
        )
    after = before
    if wish.enabled is not None:
        if before.manager == PLAIN or not before.enabled:
            raise Refused(
                f"nothing on this host can say whether {wish.name} starts at boot",
                hint="update-rc.d or chkconfig is needed, and a script that it understands",
            )
        after = dataclasses.replace(after, enabled="enabled" if wish.enabled else "disabled")
    match wish.state:
        case "stopped":
            return dataclasses.replace(after, state=STOPPED)
        case "restarted" | "reloaded" if before.state == STARTED:
            action: dict[str, Any] = {wish.state: UNKNOWN}
            return dataclasses.replace(after, **action)
        case "started" | "restarted" | "reloaded":
            return dataclasses.replace(after, state=STARTED)
    return after


def apply(wish: Wish, change: Change[UnitState]) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Enable or disable, then start or stop."""
    before, after = change.before, change.after
    if before.enabled != after.enabled:
        yield from _boot(wish, before, after.enabled == "enabled")
    if after.restarted is not None:
        yield from _restart(wish, before)
    elif after.reloaded is not None:
        yield from _act(wish, before, "reload")
    elif before.state != after.state:
        yield from _act(wish, before, "start" if after.state == STARTED else "stop")
    return {}


def undo(wish: Wish, change: Change[UnitState]) -> Generator[Request, Reply, Mapping[str, Any]]:
    """The way back; a service that had no links at all has none again."""
    was, now = change.before, change.after
    if was.manager == UPDATE_RC and was.enabled != now.enabled and not was.links:
        out = yield from write(tools.tool("update-rc.d", "-f", wish.name, "remove"))
        tools.expect(out, f"remove the links of {wish.name}")
        change = Change(change.subject, dataclasses.replace(was, enabled=now.enabled), now)
    return (yield from apply(wish, change.reversed()))


def _boot(wish: Wish, before: UnitState, on: bool) -> Generator[Request, Reply, None]:
    calls: list[tuple[str, ...]]
    match before.manager:
        case "openrc":
            calls = [("rc-update", "add" if on else "delete", wish.name, wish.runlevel)]
        case "sysvinit with chkconfig":
            calls = [("chkconfig", wish.name, "on" if on else "off")]
        case _:
            calls = [("update-rc.d", wish.name, "enable" if on else "disable")]
            if on and not before.links:
                calls.insert(0, ("update-rc.d", wish.name, "defaults"))
    for call in calls:
        out = yield from write(tools.tool(*call))
        tools.expect(out, f"run {' '.join(call)}")


def _restart(wish: Wish, before: UnitState) -> Generator[Request, Reply, None]:
    """Stop and start: not every init script can restart by itself."""
    if before.manager == OPENRC:
        yield from _act(wish, before, "restart")
        return
    yield from _act(wish, before, "stop", must=False)
    if wish.sleep:
        yield Sleep(wish.sleep)
    yield from _act(wish, before, "start")


def _act(
    wish: Wish, before: UnitState, action: str, *, must: bool = True
) -> Generator[Request, Reply, None]:
    if before.crashed and action == "start":
        zap = yield from write(sysv.control("rc-service", wish.name, "zap"))
        tools.expect(zap, f"clear the crashed service {wish.name}")
    words = (*_call(before.manager, wish, action), *shlex.split(wish.arguments))
    out = yield from write(sysv.control(*words, timeout=_MOVING_SECONDS))
    if must:
        tools.expect(out, f"{action} service {wish.name}")


def _call(name: str, wish: Wish, action: str) -> tuple[str, ...]:
    if name == OPENRC:
        return ("rc-service", wish.name, action)
    return (f"/etc/init.d/{wish.name}", action)
