"""Local groups of a Windows host, with ``net localgroup``.

Built-in groups are found by their identifier or English name whatever they are called. A group
that is deleted takes its identifier with it, and with that its rights: that cannot be taken back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.windows import local_groups, sam
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_BAD: Final = frozenset('"/\\[]:;|=,+*?<>%')


class MembersParams(BaseModel):
    """Who shall be in the group: names, .\\name, DOMAIN\\name, NT AUTHORITY\\name, or SIDs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    add: Words = Field((), description="who shall be in it as well")
    remove: Words = Field((), description="who shall not be in it")
    set: Words | None = Field(None, description="who shall be in it, and nobody else")

    @model_validator(mode="after")
    def _fits(self) -> MembersParams:
        if self.set is not None and (self.add or self.remove):
            raise ValueError("give 'set' alone, or 'add' and 'remove'")
        return self

    @property
    def all(self) -> tuple[str, ...]:
        """Everybody who is named."""
        return (*self.add, *self.remove, *(self.set or ()))


class Params(base.Params):
    """Parameters of Ansible's win_group."""

    name: Text = Field(min_length=1, max_length=256, description="name of the group")
    description: Text | None = Field(None, description="text for people")
    members: MembersParams | None = Field(
        None, description="who is in it: 'add' and 'remove' with names, or 'set' alone"
    )
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
    """A local group; ``name`` is how the host spells it, ``sid`` its identifier.

    ``members`` is None where the task says nothing about them. ``named`` are those that it names,
    as they are shown; ``words`` what ``net localgroup`` calls everybody; ``unknown`` those who are
    not there, because a task before this one may make them.
    """

    present: bool = False
    description: str = ""
    members: tuple[str, ...] | None = None
    name: str = field(default="", compare=False)
    sid: str = field(default="", compare=False)
    named: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    words: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    unknown: tuple[str, ...] = field(default=(), compare=False)


class Module(base.Module[Params, GroupState]):
    """Brings one local group to a state."""

    params = Params
    state = GroupState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_group_module.html"
    )
    redoable = True
    guide = Guide(
        example="win_group:\n  name: deploy\n  description: who deploys",
        using=(
            Using("net, wmic", until="2022"),
            Using("net; powershell", since="2025", powershell=True),
            Using(
                "powershell",
                since="2008r2",
                powershell=True,
                part="members with names of more "
                "than 20 characters, name@domain, identifiers of a domain",
            ),
        ),
        undo="a deleted group; without PowerShell, members with names of more than 20 characters",
    )

    def subject(self, params: Params) -> str:
        return f"group {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, GroupState]:
        sam.refuse_controller(facts, f"group {params.name}")
        directory = yield from sam.find()
        found = directory.group(params.name)
        state = GroupState(name=params.name)
        if found is not None:
            state = GroupState(True, found.description, None, found.name, found.sid)
        if params.members is None or params.state == "absent":
            return state
        present: tuple[sam.Principal, ...] = ()
        if found is not None:
            (output,) = yield from read(local_groups.members_of(found.name))
            present = local_groups.members(output, found.name, directory)
        named = yield from local_groups.wanted_members(params.members.all, directory)
        words = {who.shown: who.net_name for who in (*named.values(), *present) if who is not None}
        return dataclasses.replace(
            state,
            members=_sorted(who.shown for who in present),
            named=tuple((name, who.shown if who else name) for name, who in named.items()),
            words=tuple(sorted(words.items())),
            unknown=_sorted(name for name, who in named.items() if who is None),
        )

    def plan(self, params: Params, before: GroupState, facts: base.Facts) -> GroupState:
        if params.state == "absent":
            if before.sid.startswith("S-1-5-32-"):
                raise Refused(f"{before.name} is built in: Windows does not let it go")
            return GroupState(name=before.name)
        powershell = WindowsFacts.of(facts).powershell > 0
        members = _members(params, before, powershell=powershell)
        after = dataclasses.replace(before, present=True, members=members)
        if params.description is None:
            return after
        return dataclasses.replace(after, description=params.description)

    def apply(
        self, params: Params, change: Change[GroupState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        name = after.name or before.name
        local_groups.refuse_unknown(set(after.unknown) & set(after.members or ()))
        if not after.present:
            yield from _net(f"delete the group {name}", name, "/delete")
            return {}
        words = [] if before.present else ["/add"]
        if before.description != after.description:
            words.append(f"/comment:{after.description}")
        if words:
            yield from _net(f"{'change' if before.present else 'make'} the group {name}",
                            name, *words)  # fmt: skip
        known = {**dict(before.words), **dict(after.words)}
        yield from local_groups.change(name, before.members or (), after.members or (), known)
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
        return restoring_settings.group(change)

    def irreversible(self, params: Params, change: Change[GroupState], facts: base.Facts) -> str:
        if change.before.present and not change.after.present:
            return "a group that is deleted takes its identifier, members and rights with it"
        lost = set(change.before.members or ()) - set(change.after.members or ())
        gone = local_groups.too_long(dict(change.before.words), lost)
        if not gone or WindowsFacts.of(facts).powershell:
            return ""
        return f"net localgroup cannot put {gone} in again: its name is too long"

    def message(self, params: Params, change: Change[GroupState], facts: base.Facts) -> str:
        missing = ", ".join(change.after.unknown)
        return f"must be made first: {missing}" if missing else ""

    def result(
        self,
        params: Params,
        change: Change[GroupState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"name": change.after.name or params.name}


def _members(params: Params, before: GroupState, *, powershell: bool) -> tuple[str, ...] | None:
    if params.members is None:
        return None
    shown, now = dict(before.named), set(before.members or ())
    wanted = now if params.members.set is None else {shown[name] for name in params.members.set}
    wanted = wanted | {shown[name] for name in params.members.add}
    wanted -= {shown[name] for name in params.members.remove}
    local_groups.refuse_long(dict(before.words), wanted - now, powershell=powershell)
    return _sorted(wanted)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=str.casefold))


def _net(doing: str, name: str, *words: str) -> Generator[Request, Reply, None]:
    output = yield from write(Exec("net", "localgroup", name, *words))
    expect(output, "net", doing)
