"""Groups of a Unix host, with the shadow tools (groupadd, groupmod, groupdel)."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.posix import require_posix
from runner.modules._parts.user import Name
from runner.posix import accounts, tools


class Params(base.Params):
    """Parameters of Ansible's group."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "local": "libuser's programs (lgroupadd) are not used"
    }

    name: Name = Field(description="name of the group")
    state: Literal["absent", "present"] = Field("present", description="whether it exists")
    gid: int | None = Field(None, ge=0, description="its number")
    non_unique: bool = Field(False, description="let gid be the number of another group too")
    system: bool = Field(False, description="make a new group a system group")
    gid_min: int | None = Field(None, description="least number for a new group")
    gid_max: int | None = Field(None, description="greatest number for a new group")
    force: bool = Field(False, description="with absent: even if it is a user's primary group")

    @model_validator(mode="after")
    def _together(self) -> Params:
        if self.non_unique and self.gid is None:
            raise ValueError("non_unique needs gid")
        return self


@dataclass(frozen=True, slots=True)
class GroupState:
    """A group. Its members, administrators and password are looked at only before it is deleted.

    ``has_password`` says that it has one, which nobody but the host knows.
    """

    present: bool = False
    gid: int | None = None
    members: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    has_password: bool = field(default=False, compare=False)


class Module(base.Module[Params, GroupState]):
    """Brings one group to a state."""

    params = Params
    state = GroupState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/group_module.html"
    )
    guide = Guide(
        example=("group:\n  name: operators"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"group {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, GroupState]:
        require_posix(facts, "group", "win_group")
        entry, shadow = yield from read(
            tools.tool("getent", "group", params.name), tools.tool("getent", "gshadow", params.name)
        )
        if entry.code == 2:
            return GroupState()
        found = accounts.groups(tools.expect(entry, f"look up group {params.name}").stdout)
        if not found:
            return GroupState()
        state = GroupState(present=True, gid=found[0].gid)
        if params.state == "present":
            return state
        secret, administrators = _shadow(shadow.stdout)
        return dataclasses.replace(
            state,
            members=found[0].members,
            administrators=administrators,
            has_password=secret.startswith(accounts.HASHED),
        )

    def plan(self, params: Params, before: GroupState, facts: base.Facts) -> GroupState:
        if params.state == "absent":
            return GroupState()
        if before.present:
            wanted = before.gid if params.gid is None else params.gid
            return dataclasses.replace(before, gid=wanted)
        gid = cast(int, UNKNOWN) if params.gid is None else params.gid
        return GroupState(present=True, gid=gid)

    def apply(
        self, params: Params, change: Change[GroupState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if not after.present:
            yield from _run(["groupdel", *(["-f"] if params.force else []), params.name], "remove")
        elif not before.present:
            yield from _run(["groupadd", *_options(params), params.name], "create")
        else:
            options = ["-g", str(after.gid), *(["-o"] if params.non_unique else [])]
            yield from _run(["groupmod", *options, params.name], "change")
        return {}

    def undo(
        self, params: Params, change: Change[GroupState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was, now, name = change.before, change.after, params.name
        if params.state == "present":
            back = dataclasses.replace(change, before=now, after=was)
            return (yield from self.apply(params, back, facts))
        if not now.present:  # else an earlier rollback came as far as that
            yield from _run(["groupadd", "-g", str(was.gid), "-o", name], "create again")
        if was.members != now.members:
            yield from _run(["gpasswd", "-M", ",".join(was.members), name], "fill")
        if was.administrators != now.administrators:
            yield from _run(["gpasswd", "-A", ",".join(was.administrators), name], "hand back")
        return {}

    def irreversible(self, params: Params, change: Change[GroupState], facts: base.Facts) -> str:
        if change.before.has_password and not change.after.present:
            return "the hash of its password is a secret, which is not recorded"
        return ""

    def result(
        self,
        params: Params,
        change: Change[GroupState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found: dict[str, Any] = {"name": params.name, "state": params.state}
        if change.after.present:
            found |= {"gid": change.after.gid, "system": params.system}
        return found


def _shadow(line: str) -> tuple[str, tuple[str, ...]]:
    """What may be told of a group's password, and its administrators (gshadow(5))."""
    fields = line.strip().split(":")
    if len(fields) < 4:
        return accounts.NO_PASSWORD, ()
    return accounts.marker(fields[1]), tuple(filter(None, fields[2].split(",")))


def _options(params: Params) -> list[str]:
    options = ["-g", str(params.gid)] if params.gid is not None else []
    options += ["-o"] if params.non_unique else []
    options += ["-r"] if params.system else []
    options += ["-K", f"GID_MIN={params.gid_min}"] if params.gid_min is not None else []
    options += ["-K", f"GID_MAX={params.gid_max}"] if params.gid_max is not None else []
    return options


def _run(argv: list[str], verb: str) -> Generator[Request, Reply, None]:
    tools.expect((yield from write(tools.tool(*argv))), f"{verb} group {argv[-1]}")
