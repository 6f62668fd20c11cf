"""Set variables of a host for the rest of the run.

``cacheable`` is accepted: such a fact lives as long as the run, since there is no fact cache
between runs.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide


class Params(base.Params):
    """Any names; each becomes a variable of the host."""

    model_config = ConfigDict(extra="allow")

    cacheable: bool = Field(False, description="also a fact; there is no cache between runs")

    @model_validator(mode="after")
    def _some(self) -> Params:
        if not self.model_extra:
            raise ValueError("no variable is given; write NAME: VALUE")
        return self


class Module(base.LocalModule[Params]):
    """Decides on the controller alone."""

    params = Params
    ahead = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/set_fact_module.html"
    )
    guide = Guide(
        example=("set_fact:\n  wave: 2"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        facts = dict(params.model_extra or {})
        return base.Decision(facts=facts, result={"ansible_facts": facts})
