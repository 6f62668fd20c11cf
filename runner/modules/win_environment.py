"""Environment variables of the host, or of the user who is logged on with, for good.

A variable that is there keeps the type of its value; a new one may hold references
(``%SystemRoot%``) exactly if it has any. Running programs do not see the change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts import restoring, win_environment
from runner.modules._parts.win_environment import EnvironmentState, Variable
from runner.windows import registry

_PROCESS = "a variable of the process would be gone when the task ends; give 'environment' instead"


class Params(base.Params):
    """Parameters of Ansible's win_environment."""

    name: Text | None = Field(None, description="the variable")
    value: Text | None = Field(None, description="what it shall hold")
    variables: Mapping[str, Text | None] | None = Field(
        None, description="several variables with their values; an empty one removes it"
    )
    level: Literal["machine", "user", "process"] = Field(
        description="whose: the machine's, or the user's who is logged on with"
    )
    state: Literal["absent", "present"] | None = Field(
        None, description="whether it shall exist; goes with 'name'"
    )

    EMPTY: ClassVar[str] = "an empty variable cannot exist; use state: absent to remove it"

    @field_validator("level")
    @classmethod
    def _lasting(cls, level: str) -> str:
        if level == "process":
            raise ValueError(f"cannot be process: {_PROCESS}")
        return level

    @model_validator(mode="after")
    def _together(self) -> Params:
        if (self.name is None) == (self.variables is None):
            raise ValueError("needs one of 'name' and 'variables'")
        if self.variables is not None and (self.value is not None or self.state is not None):
            raise ValueError("'value' and 'state' go with 'name', not with 'variables'")
        if self.name is not None and self.state != "absent" and not self.value:
            raise ValueError(f"'value' is missing: {self.EMPTY}")
        if self.state == "absent" and self.value:
            raise ValueError("state: absent takes no value")
        for name, value in self.wanted.items():
            if not name or "=" in name or (why := registry.unwritable(name)):
                raise ValueError(f"'{name}' is not the name of a variable")
            if value and (why := registry.unwritable(value)):
                raise ValueError(f"reg.exe cannot write the value of {name}: {why}")
        if len({name.casefold() for name in self.wanted}) < len(self.wanted):
            raise ValueError("the same variable is named twice: case makes no difference")
        return self

    @property
    def wanted(self) -> Mapping[str, str | None]:
        """The variables with what they shall hold; None for those that shall not be."""
        if self.variables is not None:
            return {name: value or None for name, value in self.variables.items()}
        assert self.name is not None
        return {self.name: None if self.state == "absent" else self.value}


class Module(base.Module[Params, EnvironmentState]):
    """Brings environment variables to values."""

    params = Params
    state = EnvironmentState
    ahead = True
    straight = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_environment_module.html"
    guide = Guide(
        example=("win_environment:\n  name: APP_HOME\n  value: C:\\app\n  level: machine"),
        using=(Using("reg"),),
    )

    def subject(self, params: Params) -> str:
        return f"{params.level} variable {', '.join(params.wanted)}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, EnvironmentState]:
        return (yield from win_environment.find(params.level, list(params.wanted)))

    def plan(self, params: Params, before: EnvironmentState, facts: base.Facts) -> EnvironmentState:
        pairs = zip(before.variables, params.wanted.values(), strict=True)
        variables = tuple(_wanted(old, value) for old, value in pairs)
        there = before.key_present or any(new.present for new in variables)
        return dataclasses.replace(before, variables=variables, key_present=there)

    def reach(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> Reach | None:
        return win_environment.reach(params.level, tuple(params.wanted), change)

    def apply(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from win_environment.change(params.level, change.before, change.after))

    def irreversible(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> str:
        return win_environment.problem(change.before)

    def restore(
        self, params: Params, change: Change[EnvironmentState]
    ) -> tuple[base.Restoring, ...]:
        return restoring.environment(params.level, change)

    def result(
        self,
        params: Params,
        change: Change[EnvironmentState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        pairs = list(zip(change.before.variables, change.after.variables, strict=True))
        values = {
            name: {"before": old.value, "after": new.value, "changed": old.value != new.value}
            for name, (old, new) in zip(params.wanted, pairs, strict=True)
        }
        if params.variables is not None:
            return {"values": values}
        (old, new), *_ = pairs
        return {"before_value": old.value, "value": new.value, "values": values}


def _wanted(old: Variable, value: str | None) -> Variable:
    if value is None:
        return Variable(old.name)
    kind = old.type or ("expandstring" if "%" in value else "string")
    return Variable(old.name, True, kind, value)
