"""Whether a file or folder takes over the permissions of the folder above it, with ``icacls``;
whether a key takes over those of the key above it, with PowerShell.

The list of permissions is recorded as SDDL, and a rollback restores it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_acl import PlaceText
from runner.modules._parts.win_files import require_windows
from runner.windows import acls, key_acls, paths, sddl, sddl_edit
from runner.windows.facts import WindowsFacts
from runner.windows.looking import ABSENT, look


class Params(base.Params):
    """Parameters of Ansible's win_acl_inheritance."""

    path: PlaceText = Field(
        description=r"the file or folder, or the key: HKLM:\SOFTWARE\Example (by PowerShell)"
    )
    state: Literal["absent", "present"] = Field(
        "absent", description="whether it takes over what the one above hands down"
    )
    reorganize: bool = Field(
        False,
        description="absent: what was handed down stays, as entries of its own; present: entries "
        "of its own that are handed down as well go",
    )

    @property
    def is_key(self) -> bool:
        """Whether it is about a key of the registry."""
        return key_acls.is_key(self.path)


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
    redoable = True
    guide = Guide(
        example="win_acl_inheritance:\n  path: C:\\agent\n  state: absent\n  reorganize: yes",
        using=(
            Using("icacls, certutil", since="2008"),
            Using("powershell", since="2008r2", powershell=True, part="keys of the registry"),
        ),
        instead="win_command with cacls",
    )

    def subject(self, params: Params) -> str:
        return f"permissions of {params.path.rstrip(chr(92))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, InheritanceState]:
        require_windows(facts, "win_acl_inheritance", "file with 'mode'")
        if params.is_key:
            key = yield from key_acls.find(params.path)
            return InheritanceState(there=False) if key is None else _state(key.sddl)
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
        return _state(found.sddl)

    def plan(self, params: Params, before: InheritanceState, facts: base.Facts) -> InheritanceState:
        if not before.there:
            by = "win_regedit" if params.is_key else "win_file, win_copy"
            raise Refused(f"{params.path} is not there", hint=f"make it first: {by}")
        inherits = params.state == "present"
        if before.inherits == inherits:
            return before
        unknown: Any = UNKNOWN
        return dataclasses.replace(before, inherits=inherits, permissions=unknown)

    def apply(
        self, params: Params, change: Change[InheritanceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if params.is_key:
            yield from _change_key(params, change)
            return {}
        path = _path(params.path)
        letter = "d" if params.reorganize else "r"
        word = "e" if change.after.inherits else letter
        yield from acls.change(path, f"/inheritance:{word}")
        if change.after.inherits and params.reorganize:
            found = yield from acls.find(path)
            left = sddl_edit.without_doubles(found.sddl)
            if left != sddl.dacl(found.sddl):
                yield from acls.give_back(path, left)
        return {}

    def undo(
        self, params: Params, change: Change[InheritanceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if params.is_key:
            yield from key_acls.give(params.path, change.before.permissions)
            return {}
        path, was = _path(params.path), change.before
        # First so that what is in a folder takes it over, too; then exactly as it was.
        yield from acls.change(path, f"/inheritance:{'e' if was.inherits else 'd'}")
        now = yield from acls.find(path)
        if now.sddl != was.permissions:
            yield from acls.give_back(path, was.permissions)
        return {}


def _state(text: str) -> InheritanceState:
    return InheritanceState(not sddl.is_protected(text), text)


def _change_key(
    params: Params, change: Change[InheritanceState]
) -> Generator[Request, Reply, None]:
    was = change.before.permissions
    if not change.after.inherits:
        yield from key_acls.give(params.path, sddl_edit.shut(was, keep=params.reorganize))
        return
    yield from key_acls.give(params.path, sddl_edit.opened(was))
    if not params.reorganize:
        return
    found = yield from key_acls.find(params.path)
    left = sddl_edit.without_doubles(found.sddl) if found is not None else ""
    if found is not None and left != sddl.dacl(found.sddl):
        yield from key_acls.give(params.path, left)


def _path(path: str) -> str:
    plain = path.rstrip("\\")
    if paths.is_root(plain):
        raise Refused(f"{path} is the root of a drive: nothing is above it")
    return plain
