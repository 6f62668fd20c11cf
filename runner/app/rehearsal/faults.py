"""What goes wrong with which twin: a profile of faults, drawn for one fleet."""

from __future__ import annotations

import contextlib
import math
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.app.rehearsal.planned import Planned
from runner.lab.control.control import Lab, LabError
from runner.loading import patterns
from runner.model.faults import Fault, FaultProfile

_FOR_EVER: Final = 86_400.0
"""Seconds that a command takes on a host that hangs."""
_HARDLY: Final = 20 * 1024 * 1024
"""Bytes that are free on a full disk."""
_OFF: Final = "powered off"
_FRONT: Final = {
    "cut": ("idle_close",),
    "reset": ("reset_before_command", "reset_on_command"),
    "hang": ("hang_receive",),
}
"""What the lab calls a fault that comes along the way."""
_OVER_SSH: Final = ("reset_before_command", "reset_on_command")
_SLOW_START: Final = ("refuse_logon", "http_503")


@dataclass(frozen=True, slots=True)
class Coming:
    """A fault that comes along the way: of the lab's front, or ``powered off``. ``fault`` is what a
    profile calls it."""

    kind: str
    times: int
    fault: str


@dataclass(slots=True)
class Weather:
    """What is wrong from the beginning (``states``), and what comes when (``coming``, by job)."""

    profile: str
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    coming: dict[str, dict[int, list[Coming]]] = field(default_factory=dict)
    struck: dict[str, list[str]] = field(default_factory=dict)
    """Kind -> hosts."""
    names: Mapping[str, str] = field(default_factory=dict)
    impossible: dict[str, list[str]] = field(default_factory=dict)
    """Kind -> hosts that a profile names, and whose twins cannot have it."""

    def missed(self) -> dict[str, list[str]]:
        """What did not come, since the host had no job of that number: kind of fault -> hosts."""
        found: dict[str, list[str]] = {}
        for host, jobs in self.coming.items():
            for fault in dict.fromkeys(one.fault for due in jobs.values() for one in due):
                found.setdefault(fault, []).append(host)
        return found

    def falls(self, lab: Lab, notice: Callable[[str, str], None]) -> Callable[[str, int], None]:
        """Has the lab commit each fault when its job begins; thread-safe."""
        lock = threading.Lock()

        def before(host: str, number: int) -> None:
            with lock:
                due = self.coming.get(host, {}).pop(number, [])
            for one in due:
                # A host that is off already has nothing more to suffer.
                with contextlib.suppress(LabError):
                    if one.kind == _OFF:
                        notice("the rehearsal pulls the plug", host)
                        lab.power(self.names[host], "crash")
                    else:
                        lab.fault(self.names[host], one.kind, one.times)

        return before


def weather(profile: FaultProfile, planned: Planned) -> Weather:
    """Draw who is struck by what. The same seed and the same hosts give the same weather."""
    # Not for secrets: the same night must come twice.
    dice = random.Random(profile.seed)
    found = Weather(profile.name, names=planned.lab_names)
    spared = set(planned.systems)
    for fault in profile.faults:
        hosts = _struck(fault, planned, spared, dice)
        for host in [host for host in hosts if not _can_have(fault, planned, host)]:
            hosts.remove(host)
            found.impossible.setdefault(fault.kind, []).append(host)
        spared -= set(hosts)
        found.struck.setdefault(fault.kind, []).extend(hosts)
        for host in hosts:
            ssh = planned.over_ssh(host)
            _strike(found, fault, host, dice, ssh=ssh)
    return found


def _can_have(fault: Fault, planned: Planned, host: str) -> bool:
    """A Linux twin has the clock and the disk of this machine."""
    return not planned.systems[host].is_linux or fault.kind not in ("wrong time", "full disk")


def _struck(fault: Fault, planned: Planned, spared: set[str], dice: random.Random) -> list[str]:
    """Whom it hits; of shares and numbers those first whom nothing hit yet."""
    names = [name for name in planned.systems if _can_have(fault, planned, name)]
    share = fault.hosts.rstrip("%")
    if not share.isdigit():
        return [n for n in patterns.select(planned.inventory, fault.hosts) if n in planned.systems]
    percent = fault.hosts.endswith("%")
    count = math.ceil(len(planned.systems) * int(share) / 100) if percent else int(share)
    count = min(count, len(names))
    fresh = [name for name in names if name in spared]
    chosen = dice.sample(fresh, min(count, len(fresh)))
    rest = [name for name in names if name not in chosen]
    return sorted(chosen + dice.sample(rest, count - len(chosen)), key=names.index)


def _strike(found: Weather, fault: Fault, host: str, dice: random.Random, *, ssh: bool) -> None:
    job = dice.randint(fault.first, fault.last)
    state = found.states.setdefault(host, {})
    seconds = fault.seconds
    if fault.kind in _FRONT and (job or fault.kind != "hang"):
        kinds = [kind for kind in _FRONT[fault.kind] if not ssh or kind in _OVER_SSH]
        kinds = kinds or list(_OVER_SSH)  # over SSH the lab can only reset
        at = found.coming.setdefault(host, defaultdict(list))
        at.setdefault(max(1, job), []).append(Coming(dice.choice(kinds), fault.times, fault.kind))
    elif fault.kind == _OFF and job:
        found.coming.setdefault(host, {}).setdefault(job, []).append(Coming(_OFF, 1, _OFF))
    elif fault.kind == _OFF:
        state["powered"] = False
    elif fault.kind == "hang":
        state["latency"] = _FOR_EVER
    elif fault.kind == "delay":
        state["latency"] = 1.0 if seconds is None else seconds
    elif fault.kind == "wrong time":
        state["clock_offset"] = 7200.0 if seconds is None else seconds
    elif fault.kind == "full disk":
        state["disk_free"] = _HARDLY
    else:
        state["after_restart"] = dict.fromkeys(_SLOW_START, fault.times)
