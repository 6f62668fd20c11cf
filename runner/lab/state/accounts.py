"""The accounts of a machine: users, local groups, and who is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from runner.lab.profiles.accounts import (
    BUILTIN_GROUPS,
    MACHINE,
    SYSTEM_ACCOUNTS,
    WellKnown,
    local_name,
)
from runner.lab.spec import LabState

__all__ = ["AccountFault", "Accounts", "Group", "User"]

DOMAIN = "LAB"
"""The domain that machines are members of. It has whatever account it is asked for."""

USERS_SID = "S-1-5-32-545"


class AccountFault(Exception):
    """An account function failed with this code (lmerr.h, winerror.h)."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


@dataclass(slots=True)
class User:
    """A user of the machine itself."""

    name: str
    sid: str
    full_name: str = ""
    description: str = ""
    disabled: bool = False
    locked: bool = False
    password_expires: bool = True
    password_changeable: bool = True
    password_required: bool = True


@dataclass(slots=True)
class Group:
    """A local group; ``members`` are identifiers, in the order in which they came."""

    name: str
    sid: str
    description: str = ""
    members: list[str] = field(default_factory=list)


class Accounts:
    """All accounts that a machine can name."""

    def __init__(self, computer: str, language: str, state: LabState) -> None:
        self.computer = computer.split(".")[0].upper()[:15]
        self.system = [
            WellKnown(one.sid, local_name(one.name, language), local_name(one.authority, language))
            for one in SYSTEM_ACCOUNTS
        ]
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self._domain: dict[str, str] = {}
        self._next = 1000
        for name, number, disabled in (("Administrator", 500, False), ("Guest", 501, True)):
            user = User(local_name(name, language), f"{MACHINE}-{number}", disabled=disabled)
            user.password_expires = False
            user.password_changeable = not disabled
            self.users[user.name.lower()] = user
        for sid, name, members in BUILTIN_GROUPS:
            group = Group(local_name(name, language), sid, members=list(members))
            self.groups[group.name.lower()] = group
        self._found(state)

    def _found(self, state: LabState) -> None:
        for name, spec in state.users.items():
            user = self.add_user(name)
            for one in fields(User):
                if one.name not in ("name", "sid"):
                    setattr(user, one.name, getattr(spec, one.name))
        for name, found in state.groups.items():
            group = self.groups.get(name.lower()) or self.group_by_sid(name)
            group = group or self.add_group(name)
            if found.description is not None:
                group.description = found.description
            if found.members is not None:
                group.members = []
                for member in found.members:
                    self.add_member(group, member)

    def _new_sid(self) -> str:
        self._next += 1
        return f"{MACHINE}-{self._next}"

    # -- names -----------------------------------------------------------------------------------

    def group_by_sid(self, sid: str) -> Group | None:
        """The local group with that identifier."""
        return next((g for g in self.groups.values() if g.sid == sid.upper()), None)

    def sid_of(self, name: str) -> str | None:
        """The identifier behind a name as LookupAccountName takes it; None if there is none."""
        domain, _, bare = name.rpartition("\\")
        folded = bare.lower()
        local = domain.upper() in ("", ".", self.computer)
        if local and folded in self.users:
            return self.users[folded].sid
        if domain.upper() in ("", ".", self.computer, "BUILTIN") and folded in self.groups:
            return self.groups[folded].sid
        for one in self.system:
            if one.name.lower() == folded and domain.lower() in ("", one.authority.lower()):
                return one.sid
        if domain.upper() == DOMAIN:
            number = int(hashlib.md5(folded.encode(), usedforsecurity=False).hexdigest()[:6], 16)
            sid = f"S-1-5-21-77-88-99-{number}"
            self._domain[sid] = f"{DOMAIN}\\{bare}"
            return sid
        return None

    def shown(self, sid: str) -> str:
        """An account as lists of members print it; what nobody knows is its identifier."""
        for user in self.users.values():
            if user.sid == sid:
                return user.name
        for one in self.system:
            if one.sid == sid:
                return f"{one.authority}\\{one.name}" if one.authority else one.name
        return self._domain.get(sid, sid)

    # -- changes ---------------------------------------------------------------------------------

    def user(self, name: str) -> User:
        """A user by name. Raises AccountFault(2221)."""
        if name.lower() not in self.users:
            raise AccountFault(2221)
        return self.users[name.lower()]

    def group(self, name: str) -> Group:
        """A local group by name. Raises AccountFault(1376)."""
        if name.lower() not in self.groups:
            raise AccountFault(1376)
        return self.groups[name.lower()]

    def add_user(self, name: str) -> User:
        """A new user, which is in the group of all users, as ``net user`` does it."""
        if name.lower() in self.users or name.lower() in self.groups:
            raise AccountFault(2224 if name.lower() in self.users else 2223)
        user = self.users[name.lower()] = User(name, self._new_sid())
        everybody = self.group_by_sid(USERS_SID)
        if everybody is not None:
            everybody.members.append(user.sid)
        return user

    def delete_user(self, name: str) -> None:
        """Removes a user, and from all groups. Built-in ones cannot go (1371)."""
        user = self.user(name)
        if user.sid.endswith(("-500", "-501")):
            raise AccountFault(1371)
        for group in self.groups.values():
            if user.sid in group.members:
                group.members.remove(user.sid)
        del self.users[name.lower()]

    def rename_user(self, user: User, name: str) -> None:
        """Gives a user another name."""
        del self.users[user.name.lower()]
        user.name = name
        self.users[name.lower()] = user

    def add_group(self, name: str) -> Group:
        """A new, empty local group."""
        if name.lower() in self.groups or name.lower() in self.users:
            raise AccountFault(1379 if name.lower() in self.groups else 2224)
        group = self.groups[name.lower()] = Group(name, self._new_sid())
        return group

    def delete_group(self, name: str) -> None:
        """Removes a local group; built-in ones cannot go (1371)."""
        if self.group(name).sid.startswith("S-1-5-32-"):
            raise AccountFault(1371)
        del self.groups[name.lower()]

    def add_member(self, group: Group, name: str) -> None:
        """Puts an account into a group."""
        sid = self.sid_of(name)
        if sid is None:
            raise AccountFault(1387 if "\\" not in name else 1332)
        if any(g.sid == sid for g in self.groups.values()):
            raise AccountFault(1388)
        if sid in group.members:
            raise AccountFault(1378)
        group.members.append(sid)

    def remove_member(self, group: Group, name: str) -> None:
        """Takes an account out of a group."""
        sid = self.sid_of(name) or name.upper()
        if sid not in group.members:
            raise AccountFault(1377)
        group.members.remove(sid)

    # -- what there is ---------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Comparable: identifiers of a machine's own new accounts are left out."""
        return {
            "users": {u.name: dict(self._properties(u)) for u in self.users.values()},
            "groups": {
                g.name: {"description": g.description,
                         "members": sorted(self.shown(sid) for sid in g.members)}
                for g in self.groups.values()
            },
        }  # fmt: skip

    def _properties(self, user: User) -> Iterator[tuple[str, Any]]:
        for one in fields(User):
            if one.name not in ("name", "sid"):
                yield one.name, getattr(user, one.name)
