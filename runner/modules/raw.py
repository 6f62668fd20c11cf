"""Send a line to the host's login shell exactly as it is written."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules._parts import command


class Params(base.Params):
    """The free-form line of Ansible's raw."""

    FREE_FORM: ClassVar[str | None] = "free_form"
    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "executable": "the line goes to the login shell; use win_shell to choose one"
    }

    free_form: Text = Field(min_length=1, description="the line to send")


class Module(base.Module[Params, CommandState]):
    """Runs a line; nothing can tell beforehand what it does."""

    params = Params
    state = CommandState
    effect = base.Effect.COMMAND
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/raw_module.html"
    guide = Guide(
        example="raw: hostname",
        using=(Using("the login shell"),),
        where="both",
    )

    def subject(self, params: Params) -> str:
        return f"raw {params.free_form}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, CommandState]:
        return CommandState()
        yield  # pragma: no cover

    def plan(self, params: Params, before: CommandState, facts: base.Facts) -> CommandState:
        return command.planned(before)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from command.run(Script("raw", params.free_form), params.free_form))

    def result(
        self,
        params: Params,
        change: Change[CommandState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return applied
