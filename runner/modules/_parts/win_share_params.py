"""Parameters of win_share, and what it knows of a share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words
from runner.modules._parts.win_files import PathText
from runner.windows.shares import DEFAULT, UNLIMITED, Share

_BAD: Final = frozenset('"/\\[]:|<>+;,?*=%!')
_OWN: Final = re.compile(r"(?i)[a-z]\$|admin\$|ipc\$|print\$|fax\$")


class Params(base.Params):
    """Parameters of Ansible's win_share."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "scope_name": "shares of a failover cluster belong to its cluster: change them there",
    }

    name: Text = Field(min_length=1, max_length=80, description="name of the share")
    path: PathText | None = Field(None, description="the folder that is shared")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    description: Text | None = Field(None, max_length=48, description="text for people")
    list: bool | None = Field(
        None,
        description="no shows people only what they may open (access-based enumeration); left "
        "out, it stays as it is, unlike in Ansible, where it is no",
    )
    read: Words | None = Field(None, description="who may read")
    change: Words | None = Field(None, description="who may read and write")
    full: Words | None = Field(None, description="who may do everything")
    deny: Words | None = Field(None, description="who may do nothing")
    encrypt: bool | None = Field(
        None,
        description="whether what is read and written travels encrypted; left out, it stays as it "
        "is, unlike in Ansible, where it is no",
    )
    rule_action: Literal["set", "add"] = Field(
        "set", description="whether these are all permissions, or come to those that are there"
    )
    caching_mode: Literal["BranchCache", "Documents", "Manual", "None", "Programs"] | None = Field(
        None, description="what clients may keep for when they are offline"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if _BAD & set(name) or any(ord(char) < 32 for char in name):
            raise ValueError(f"'{name}' is not the name of a share")
        if _OWN.fullmatch(name):
            raise ValueError(
                f"{name} is a share that Windows makes itself at each start; the values "
                "AutoShareServer and AutoShareWks of LanmanServer's Parameters decide "
                "(win_regedit)"
            )
        return name

    @field_validator("description")
    @classmethod
    def _words(cls, text: str | None) -> str | None:
        if text is not None and ('"' in text or any(ord(char) < 32 for char in text)):
            raise ValueError("a description is one line without quotes")
        return text

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.state == "present" and self.path is None:
            raise ValueError("a share that shall exist needs a 'path'")
        return self

    @property
    def wanted(self) -> Mapping[str, str]:
        """Who is named in the task -> the word for what that one may do."""
        found: dict[str, str] = {}
        for word in ("read", "change", "full", "deny"):
            for name in getattr(self, word) or ():
                found[name] = word
        return found

    @property
    def sets_permissions(self) -> bool:
        """Whether the task is about who may do what."""
        return any(x is not None for x in (self.read, self.change, self.full, self.deny))


@dataclass(frozen=True, slots=True)
class ShareState:
    """A share; ``permissions`` by SID, ``names`` what the task calls them, ``SID=name`` each."""

    present: bool = False
    path: str = ""
    description: str = ""
    permissions: tuple[str, ...] = ()
    caching: str = ""
    max_uses: int = 0
    lists_all: bool = True
    encrypted: bool | None = None
    """None where nobody asked."""
    name: str = field(default="", compare=False)
    names: tuple[str, ...] = field(default=(), compare=False)
    serving: bool = field(default=True, compare=False)

    @classmethod
    def of(cls, name: str, share: Share, names: tuple[str, ...], *, serving: bool) -> ShareState:
        """The state of a share that is there."""
        return cls(
            True, share.path, share.description, share.permissions, share.caching, share.max_uses,
            share.lists_all, None, name, names, serving,
        )  # fmt: skip


FRESH: Final[Mapping[str, Any]] = {
    "permissions": DEFAULT,
    "caching": "Manual",
    "max_uses": UNLIMITED,
}
"""What a share has that is made with nothing said of it."""
