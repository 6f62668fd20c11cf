"""Wait until a host accepts connections and runs commands."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import Field

from runner.errors import TransportError
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reconnect, Reply, Request, Sleep, read
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.windows.exit_codes import expect

_FIRST_COMMAND = Exec("hostname")


class Params(base.Params):
    """Parameters of Ansible's wait_for_connection."""

    timeout: float = Field(600, gt=0, description="seconds in all")
    delay: float = Field(0, ge=0, description="seconds to wait before the first try")
    sleep: float = Field(1, ge=0, description="seconds between tries")
    connect_timeout: float = Field(5, gt=0, description="seconds for one try")


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether the host answers; UNKNOWN when it did not answer the first try.

    A rollback has nothing to bring back: whatever it finds agrees with UNKNOWN.
    """

    reached: bool


class Module(base.Module[Params, Reach]):
    """Brings the connection from "not known" to "reached"; there is nothing to take back."""

    params = Params
    state = Reach
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/"
        "wait_for_connection_module.html"
    )
    guide = Guide(
        example=("wait_for_connection:\n  timeout: 300"),
        using=(Using("cmd"),),
        where="both",
    )

    def subject(self, params: Params) -> str:
        return "connection"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Reach]:
        if params.delay:
            yield Sleep(params.delay)
        try:
            (output,) = yield from read(_FIRST_COMMAND)
        except TransportError as error:
            if not error.unreachable:
                raise
            return Reach(reached=cast(bool, UNKNOWN))
        expect(output, "hostname", "run a first command")
        return Reach(reached=True)

    def plan(self, params: Params, before: Reach, facts: base.Facts) -> Reach:
        return Reach(reached=True)

    def apply(
        self, params: Params, change: Change[Reach], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        yield Reconnect(
            timeout=params.timeout, pause=params.sleep, connect_timeout=params.connect_timeout
        )
        (output,) = yield from read(_FIRST_COMMAND)
        expect(output, "hostname", "run a first command")
        return {"elapsed": round(time.monotonic() - begun, 3)}

    def undo(
        self, params: Params, change: Change[Reach], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """Having waited leaves nothing to take back."""
        return {}
        yield  # pragma: no cover

    def result(
        self, params: Params, change: Change[Reach], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {"elapsed": applied.get("elapsed", 0)}
