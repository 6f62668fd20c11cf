"""Who may do what with a file or folder: one rule, with ``icacls`` alone.

The permissions as they were are recorded as SDDL. A rollback takes the rule away, or gives it back,
as icacls does it, which what is in a folder inherits; then, where anything of the folder's own list
still differs from the record, it restores that list as a whole (``icacls /restore``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._win_files import PathText, require_windows
from runner.windows import acls, paths, sddl
from runner.windows.looking import ABSENT, FOLDER, look
from runner.windows.sddl import Ace

_INHERIT: Final = {"containerinherit": "CI", "objectinherit": "OI", "none": ""}
_PROPAGATION: Final = {"InheritOnly": "IO", "NoPropagateInherit": "NP", "None": ""}
_KEYS: Final = ("hklm", "hkcu", "hkcr", "hku", "hkcc", "iis", "appx", "cert")


class Params(base.Params):
    """Parameters of Ansible's win_acl."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "follow": "icacls changes what a link leads to; name that",
    }

    path: PathText = Field(description="the file or folder")
    user: Text = Field(
        min_length=1, max_length=256, description="user or group by name, DOMAIN\\name, or SID"
    )
    type: Literal["allow", "deny"] = Field(description="whether the rule allows or denies")
    rights: Words = Field(min_length=1, description="names such as Read, Modify, FullControl")
    state: Literal["absent", "present"] = Field("present", description="whether it shall hold")
    inherit: Words | None = Field(
        None,
        description="ContainerInherit, ObjectInherit, None; both for a folder when left out",
    )
    propagation: Literal["InheritOnly", "None", "NoPropagateInherit"] = Field(
        "None",
        description="how far down the rule goes",
    )

    @field_validator("path", mode="before")
    @classmethod
    def _no_key(cls, value: object) -> object:
        if isinstance(value, str) and value.partition(":")[0].lower() in _KEYS:
            raise ValueError(
                "only files and folders: cmd has no tool for the permissions of a registry key; "
                "use win_powershell with Set-Acl"
            )
        return value

    @field_validator("user")
    @classmethod
    def _name(cls, name: str) -> str:
        if set(name) & set('"/[]:;|=,+*?<>%!') or any(ord(char) < 32 for char in name):
            raise ValueError(f"'{name}' is not the name of a user or group")
        return name.strip()

    @field_validator("rights")
    @classmethod
    def _rights(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.casefold() not in sddl.RIGHTS:
                raise ValueError(f"'{name}' is no right of a file; see FileSystemRights")
        return names

    @field_validator("inherit")
    @classmethod
    def _flags(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if name.casefold() not in _INHERIT:
                raise ValueError(f"must be ContainerInherit, ObjectInherit or None, not '{name}'")
        return names

    @property
    def mask(self) -> int:
        """The rights as bits; who is allowed anything may wait for the file as well."""
        mask = 0
        for name in self.rights:
            mask |= sddl.RIGHTS[name.casefold()]
        if mask == sddl.FULL:
            return mask
        named = "synchronize" in {name.casefold() for name in self.rights}
        return mask | sddl.SYNCHRONIZE if self.type == "allow" or named else mask

    def flags(self, *, folder: bool) -> frozenset[str]:
        """How the rule goes down, as SDDL says it."""
        if not folder:
            return frozenset()
        names = ("ContainerInherit", "ObjectInherit") if self.inherit is None else self.inherit
        found = {_INHERIT[name.casefold()] for name in names} - {""}
        return frozenset(found | ({_PROPAGATION[self.propagation]} - {""} if found else set()))


@dataclass(frozen=True, slots=True)
class AclState:
    """Whether the rule holds, and the whole list as SDDL."""

    rule: bool = False
    permissions: str = ""
    who: str = field(default="", compare=False)
    folder: bool = field(default=False, compare=False)
    there: bool = field(default=True, compare=False)


class Module(base.Module[Params, AclState]):
    """Adds a rule, or takes one away."""

    params = Params
    state = AclState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_acl_module.html"
    )
    guide = Guide(
        example=(
            "win_acl:\n  path: C:\\agent\n  user: Users\n  type: allow\n  rights: ReadAndExecute"
        ),
        using=(Using("icacls, certutil"),),
    )

    def subject(self, params: Params) -> str:
        return f"permissions of {params.path.rstrip(chr(92))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, AclState]:
        require_windows(facts, "win_acl", "file with 'mode' or 'owner'")
        path = _path(params.path)
        (seen,) = yield from look([path])
        if seen.kind == ABSENT:
            return AclState(there=False)
        found = yield from acls.find(path, params.user)
        state = AclState(False, found.sddl, found.who, seen.kind == FOLDER)
        return dataclasses.replace(state, rule=_holds(params, state))

    def plan(self, params: Params, before: AclState, facts: base.Facts) -> AclState:
        if not before.there:
            raise Refused(f"{params.path} is not there", hint="make it first: win_file, win_copy")
        if before.rule == (params.state == "present"):
            return before
        unknown: Any = UNKNOWN
        return dataclasses.replace(before, rule=not before.rule, permissions=unknown)

    def apply(
        self, params: Params, change: Change[AclState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        ace = _wanted(params, change.before)
        if params.state == "present":
            verb = "/grant" if params.type == "allow" else "/deny"
            words = sddl.flag_words(ace.flags) + sddl.words(ace.rights)
            who = acls.word_of(params.user)
            yield from acls.change(_path(params.path), f'{verb} "{who}:{words}"')
        else:
            without = _without(change.before.permissions, ace)
            yield from acls.change(
                _path(params.path), *_replaced(acls.word_of(params.user), ace, without)
            )
        return {}

    def undo(
        self, params: Params, change: Change[AclState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        path, was = _path(params.path), change.before
        ace = _wanted(params, was)
        own = [one for one in sddl.aces(was.permissions) if _same(one, ace)]
        yield from acls.change(path, *_replaced(acls.word_of(params.user), ace, own))
        now = yield from acls.find(path)
        if now.sddl != was.permissions:
            yield from acls.give_back(path, was.permissions)
        return {}

    def restore(self, params: Params, change: Change[AclState]) -> tuple[base.Restoring, ...]:
        ace = _wanted(params, change.before)
        counts = ace.rights & ~sddl.SYNCHRONIZE
        had = sddl.held(change.before.permissions, ace) & counts
        if had != (0 if params.state == "present" else counts):
            return ()  # some of the rights were there: one task cannot say that
        state = "absent" if params.state == "present" else "present"
        args = {"path": params.path, "user": params.user, "type": params.type,
                "rights": list(params.rights), "state": state,
                "propagation": params.propagation}  # fmt: skip
        if params.inherit is not None:
            args["inherit"] = list(params.inherit)
        return (base.Restoring(args),)


def _path(path: str) -> str:
    plain = path.rstrip("\\")
    if paths.is_root(plain):
        raise Refused(
            f"{path} is the root of a drive: icacls cannot give its permissions back",
            hint="set them on the folders below it",
        )
    return plain


def _wanted(params: Params, state: AclState) -> Ace:
    kind = "A" if params.type == "allow" else "D"
    return Ace(kind, params.flags(folder=state.folder), params.mask, state.who)


def _holds(params: Params, state: AclState) -> bool:
    """Present: all of the rights; for what shall go, any of them but to wait."""
    ace = _wanted(params, state)
    had = sddl.held(state.permissions, ace)
    if params.state == "present":
        return had & ace.rights == ace.rights
    counts = ace.rights & ~sddl.SYNCHRONIZE or ace.rights
    return bool(had & counts)


def _same(one: Ace, ace: Ace) -> bool:
    return not one.inherited and (one.kind, one.who) == (ace.kind, ace.who)


def _without(text: str, ace: Ace) -> list[Ace]:
    """What of one's own rules is left when these rights are taken from those like it."""
    left = []
    for one in sddl.aces(text):
        if not _same(one, ace):
            continue
        rights = one.rights & ~ace.rights if one.flags == ace.flags else one.rights
        if rights & ~sddl.SYNCHRONIZE:
            kept = rights | (one.rights & sddl.SYNCHRONIZE)
            left.append(dataclasses.replace(one, rights=kept))
    return left


def _replaced(who: str, ace: Ace, left: list[Ace]) -> list[str]:
    """icacls' words that give somebody these rules of one kind, and no others of that kind."""
    letter, verb = ("g", "/grant") if ace.kind == "A" else ("d", "/deny")
    words = [f'/remove:{letter} "{who}"']
    for one in left:
        rule = sddl.flag_words(one.flags) + sddl.words(one.rights)
        words.append(f'{verb} "{who}:{rule}"')
    return words
