"""Tell the runner itself to do something."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide

_ELSEWHERE = {
    "refresh_inventory": "the inventory is read once, before the run; "
    "add what came about meanwhile with add_host, or run a second playbook",
}


class Params(base.Params):
    """The free-form word of Ansible's meta."""

    FREE_FORM: ClassVar[str | None] = "free_form"

    free_form: Literal[
        "noop",
        "flush_handlers",
        "end_host",
        "end_batch",
        "end_play",
        "end_role",
        "clear_facts",
        "clear_host_errors",
        "reset_connection",
    ] = Field(description="what to do")

    @field_validator("free_form", mode="before")
    @classmethod
    def _known(cls, word: object) -> object:
        text = str(word).strip()
        if text in _ELSEWHERE:
            raise ValueError(f"'{text}' is not supported: {_ELSEWHERE[text]}")
        return text


class Module(base.LocalModule[Params]):
    """Decides on the controller alone; the engine carries the word out."""

    params = Params
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/meta_module.html"
    guide = Guide(
        example="meta: flush_handlers",
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        return base.Decision(message=params.free_form, meta=params.free_form)
