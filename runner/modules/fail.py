"""Fail with a message."""

from __future__ import annotations

from pydantic import Field

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text


class Params(base.Params):
    """Parameters of Ansible's fail."""

    msg: Text = Field("Failed as requested from task", description="what to say")


class Module(base.LocalModule[Params]):
    """Decides on the controller alone."""

    params = Params
    ahead = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/fail_module.html"
    guide = Guide(
        example=("fail:\n  msg: this host is not ours"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        return base.Decision(failed=True, message=params.msg, result={"msg": params.msg})
