"""Check that a POSIX host answers and runs commands. This is no ICMP ping."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from pydantic import Field

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, read
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.interfaces.module import Nothing
from runner.model.state import Change
from runner.modules._parts.posix import require_posix


class Params(base.Params):
    """Parameters of Ansible's ping."""

    data: Text = Field("pong", description="what to return; 'crash' fails on purpose")


class Module(base.Module[Params, Nothing]):
    """Looks, changes nothing."""

    params = Params
    state = Nothing
    effect = base.Effect.READ
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ping_module.html"
    guide = Guide(
        example="ping:",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return "connection"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Nothing]:
        require_posix(facts, "ping", "win_ping")
        if params.data == "crash":
            raise ModuleError("boom", hint="data: crash asks for exactly this")
        (output,) = yield from read(Exec("true"))
        base.require(output)
        return Nothing()

    def plan(self, params: Params, before: Nothing, facts: base.Facts) -> Nothing:
        return before

    def result(
        self, params: Params, change: Change[Nothing], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {"ping": params.data}
