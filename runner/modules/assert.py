# ruff: noqa: N999 - the file name is the YAML key
"""Fail unless some expressions hold."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Items, Text


class Params(base.Params):
    """Parameters of Ansible's assert."""

    that: Items = Field(description="expressions as in 'when'; all must hold")
    fail_msg: Any = Field(None, alias="msg", description="what to say when one does not hold")
    success_msg: Any = Field(None, description="what to say when all hold")
    quiet: bool = Field(False, description="say less when all hold")

    @field_validator("that")
    @classmethod
    def _conditions(cls, items: tuple[Any, ...]) -> tuple[Any, ...]:
        for item in items:
            if not isinstance(item, str | bool):
                raise ValueError(f"must be expressions, not {item!r}")  # noqa: TRY004 - pydantic's
        if not items:
            raise ValueError("must have at least one expression")
        return items

    @field_validator("fail_msg", "success_msg")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        lines = value if isinstance(value, list) else [value]
        if not all(line is None or isinstance(line, str | int | float) for line in lines):
            raise ValueError("must be text or a list of texts")
        return value


class Module(base.LocalModule[Params]):
    """Decides on the controller alone."""

    params = Params
    ahead = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/assert_module.html"
    )
    guide = Guide(
        example=("assert:\n  that: ansible_os_family == 'Windows'"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        for item in params.that:
            holds = item if isinstance(item, bool) else evaluate.condition(item)
            if not holds:
                text = _text(params.fail_msg, "")
                said = params.fail_msg or "Assertion failed"
                result = {"assertion": item, "evaluated_to": False, "msg": said}
                # Who wrote what to say said it for people; the expression is in the result.
                return base.Decision(
                    failed=True, message=text or f"Assertion failed: {item}", result=result
                )
        text = _text(params.success_msg, "All assertions passed")
        result = {"msg": params.success_msg or text}
        return base.Decision(message="" if params.quiet else text, result=result)


def _text(value: Text | list[Text] | None, default: str) -> str:
    if value is None:
        return default
    return "; ".join(str(line) for line in value) if isinstance(value, list) else str(value)
