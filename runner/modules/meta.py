"""Tell the runner itself to do something."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide


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
        "refresh_inventory",
        "reset_connection",
    ] = Field(description="what to do")

    @field_validator("free_form", mode="before")
    @classmethod
    def _bare(cls, word: object) -> object:
        return str(word).strip()


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
