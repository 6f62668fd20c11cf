"""Fail with a message."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from runner.interfaces import module as base
from runner.interfaces.guide import Guide


class Params(base.Params):
    """Parameters of Ansible's fail."""

    msg: Any = Field("Failed as requested from task", description="what to say")


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
        said = params.msg if isinstance(params.msg, str) else json.dumps(params.msg, default=str)
        return base.Decision(failed=True, message=said, result={"msg": params.msg})
