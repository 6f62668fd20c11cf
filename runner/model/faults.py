"""What is to go wrong in a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KINDS: Final = {
    "cut": "connections are closed between two exchanges",
    "reset": "a connection is reset under a command, which has run or has not",
    "delay": "every command takes 'seconds' longer",
    "powered off": "nobody answers, from the beginning or from the job 'after' on",
    "hang": "the host takes connections, but no command ends; with 'after' one answer never comes",
    "wrong time": "the clock is fast by 'seconds' (negative: slow)",
    "full disk": "hardly any space is left",
    "slow restart": "after each restart logons are refused for a while",
}
"""Every kind of fault, and what it does."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault on some hosts.

    ``hosts`` is a share (``10%``, at least one host), a number, or a pattern. It comes when the job
    with a number between ``first`` and ``last`` begins on the host, counted from 1 (0: it is there
    from the beginning), ``times`` times in a row. ``seconds`` is None for the kind's own.
    """

    kind: str
    hosts: str
    first: int = 0
    last: int = 0
    times: int = 1
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """Faults that come together. The same ``seed`` on the same hosts gives the same faults."""

    name: str
    faults: tuple[Fault, ...] = ()
    seed: int = 1


_ODD: Final = (
    Fault("reset", "15%", 2, 25, 1),
    Fault("cut", "15%", 2, 25, 1),
)
PROFILES: Final = {
    profile.name: profile
    for profile in (
        FaultProfile("none"),
        FaultProfile("flaky", (*_ODD, Fault("delay", "10%", seconds=0.3))),
        FaultProfile(
            "bad-night",
            (
                *_ODD,
                Fault("delay", "10%", seconds=1.0),
                Fault("powered off", "4%"),
                Fault("powered off", "2%", 10, 30),
                Fault("hang", "2%"),
                Fault("hang", "2%", 5, 25),
                Fault("wrong time", "4%", seconds=7200),
                Fault("full disk", "3%"),
                Fault("slow restart", "20%", times=3),
            ),
        ),
    )
}
"""The profiles that have a name."""
