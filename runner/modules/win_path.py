"""Folders in a search path such as ``PATH``, of the host or of the user who is logged on with.

Whatever else stands there stays, in its order; folders that are named twice are left alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts import restoring, win_environment
from runner.modules._parts.win_environment import EnvironmentState, Variable
from runner.windows import registry


class Params(base.Params):
    """Parameters of Ansible's win_path."""

    elements: Words = Field(description="folders to add, in this order, or to remove")
    name: Text = Field("PATH", min_length=1, description="the variable")
    scope: Literal["machine", "user"] = Field("machine", description="whose variable")
    state: Literal["absent", "present"] = Field(
        "present", description="whether the folders shall be in it"
    )

    @field_validator("elements")
    @classmethod
    def _folders(cls, elements: tuple[str, ...]) -> tuple[str, ...]:
        if not elements:
            raise ValueError("must name at least one folder")
        for one in elements:
            if len(split(one)) != 1 or not _key(one) or registry.unwritable(one):
                raise ValueError(f"{one!r} is not one folder")
        if len({_key(one) for one in elements}) < len(elements):
            raise ValueError("names the same folder twice")
        return elements


class Module(base.Module[Params, EnvironmentState]):
    """Brings folders into a search path, or out of it."""

    params = Params
    state = EnvironmentState
    ahead = True
    straight = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_path_module.html"
    )
    guide = Guide(
        example=("win_path:\n  elements: C:\\tools"),
        using=(Using("reg"),),
    )

    def subject(self, params: Params) -> str:
        return f"{params.scope} variable {params.name}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, EnvironmentState]:
        return (yield from win_environment.find(params.scope, [params.name]))

    def plan(self, params: Params, before: EnvironmentState, facts: base.Facts) -> EnvironmentState:
        (old,) = before.variables
        found = split(old.data)
        edit = added if params.state == "present" else removed
        wanted = edit(found, params.elements)
        if wanted == found:
            return before
        new = Variable(old.name, True, old.type or "expandstring", ";".join(wanted))
        if params.scope == "machine" and not wanted and params.name.casefold() == "path":
            raise ModuleError(
                "nothing would be left in the search path of the machine",
                hint="Windows does not work without it; leave at least System32 in it",
            )
        return dataclasses.replace(before, variables=(new,), key_present=True)

    def reach(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> Reach | None:
        return win_environment.reach(params.scope, (params.name,), change)

    def apply(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from win_environment.change(params.scope, change.before, change.after))

    def irreversible(
        self, params: Params, change: Change[EnvironmentState], facts: base.Facts
    ) -> str:
        return win_environment.problem(change.before)

    def restore(
        self, params: Params, change: Change[EnvironmentState]
    ) -> tuple[base.Restoring, ...]:
        return restoring.environment(params.scope, change)

    def result(
        self,
        params: Params,
        change: Change[EnvironmentState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"path_value": change.after.variables[0].value}


def split(value: str) -> list[str]:
    """The folders of a search path; a semicolon between quotes belongs to a folder."""
    found, word, quoted = [], "", False
    for char in value:
        if char == '"':
            quoted = not quoted
        if char == ";" and not quoted:
            found.append(word)
            word = ""
        else:
            word += char
    return [*found, word] if value else []


def added(found: Sequence[str], elements: Sequence[str]) -> list[str]:
    """With the elements in it, in their order: new ones at the end, others moved towards it.

    Source: Ansible, win_path, "elements".
    """
    path, last = list(found), -1
    for one in elements:
        at = _index(path, one)
        if at is None:
            path.append(one)
            last = len(path) - 1
        elif at < last:
            path.insert(last, path.pop(at))
        else:
            last = at
    return path


def removed(found: Sequence[str], elements: Sequence[str]) -> list[str]:
    """Without the elements."""
    keys = {_key(one) for one in elements}
    return [one for one in found if _key(one) not in keys]


def _index(path: Sequence[str], element: str) -> int | None:
    return next((at for at, one in enumerate(path) if _key(one) == _key(element)), None)


def _key(element: str) -> str:
    return element.strip('"').rstrip("\\").casefold()
