"""Check that a host answers and runs commands. This is no ICMP ping."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.windows.exit_codes import expect


class Params(base.Params):
    """Parameters of Ansible's win_ping."""

    data: Text = Field("pong", description="what to return; 'crash' fails on purpose")


@dataclass(frozen=True, slots=True)
class Answer:
    """That the host ran a command, and the name it gave."""

    hostname: str


class Module(base.Module[Params, Answer]):
    """Looks, changes nothing."""

    params = Params
    state = Answer
    effect = base.Effect.READ
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_ping_module.html"
    )
    guide = Guide(
        example="win_ping:",
        using=(Using("cmd"),),
    )

    def subject(self, params: Params) -> str:
        return "connection"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Answer]:
        if params.data == "crash":
            raise ModuleError("boom", hint="data: crash asks for exactly this")
        (output,) = yield from read(Exec("hostname"))
        return Answer(expect(output, "hostname", "run a first command").stdout.strip())

    def plan(self, params: Params, before: Answer, facts: base.Facts) -> Answer:
        return before

    def result(
        self, params: Params, change: Change[Answer], facts: base.Facts, applied: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {"ping": params.data}
