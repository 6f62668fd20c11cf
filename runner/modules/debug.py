"""Show a message or a variable."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from runner.errors import TemplateError
from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text


class Params(base.Params):
    """Parameters of Ansible's debug."""

    msg: Any = Field("Hello world!", description="what to show; text, a list or a mapping")
    var: Text | None = Field(None, description="an expression whose value to show")
    verbosity: int = Field(0, ge=0, description="show only from this many -v on")

    @model_validator(mode="after")
    def _one(self) -> Params:
        if {"msg", "var"} <= self.model_fields_set:
            raise ValueError("give 'msg' or 'var', not both")
        return self


class Module(base.LocalModule[Params]):
    """Decides on the controller alone."""

    params = Params
    ahead = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/debug_module.html"
    )
    guide = Guide(
        example=('debug:\n  msg: "{{ inventory_hostname }}"'),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        if params.verbosity and _verbosity(evaluate) < params.verbosity:
            reason = "Verbosity threshold not met."
            return base.Decision(result={"skipped": True, "skipped_reason": reason})
        if params.var is None:
            return base.Decision(message=_line(params.msg), said=True, result={"msg": params.msg})
        try:
            value = evaluate.value(params.var)
        except TemplateError as error:
            if "is undefined" not in error.message:
                raise
            # As ansible-core 2.19 shows it: to look at what is not there is no failure.
            value = f"<< error 1 - {error.message} >>"
        message = f"{params.var}: {_line(value)}"
        return base.Decision(message=message, said=True, result={params.var: value})


def _verbosity(evaluate: base.Evaluate) -> int:
    try:
        return int(evaluate.value("ansible_verbosity"))
    except (TemplateError, TypeError, ValueError):
        return 0


def _line(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
