"""Whether a file or folder takes over the permissions of the folder above it, with ``icacls``.

The list of permissions is recorded as SDDL, and a rollback restores it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._win_files import PathText, require_windows
from runner.windows import acls, paths, sddl
from runner.windows.facts import WindowsFacts
from runner.windows.looking import ABSENT, look


class Params(base.Params):
    """Parameters of Ansible's win_acl_inheritance."""

    path: PathText = Field(description="the file or folder")
    state: Literal["absent", "present"] = Field(
        "absent", description="whether it takes over what the folder above hands down"
    )
    reorganize: bool = Field(
        False, description="absent: what was handed down stays, as entries of its own"
    )

    @field_validator("path", mode="before")
    @classmethod
    def _no_key(cls, value: object) -> object:
        if isinstance(value, str) and value[:2].lower() == "hk":
            raise ValueError(
                "only files and folders: cmd has no tool for the permissions of a registry key; "
                "use win_powershell with Set-Acl"
            )
        return value

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.state == "present" and self.reorganize:
            raise ValueError(
                "reorganize with state: present is not supported: icacls does not take out single "
                "entries that the folder above has, too; use win_acl with state: absent"
            )
        return self


@dataclass(frozen=True, slots=True)
class InheritanceState:
    """Whether it inherits, and the whole list as SDDL."""

    inherits: bool = True
    permissions: str = ""
    there: bool = field(default=True, compare=False)


class Module(base.Module[Params, InheritanceState]):
    """Turns inheritance on or off."""

    params = Params
    state = InheritanceState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_acl_inheritance_module.html"
    )
    guide = Guide(
        example="win_acl_inheritance:\n  path: C:\\agent\n  state: absent\n  reorganize: yes",
        using=(Using("icacls, certutil", since="2008"),),
        instead="win_command with cacls",
    )

    def subject(self, params: Params) -> str:
        return f"permissions of {params.path.rstrip(chr(92))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, InheritanceState]:
        require_windows(facts, "win_acl_inheritance", "file with 'mode'")
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0):
            raise Refused(
                f"{host.name}: its icacls cannot turn inheritance on or off",
                hint="that came with Vista; use win_command with cacls, which cannot be taken back",
            )
        path = _path(params.path)
        (seen,) = yield from look([path])
        if seen.kind == ABSENT:
            return InheritanceState(there=False)
        found = yield from acls.find(path)
        return InheritanceState(not sddl.is_protected(found.sddl), found.sddl)

    def plan(self, params: Params, before: InheritanceState, facts: base.Facts) -> InheritanceState:
        if not before.there:
            raise Refused(f"{params.path} is not there", hint="make it first: win_file, win_copy")
        inherits = params.state == "present"
        if before.inherits == inherits:
            return before
        unknown: Any = UNKNOWN
        return dataclasses.replace(before, inherits=inherits, permissions=unknown)

    def apply(
        self, params: Params, change: Change[InheritanceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        letter = "d" if params.reorganize else "r"
        word = "e" if change.after.inherits else letter
        yield from acls.change(_path(params.path), f"/inheritance:{word}")
        return {}

    def undo(
        self, params: Params, change: Change[InheritanceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        path, was = _path(params.path), change.before
        # First so that what is in a folder takes it over, too; then exactly as it was.
        yield from acls.change(path, f"/inheritance:{'e' if was.inherits else 'd'}")
        now = yield from acls.find(path)
        if now.sddl != was.permissions:
            yield from acls.give_back(path, was.permissions)
        return {}


def _path(path: str) -> str:
    plain = path.rstrip("\\")
    if paths.is_root(plain):
        raise Refused(f"{path} is the root of a drive: nothing is above it")
    return plain
