"""A user of a Unix host as the module ``user`` sees it: parameters, state, and how it is found."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AliasChoices, Field, field_validator, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, read
from runner.interfaces.loose import Text, Words
from runner.model.secret import MASK
from runner.model.state import UNKNOWN
from runner.posix import accounts, tools

_NAME: Final = re.compile(r"[^\s:,/-][^\s:,/]*")
_SSH_KEY: Final = "keys are not made here: use the module 'command' with ssh-keygen and creates"
_ELSEWHERE: Final = "it exists on BSD, macOS or Solaris only"
_SECONDS: Final = 86400


class Hash(str):
    """A password's hash: shown and recorded as a mask."""

    __slots__ = ()

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)


def checked_name(name: str) -> str:
    """The name itself. Raises ValueError for what cannot be the name of an account."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is no name of a user or group")
    return name


def no_colon(text: str) -> str:
    """The text itself. Raises ValueError for what the user database cannot hold."""
    if ":" in text or "\n" in text:
        raise ValueError("must hold neither a colon nor a line break")
    return text


Name = Annotated[Text, AfterValidator(checked_name)]
Entry = Annotated[Text, AfterValidator(no_colon)]


class Params(base.Params):
    """Parameters of Ansible's user."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("generate_ssh_key", "ssh_key_bits", "ssh_key_type", "ssh_key_file",
             "ssh_key_comment", "ssh_key_passphrase"),
            _SSH_KEY,
        ),
        **dict.fromkeys(
            ("hidden", "login_class", "profile", "authorization", "role"), _ELSEWHERE
        ),
        "seuser": "what a user is mapped to cannot be read back: use the module 'command'",
        "local": "libuser's programs (luseradd) are not used",
    }  # fmt: skip

    name: Name = Field(
        validation_alias=AliasChoices("name", "user"), description="name of the user"
    )
    state: Literal["absent", "present"] = Field("present", description="whether it exists")
    uid: int | None = Field(None, ge=0, description="its number")
    non_unique: bool = Field(False, description="let uid be the number of another user too")
    comment: Entry | None = Field(None, description="its description (GECOS)")
    group: Name | None = Field(None, description="its primary group")
    groups: Words | None = Field(
        None, description="other groups that it is a member of; without append, of no others"
    )
    append: bool = Field(False, description="stay in the groups that groups does not name")
    shell: Entry | None = Field(None, description="its shell")
    home: Entry | None = Field(None, description="its home folder")
    create_home: bool = Field(
        True,
        validation_alias=AliasChoices("create_home", "createhome"),
        description="make the home folder where it is missing",
    )
    move_home: bool = Field(False, description="move the old home folder to the new place")
    skeleton: Text | None = Field(None, description="folder that a new home is copied from")
    umask: Text | None = Field(
        None, pattern=r"^0?[0-7]{3}$", description="umask for a new home folder"
    )
    password: Annotated[Text, AfterValidator(Hash)] | None = Field(
        None, description="the hash of its password; ! or * for none"
    )
    update_password: Literal["always", "on_create"] = Field(
        "always", description="whether to set the password of a user that exists"
    )
    password_lock: bool | None = Field(None, description="lock or unlock the password")
    expires: float | None = Field(
        None, description="seconds since 1970 after which the account is closed; negative: never"
    )
    password_expire_min: int | None = Field(
        None, description="days until the password may be changed again"
    )
    password_expire_max: int | None = Field(
        None, description="days until the password must be changed"
    )
    password_expire_warn: int | None = Field(None, description="days of warning before that")
    password_expire_account_disable: int | None = Field(
        None, description="days after that until the account is closed; negative: never"
    )
    system: bool = Field(False, description="make a new user a system account")
    uid_min: int | None = Field(None, description="least number for a new user")
    uid_max: int | None = Field(None, description="greatest number for a new user")
    remove: bool = Field(False, description="with absent: delete its home folder and mail too")
    force: bool = Field(False, description="with absent: even while it is logged in")

    @field_validator("groups")
    @classmethod
    def _groups(cls, groups: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if groups is None:
            return None
        return tuple(checked_name(name) for name in groups if name)

    @model_validator(mode="after")
    def _together(self) -> Params:
        if self.append and self.groups is None:
            raise ValueError("append needs groups")
        if self.password_field is not None:
            no_colon(self.password_field)
        return self

    @property
    def password_field(self) -> str | None:
        """The password's hash itself: for the host's ears only."""
        return None if self.password is None else "".join(self.password)

    @property
    def expire_day(self) -> int | None:
        """The day of ``expires`` since 1970; None for never."""
        if self.expires is None or self.expires < 0:
            return None
        return math.floor(self.expires / _SECONDS)

    @property
    def asks_shadow(self) -> bool:
        """Whether what only root may read matters."""
        return self.state == "absent" or any(
            value is not None
            for value in (
                self.password,
                self.password_lock,
                self.expires,
                self.password_expire_min,
                self.password_expire_max,
                self.password_expire_warn,
                self.password_expire_account_disable,
            )
        )


@dataclass(frozen=True, slots=True)
class UserState:
    """A user. What the task neither sets nor deletes of a password's age is not looked at.

    ``password`` is ``none``, ``*`` or a digest; ``literal`` is the field where it holds no hash.
    ``home_exists`` tells of the folder that the task wants (of an absent user, that it would get),
    ``has_home`` of the one that a user to delete has. ``own_group`` is the number of the group with
    the user's name; ``names`` are the names of groups that the task gives by number. Days count
    from 1970.
    """

    present: bool = False
    uid: int | None = None
    group: str = ""
    groups: tuple[str, ...] = ()
    comment: str = ""
    home: str = ""
    home_exists: bool = False
    shell: str = ""
    password: str = ""
    locked: bool | None = None
    expires: int | None = None
    password_expire_min: int | None = None
    password_expire_max: int | None = None
    password_expire_warn: int | None = None
    password_expire_account_disable: int | None = None
    has_home: bool = field(default=False, compare=False)
    gid: int | None = field(default=None, compare=False)
    literal: str | None = field(default=None, compare=False)
    last_changed: int | None = field(default=None, compare=False)
    own_group: int | None = field(default=None, compare=False)
    names: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def has_hash(self) -> bool:
        """Whether it has a password, which nobody but the host knows."""
        password: Any = self.password
        return password is not UNKNOWN and password.startswith(accounts.HASHED)


def find(params: Params) -> Generator[Query, Reply, UserState]:
    """The user as it is now. Raises ModuleError when what the task sets may not be read."""
    name = params.name
    account, secret, all_groups, around = yield from read(
        tools.tool("getent", "passwd", name),
        tools.tool("getent", "shadow", name),
        tools.tool("getent", "group"),
        tools.script(accounts.LOOK_USER, name, params.home or ""),
    )
    known = accounts.groups(tools.expect(all_groups, "list the groups").stdout)
    own = accounts.groups(around.stdout)
    has_home = around.stdout.startswith("home\n")
    common: dict[str, Any] = {
        "home_exists": has_home and params.state == "present",
        "has_home": has_home,
        "own_group": own[0].gid if own else None,
        "names": _names(params, known),
    }
    found = accounts.passwd(account, name)
    if found is None:
        return UserState(**common)
    hidden = accounts.shadow(secret, name)
    if hidden is None and params.asks_shadow:
        raise ModuleError(
            f"the password entry of {name} cannot be read",
            hint="only root may: use become: true. A user of a directory service has none here",
        )
    return UserState(
        present=True,
        uid=found.uid,
        group=next((g.name for g in known if g.gid == found.gid), str(found.gid)),
        groups=tuple(sorted(g.name for g in known if name in g.members)),
        comment=found.comment,
        home=found.home,
        shell=found.shell,
        gid=found.gid,
        **(_hidden(params, hidden) if hidden else {}),
        **common,
    )


def _names(params: Params, known: tuple[accounts.Group, ...]) -> tuple[tuple[str, str], ...]:
    by_gid = {str(group.gid): group.name for group in known}
    names = {group.name for group in known}
    asked = [*(params.groups or ()), *([params.group] if params.group else [])]
    return tuple((word, by_gid[word]) for word in asked if word not in names and word in by_gid)


def _hidden(params: Params, shadow: accounts.Shadow) -> dict[str, Any]:
    """What of the shadow line the task sets, or deletes."""
    gone = params.state == "absent"
    found: dict[str, Any] = {"last_changed": shadow.last_changed, "literal": shadow.literal}
    if gone or params.password is not None or params.password_lock is not None:
        found |= {"password": shadow.password, "locked": shadow.locked}
    values = {
        "expires": shadow.expires,
        "password_expire_min": shadow.least,
        "password_expire_max": shadow.most,
        "password_expire_warn": shadow.warn,
        "password_expire_account_disable": shadow.inactive,
    }
    return found | {n: v for n, v in values.items() if gone or getattr(params, n) is not None}
