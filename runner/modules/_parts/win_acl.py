"""What a task of win_acl says, and the state that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words
from runner.interfaces.on_host import HostText
from runner.windows import key_acls, paths, sddl, variables
from runner.windows.sddl import Ace

_INHERIT: Final = {"containerinherit": "CI", "objectinherit": "OI", "none": ""}
_PROPAGATION: Final = {"InheritOnly": "IO", "NoPropagateInherit": "NP", "None": ""}
_DRIVES: Final = ("iis", "appx", "cert")


def place(path: str) -> str:
    """A file, a folder or a key of the registry. Raises ValueError."""
    if path.strip().partition(":")[0].lower() in _DRIVES:
        raise ValueError(
            "only files, folders and keys of the registry; use win_powershell with Set-Acl"
        )
    return key_acls.checked(path) if key_acls.is_key(path) else paths.named(path)


def _asks(text: str) -> bool:
    return not key_acls.is_key(text) and variables.holds(text)


PlaceText = Annotated[Text, AfterValidator(place), HostText(_asks, variables.filled)]
"""A file, folder or key; variables of the host may stand in the path of a file."""


class Params(base.Params):
    """Parameters of Ansible's win_acl."""

    path: PlaceText = Field(
        description=r"the file or folder, or the key: HKLM:\SOFTWARE\Example (by PowerShell)"
    )
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
    follow: bool = Field(
        False, description="change what a link leads to, and not the link (Vista and later)"
    )

    @field_validator("user")
    @classmethod
    def _name(cls, name: str) -> str:
        if set(name) & set('"/[]:;|=,+*?<>%!') or any(ord(char) < 32 for char in name):
            raise ValueError(f"'{name}' is not the name of a user or group")
        return name.strip()

    @model_validator(mode="after")
    def _rights(self) -> Params:
        for name in self.rights:
            if name.casefold() not in self.names:
                of, see = ("a key", "Registry") if self.is_key else ("a file", "FileSystem")
                raise ValueError(f"rights: '{name}' is no right of {of}; see {see}Rights")
        return self

    @field_validator("inherit")
    @classmethod
    def _flags(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if name.casefold() not in _INHERIT:
                raise ValueError(f"must be ContainerInherit, ObjectInherit or None, not '{name}'")
        return names

    @property
    def is_key(self) -> bool:
        """Whether it is about a key of the registry."""
        return key_acls.is_key(self.path)

    @property
    def names(self) -> Mapping[str, int]:
        """The rights that there are, in lower case."""
        return key_acls.RIGHTS if self.is_key else sddl.RIGHTS

    @property
    def mask(self) -> int:
        """The rights as bits; who is allowed anything may wait for the file as well."""
        mask = 0
        for name in self.rights:
            mask |= self.names[name.casefold()]
        if self.is_key or mask == sddl.FULL:
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
    link: bool = field(default=False, compare=False)
    there: bool = field(default=True, compare=False)


def wanted(params: Params, state: AclState) -> Ace:
    """The rule as an entry."""
    kind = "A" if params.type == "allow" else "D"
    return Ace(kind, params.flags(folder=state.folder), params.mask, state.who)
