"""Put each host into a group that is named after what it is, for later tasks and plays.

It changes the inventory of this run only, and nothing on any host.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.inventory import Addition


class Params(base.Params):
    """Parameters of Ansible's group_by."""

    key: Text = Field(min_length=1, description="the group; blanks become dashes")
    parents: tuple[str, ...] = Field(("all",), description="groups that contain that group")

    @field_validator("parents", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return tuple(map(str, value)) if isinstance(value, list | tuple) else value


class Module(base.LocalModule[Params]):
    """Decides on the controller alone; the engine lets the inventory grow."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/group_by_module.html"
    )
    guide = Guide(
        example=("group_by:\n  key: windows_{{ ansible_distribution_major_version }}"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        key = params.key.replace(" ", "-")
        parents = [name.replace(" ", "-") for name in params.parents]
        return base.Decision(
            adds=Addition("", (key,), tuple(parents)),
            message=key,
            result={"add_group": key, "parent_groups": parents},
        )
