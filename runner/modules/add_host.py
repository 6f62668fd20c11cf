"""Add a host, and the groups it is in, to the inventory of this run: for later plays.

It is done once for all hosts of a batch, as in Ansible, and changes nothing on any host.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, ConfigDict, Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.inventory import Addition


class Params(base.Params):
    """Names of the host and of groups; every other name is a variable of the host."""

    model_config = ConfigDict(extra="allow")

    name: Text = Field(
        min_length=1,
        validation_alias=AliasChoices("name", "hostname", "host"),
        description="the host; NAME:PORT sets its port, too",
    )
    groups: tuple[str, ...] = Field(
        (),
        validation_alias=AliasChoices("groups", "groupname", "group"),
        description="groups to put it into; a list, or a text with commas",
    )

    @field_validator("groups", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        words = value.split(",") if isinstance(value, str) else value or ()
        if not isinstance(words, list | tuple):
            return value
        return tuple(dict.fromkeys(str(word).strip() for word in words if str(word).strip()))


class Module(base.LocalModule[Params]):
    """Decides on the controller alone; the engine lets the inventory grow."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/add_host_module.html"
    )
    guide = Guide(
        example=("add_host:\n  name: web02\n  groups: web"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        name, port = _split_port(params.name)
        variables = dict(params.model_extra or {})
        added = Addition(name, params.groups, (), variables, port)
        return base.Decision(
            adds=added,
            message=f"{name}: {', '.join(params.groups) or 'in no group'}",
            result={
                "add_host": {
                    "host_name": name,
                    "groups": list(params.groups),
                    "host_vars": variables,
                }
            },
        )


def _split_port(name: str) -> tuple[str, int | None]:
    """``web01:2222``; an IPv6 address has a port only behind brackets, ``[::1]:22``."""
    head, colon, tail = name.rpartition(":")
    bracketed = head.startswith("[") and head.endswith("]")
    if not colon or not tail.isdecimal() or (":" in head and not bracketed):
        return name, None
    return (head[1:-1] if bracketed else head), int(tail)
