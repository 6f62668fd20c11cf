"""Who owns a file or folder of a Windows host, with ``icacls /setowner``.

Owners are recorded as identifiers, each entry below a folder with its own, and a rollback gives
each entry back to whom it belonged. Links below a folder are left alone.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, field_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.win_files import PathText, require_windows
from runner.windows import owners, paths
from runner.windows.facts import WindowsFacts
from runner.windows.looking import ABSENT, look
from runner.windows.owners import Owned

_BAD: Final = frozenset('"/[]:;|=,+*?<>%!')


class Params(base.Params):
    """Parameters of Ansible's win_owner."""

    path: PathText = Field(description="the file or folder")
    user: Text = Field(
        min_length=1, max_length=256, description="user or group by name, DOMAIN\\name, or SID"
    )
    recurse: bool = Field(False, description="also all that is in the folder; needs PowerShell")

    @field_validator("user")
    @classmethod
    def _name(cls, name: str) -> str:
        if set(name) & _BAD or any(ord(char) < 32 for char in name):
            raise ValueError(f"'{name}' is not the name of a user or group")
        return name.strip()


@dataclass(frozen=True, slots=True)
class OwnerState:
    """The owner of a path, and ``others``: what below it belongs to somebody else than the task
    wants. ``wanted`` is whom it wants; all are identifiers. ``more`` others are not recorded.
    """

    owner: str = ""
    others: tuple[Owned, ...] = ()
    wanted: str = field(default="", compare=False)
    more: int = field(default=0, compare=False)
    there: bool = field(default=True, compare=False)


class Module(base.Module[Params, OwnerState]):
    """Brings a path, and what is below it, to an owner."""

    params = Params
    state = OwnerState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_owner_module.html"
    )
    redoable = True
    guide = Guide(
        example="win_owner:\n  path: C:\\agent\n  user: Administrators",
        using=(
            Using("icacls, wmic", since="2008", until="2022"),
            Using("icacls; powershell", since="2025", powershell=True),
            Using("powershell", since="2008r2", until="2022", powershell=True, part="recurse"),
        ),
        instead="the Explorer of that host: its icacls cannot set an owner",
        undo=f"owners of more than {owners.MOST} entries below a folder",
    )

    def subject(self, params: Params) -> str:
        return f"owner of {params.path.rstrip(chr(92))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, OwnerState]:
        require_windows(facts, "win_owner", "file with 'owner'")
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0):
            raise Refused(
                f"{host.name}: no tool of its own sets an owner",
                hint="icacls /setowner came with Vista and Server 2008; use the Explorer there",
            )
        path = _path(params.path)
        (seen,) = yield from look([path])
        wanted = yield from owners.sid_of(params.user)
        if seen.kind == ABSENT:
            return OwnerState(wanted=wanted, there=False)
        found = yield from owners.find(path, wanted, below=params.recurse)
        return OwnerState(found.owner, found.others, wanted, found.more)

    def plan(self, params: Params, before: OwnerState, facts: base.Facts) -> OwnerState:
        if not before.there:
            raise Refused(f"{params.path} is not there", hint="make it first: win_file, win_copy")
        return OwnerState(before.wanted, wanted=before.wanted)

    def apply(
        self, params: Params, change: Change[OwnerState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        path, wanted = _path(params.path), change.before.wanted
        left = [one.path for one in change.before.others]
        if change.before.owner != wanted:
            left.insert(0, path)
        yield from owners.change(left, wanted)
        more = change.before.more
        while more:
            found = yield from owners.find(path, wanted, below=True)
            yield from owners.change((one.path for one in found.others), wanted)
            if found.more >= more:
                break  # the look afterwards says what is left
            more = found.more
        return {}

    def undo(
        self, params: Params, change: Change[OwnerState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was = change.before
        if was.more:
            raise Refused(self.irreversible(params, change, facts))
        by_owner: dict[str, list[str]] = {}
        if was.owner != change.after.owner:
            by_owner[was.owner] = [_path(params.path)]
        for one in was.others:
            by_owner.setdefault(one.owner, []).append(one.path)
        for sid, entries in by_owner.items():
            yield from owners.change(entries, sid)
        return {}

    def restore(self, params: Params, change: Change[OwnerState]) -> tuple[base.Restoring, ...]:
        was = change.before
        if was.more:
            return ()
        own = {params.path: was.owner} if was.owner != change.after.owner else {}
        each = {**own, **{one.path: one.owner for one in was.others}}
        return tuple(base.Restoring({"path": p, "user": sid}) for p, sid in each.items())

    def irreversible(self, params: Params, change: Change[OwnerState], facts: base.Facts) -> str:
        if not change.before.more or not change.differences():
            return ""
        count = len(change.before.others) + change.before.more
        return f"{count} entries below have other owners; up to {owners.MOST} are recorded"

    def message(self, params: Params, change: Change[OwnerState], facts: base.Facts) -> str:
        return f"{params.user} is {change.after.owner}" if change.differences() else ""


def _path(path: str) -> str:
    plain = path.rstrip("\\")
    if paths.is_root(plain):
        raise Refused(
            f"{path} is the root of a drive: that is no file or folder to be given away",
            hint="name the folders below it",
        )
    return plain
