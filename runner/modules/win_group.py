"""Local groups of a Windows host, with ``net localgroup``.

Built-in groups are found by their identifier or English name whatever they are called. A group
that is deleted takes its identifier with it, and with that its rights: that cannot be taken back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules import _restoring_settings
from runner.windows import sam
from runner.windows.exit_codes import expect

_BAD: Final = frozenset('"/\\[]:;|=,+*?<>%')


class Params(base.Params):
    """Parameters of Ansible's win_group."""

    name: Text = Field(min_length=1, max_length=256, description="name of the group")
    description: Text | None = Field(None, description="text for people")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")

    @field_validator("name")
    @classmethod
    def _checked(cls, name: str) -> str:
        control = any(ord(char) < 32 for char in name)
        if _BAD.intersection(name) or not name.strip(" .") or control:
            raise ValueError(f"'{name}' is not the name of a group of Windows")
        return name


@dataclass(frozen=True, slots=True)
class GroupState:
    """A local group; ``name`` is how the host spells it, ``sid`` its identifier."""

    present: bool = False
    description: str = ""
    name: str = field(default="", compare=False)
    sid: str = field(default="", compare=False)


class Module(base.Module[Params, GroupState]):
    """Brings one local group to a state."""

    params = Params
    state = GroupState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_group_module.html"
    )
    guide = Guide(
        example="win_group:\n  name: deploy\n  description: who deploys",
        using=(
            Using("net, wmic", until="2022"),
            Using("net; powershell", since="2025", powershell=True),
        ),
        undo="a deleted group",
    )

    def subject(self, params: Params) -> str:
        return f"group {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, GroupState]:
        sam.refuse_controller(facts, f"group {params.name}")
        found = (yield from sam.find()).group(params.name)
        if found is None:
            return GroupState(name=params.name)
        return GroupState(True, found.description, found.name, found.sid)

    def plan(self, params: Params, before: GroupState, facts: base.Facts) -> GroupState:
        if params.state == "absent":
            if before.sid.startswith("S-1-5-32-"):
                raise Refused(f"{before.name} is built in: Windows does not let it go")
            return GroupState(name=before.name)
        if params.description is None:
            return dataclasses.replace(before, present=True)
        return dataclasses.replace(before, present=True, description=params.description)

    def apply(
        self, params: Params, change: Change[GroupState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        name = after.name or before.name
        if not after.present:
            yield from _net(f"delete the group {name}", name, "/delete")
            return {}
        words = [] if before.present else ["/add"]
        if before.description != after.description:
            words.append(f"/comment:{after.description}")
        if words:
            yield from _net(f"{'change' if before.present else 'make'} the group {name}",
                            name, *words)  # fmt: skip
        return {}

    def undo(
        self, params: Params, change: Change[GroupState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.present and not change.after.present:
            raise ModuleError(
                f"the group {change.before.name} cannot be made again: its identifier is gone",
                hint="make a new one with win_group, and give it the rights of the old one",
            )
        return (yield from self.apply(params, change.reversed(), facts))

    def restore(self, params: Params, change: Change[GroupState]) -> tuple[base.Restoring, ...]:
        return _restoring_settings.group(change)

    def irreversible(self, params: Params, change: Change[GroupState], facts: base.Facts) -> str:
        if change.before.present and not change.after.present:
            return "a group that is deleted takes its identifier, members and rights with it"
        return ""

    def result(
        self,
        params: Params,
        change: Change[GroupState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"name": change.after.name or params.name}


def _net(doing: str, name: str, *words: str) -> Generator[Request, Reply, None]:
    output = yield from write(Exec("net", "localgroup", name, *words))
    expect(output, "net", doing)
