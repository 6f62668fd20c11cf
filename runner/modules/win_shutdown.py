"""Shut a host down, and see it go.

It is done when the host does not answer any more, and not when it said that it would: something
may hold a shutdown up. Nobody can switch it on again from here.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from runner.errors import ConnectionLost, ModuleError, Unreachable
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, Sleep, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.windows.exit_codes import OK, SHUTDOWN_IN_PROGRESS, SHUTDOWN_SCHEDULED, expect

_FIRST_COMMAND: Final = Exec("hostname")
_LEAST_DELAY: Final = 2
_PAUSE: Final = 2.0
_SILENT: Final = 3
"""How many times in a row a host must not answer to be gone."""


class Params(base.Params):
    """Parameters of Ansible's shutdown, for Windows."""

    delay: int = Field(2, ge=0, le=315360000, description="seconds before it goes down")
    msg: Text = Field("Shutdown asked for by runner", max_length=511, description="shown to users")
    timeout: float = Field(600, gt=0, description="seconds after the delay until it must be gone")


@dataclass(frozen=True, slots=True)
class Power:
    """Whether the host answers."""

    on: bool


class Module(base.Module[Params, Power]):
    """Shuts the host down."""

    params = Params
    state = Power
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/general/shutdown_module.html"
    )
    guide = Guide(
        example=("win_shutdown:\n  delay: 10"),
        using=(Using("shutdown"),),
        undo="a host that is off cannot be switched on from here",
    )

    def subject(self, params: Params) -> str:
        return "power"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Power]:
        try:
            (output,) = yield from read(_FIRST_COMMAND)
        except Unreachable:
            return Power(on=False)
        expect(output, "hostname", "run a first command")
        return Power(on=True)

    def plan(self, params: Params, before: Power, facts: base.Facts) -> Power:
        if not before.on:
            raise Unreachable(
                "the host does not answer: whether it is off, or out of reach, cannot be told",
                hint="look at its console or at the hypervisor",
            )
        return Power(on=False)

    def apply(
        self, params: Params, change: Change[Power], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.after.on:
            return {}
        begun = time.monotonic()
        delay = max(params.delay, _LEAST_DELAY)
        command = Exec("shutdown", "/s", "/f", "/t", str(delay), "/c", params.msg,
                       disconnects=True)  # fmt: skip
        out = yield from write(command)
        if out.code == SHUTDOWN_SCHEDULED:
            abort = yield from write(Exec("shutdown", "/a"))
            expect(abort, "shutdown", "take back the shutdown that was scheduled before")
            out = yield from write(command)
        expect(out, "shutdown", "shut the host down", (OK, SHUTDOWN_IN_PROGRESS))
        yield Sleep(delay)
        yield from _gone(begun + delay + params.timeout)
        return {"shutdown": True, "elapsed": round(time.monotonic() - begun, 3)}

    def undo(
        self, params: Params, change: Change[Power], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """Nothing that could be sent would arrive."""
        raise ModuleError("a host that is off cannot be switched on from here")
        yield  # pragma: no cover

    def irreversible(self, params: Params, change: Change[Power], facts: base.Facts) -> str:
        return "" if change.after.on else "a host that is off cannot be switched on from here"

    def result(
        self,
        params: Params,
        change: Change[Power],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"shutdown": not change.after.on, **applied}


def _gone(end: float) -> Generator[Request, Reply, None]:
    """Ask until nobody answers, several times in a row: one lost answer proves nothing."""
    silent = 0
    while silent < _SILENT:
        try:
            yield from read(_FIRST_COMMAND)
            silent = 0
        except (Unreachable, ConnectionLost):
            silent += 1
        if silent < _SILENT:
            if time.monotonic() >= end:
                raise ModuleError(
                    "the host accepted the shutdown, but still answers",
                    hint="something holds it up (an update, a program); look at its console",
                )
            yield Sleep(_PAUSE)
