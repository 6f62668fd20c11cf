"""Who is in a local group of a Windows host, with ``net localgroup``.

Accounts are compared by identifier, so English names of built-in groups and accounts mean the
same on every Windows; accounts of a domain, of which the host itself knows no identifier, by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.windows import local_groups, sam
from runner.windows.facts import WindowsFacts


class Params(base.Params):
    """Parameters of Ansible's win_group_membership."""

    name: Text = Field(min_length=1, description="the local group, by name or identifier")
    members: Words = Field(description="accounts: name, .\\name, DOMAIN\\name, NT AUTHORITY\\name")
    state: Literal["absent", "present", "pure"] = Field(
        "present", description="pure: these and nobody else"
    )


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in the group. ``words`` are what ``net localgroup`` calls each of them, and those
    that the task names; ``wanted`` are the latter alone, ``group`` the group as the host spells it.
    """

    members: tuple[str, ...] = ()
    group: str = field(default="", compare=False)
    wanted: tuple[str, ...] = field(default=(), compare=False)
    words: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    unknown: tuple[str, ...] = field(default=(), compare=False)
    """Wanted accounts that are not there: a task before this one may make them."""
    missing: bool = field(default=False, compare=False)
    """Whether the group itself is not there; the same goes for it."""


class Module(base.Module[Params, Members]):
    """Brings the members of one group to a state."""

    params = Params
    state = Members
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_group_membership_module.html"
    )
    guide = Guide(
        example=(
            "win_group_membership:\n"
            "  name: Administrators\n"
            "  members: DOMAIN\\ops\n"
            "  state: present"
        ),
        using=(
            Using("net, wmic", until="2022"),
            Using("net; powershell", since="2025", powershell=True),
            Using(
                "powershell",
                since="2008r2",
                powershell=True,
                part="names of more than 20 characters, name@domain, identifiers of a domain",
            ),
        ),
        undo="without PowerShell, members with names of more than 20 characters",
    )

    def subject(self, params: Params) -> str:
        return f"members of group {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Members]:
        sam.refuse_controller(facts, f"members of group {params.name}")
        directory = yield from sam.find()
        group = directory.group(params.name)
        present: tuple[sam.Principal, ...] = ()
        if group is not None:
            (output,) = yield from read(local_groups.members_of(group.name))
            present = local_groups.members(output, group.name, directory)
        found = yield from local_groups.wanted_members(params.members, directory)
        wanted = [who for who in found.values() if who is not None]
        unknown = [name for name, who in found.items() if who is None]
        words = {who.shown: who.net_name for who in (*wanted, *present)}
        return Members(
            members=_sorted(who.shown for who in present),
            group=params.name if group is None else group.name,
            wanted=_sorted((*(who.shown for who in wanted), *unknown)),
            words=tuple(sorted(words.items())),
            unknown=_sorted(unknown),
            missing=group is None,
        )

    def plan(self, params: Params, before: Members, facts: base.Facts) -> Members:
        if params.state == "absent":
            _check(before, before.unknown)
        now, named = set(before.members), set(before.wanted)
        wanted = {"present": now | named, "absent": now - named, "pure": named}[params.state]
        powershell = WindowsFacts.of(facts).powershell > 0
        local_groups.refuse_long(dict(before.words), wanted - now, powershell=powershell)
        return dataclasses.replace(before, members=_sorted(wanted))

    def apply(
        self, params: Params, change: Change[Members], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        _check(after, set(after.unknown) & set(after.members))
        words = {**dict(before.words), **dict(after.words)}
        yield from local_groups.change(after.group, before.members, after.members, words)
        return {}

    def restore(self, params: Params, change: Change[Members]) -> tuple[base.Restoring, ...]:
        return restoring_settings.members(change)

    def irreversible(self, params: Params, change: Change[Members], facts: base.Facts) -> str:
        before, after = change.before, change.after
        lost = set(before.members) - set(after.members)
        gone = local_groups.too_long(dict(before.words), lost)
        if not gone or WindowsFacts.of(facts).powershell:
            return ""
        return f"net localgroup cannot put {gone} in again: its name is too long"

    def message(self, params: Params, change: Change[Members], facts: base.Facts) -> str:
        after = change.after
        missing = (*after.unknown, *((f"group {after.group}",) if after.missing else ()))
        return f"must be made first: {', '.join(missing)}" if missing else ""

    def result(
        self,
        params: Params,
        change: Change[Members],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before.members, change.after.members
        return {
            "name": change.after.group,
            "added": [name for name in after if name not in before],
            "removed": [name for name in before if name not in after],
            "members": list(after),
        }


def _check(state: Members, unknown: Collection[str]) -> None:
    """Raises Refused for what cannot be done as long as somebody is missing."""
    if state.missing:
        raise Refused(
            f"there is no local group '{state.group}' on this host",
            hint="make it first (win_group); net localgroup lists those that there are",
        )
    local_groups.refuse_unknown(unknown)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=str.casefold))
