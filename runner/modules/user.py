"""Users of a Unix host, with the shadow tools (useradd, usermod, userdel, chage, chpasswd).

A password's hash is sent through standard input and never recorded. So a change that replaces a
password, or deletes an account that has one, cannot be taken back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring_posix, user_change
from runner.modules._parts import user as _user
from runner.modules._parts.posix import require_posix
from runner.modules._parts.user import Params, UserState
from runner.posix import accounts

_PLAIN = ("comment", "home", "shell", "uid")
_AGES = (
    "password_expire_min",
    "password_expire_max",
    "password_expire_warn",
    "password_expire_account_disable",
)


class Module(base.Module[Params, UserState]):
    """Brings one account to a state."""

    params = Params
    state = UserState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/user_module.html"
    guide = Guide(
        example=("user:\n  name: scanner\n  shell: /usr/sbin/nologin"),
        undo="a removed account's password and files; the plan says so",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"user {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, UserState]:
        require_posix(facts, "user", "win_user")
        return (yield from _user.find(params))

    def plan(self, params: Params, before: UserState, facts: base.Facts) -> UserState:
        if params.password_field == MASK:
            raise Refused(f"the password of user {params.name} is not on record")
        if params.state == "absent":
            return _gone(params, before)
        if not before.present:
            return _new(params, before)
        return _changed(params, before)

    def apply(
        self, params: Params, change: Change[UserState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if not after.present:
            yield from user_change.delete(params)
        elif not before.present:
            yield from user_change.create(params, before, after)
        else:
            yield from user_change.modify(params, before, after)
        return {}

    def undo(
        self, params: Params, change: Change[UserState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was, now = change.before, change.after
        if not was.present:
            yield from user_change.take_back_creation(params, was, now)
        elif not now.present:
            yield from user_change.take_back_removal(params, was)
        else:
            moves_back = params.move_home and was.home != now.home
            if now.home_exists and not was.home_exists and not moves_back:
                yield from user_change.take_back_home(params, now.home)
            yield from user_change.modify(params, now, was)
        if was.present:
            yield from user_change.restore_change_day(params, was, now)
        return {}

    def irreversible(self, params: Params, change: Change[UserState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        if before.has_hash and before.password != after.password:
            return "the hash of its password is a secret, which is not recorded"
        if before.present and not after.present and params.remove and before.has_home:
            return f"its home folder {before.home} is deleted"
        return ""

    def restore(self, params: Params, change: Change[UserState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.user(params.name, change)

    def result(
        self,
        params: Params,
        change: Change[UserState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, now = change.before, change.after
        found: dict[str, Any] = {"name": params.name, "state": params.state}
        if params.state == "absent":
            return found | ({"force": params.force, "remove": params.remove}
                            if before.present else {})  # fmt: skip
        if before.present:
            found |= {"append": params.append, "move_home": params.move_home}
        else:
            found |= {"system": params.system, "create_home": params.create_home}
        if params.groups is not None:
            found["groups"] = ",".join(params.groups)
        if params.password is not None:
            found["password"] = "NOT_LOGGING_PASSWORD"
        return found | {
            "uid": now.uid,
            "group": UNKNOWN if now.gid is None else now.gid,
            "comment": now.comment,
            "home": now.home,
            "shell": now.shell,
        }

    def message(self, params: Params, change: Change[UserState], facts: base.Facts) -> str:
        notes = []
        field = params.password_field or ""
        if accounts.marker(field).startswith(accounts.HASHED) and "$" not in field:
            notes.append("the password does not look like a hash, as it must")
        if params.password_lock is False and change.after.locked:
            notes.append("it has no password, so there is nothing to unlock")
        return "; ".join(notes)


def _gone(params: Params, before: UserState) -> UserState:
    if not before.present:
        return before
    return UserState(own_group=before.own_group)


def _new(params: Params, before: UserState) -> UserState:
    """What useradd makes; what it takes from the host's defaults is known afterwards."""
    later: Any = UNKNOWN
    names = dict(before.names)
    field = params.password_field
    wanted: dict[str, Any] = {
        name: later if getattr(params, name) is None else getattr(params, name)
        for name in ("uid", "home", "shell")
    }
    group = params.group
    after = UserState(
        present=True,
        comment=params.comment or "",
        group=later if group is None else names.get(group, group),
        groups=tuple(sorted({names.get(name, name) for name in params.groups or ()})),
        home_exists=before.home_exists or params.create_home,
        gid=None,
        own_group=before.own_group,
        **wanted,
        **_ages(params),
    )
    if field is not None:
        locked = field.startswith("!") or bool(params.password_lock)
        return dataclasses.replace(after, password=accounts.marker(field), locked=locked)
    if params.password_lock is not None:  # without a password it is locked from the start
        return dataclasses.replace(after, password=accounts.NO_PASSWORD, locked=True)
    return after


def _changed(params: Params, before: UserState) -> UserState:
    names = dict(before.names)
    wanted: dict[str, Any] = {
        name: getattr(params, name) for name in _PLAIN if getattr(params, name) is not None
    }
    if params.group is not None:
        wanted["group"] = names.get(params.group, params.group)
    if params.groups is not None:
        asked = {names.get(name, name) for name in params.groups}
        wanted["groups"] = tuple(sorted(asked | set(before.groups if params.append else ())))
    if params.create_home:
        wanted["home_exists"] = True
    after = dataclasses.replace(before, **wanted, **_ages(params))
    return _with_password(params, before, after)


def _with_password(params: Params, before: UserState, after: UserState) -> UserState:
    field = params.password_field
    wanted = before.password if field is None else accounts.marker(field)
    if field is not None and wanted != before.password and params.update_password == "always":
        locked = field.startswith("!") or bool(params.password_lock)
        return dataclasses.replace(after, password=wanted, locked=locked)
    if params.password_lock is None or before.locked == params.password_lock:
        return after
    if not params.password_lock and before.password == accounts.NO_PASSWORD:
        return after  # unlocked, anybody could log in
    return dataclasses.replace(after, locked=params.password_lock)


def _ages(params: Params) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        name: value if (value := getattr(params, name)) is None or value >= 0 else None
        for name in _AGES
        if getattr(params, name) is not None
    }
    if params.expires is not None:
        wanted["expires"] = params.expire_day
    return wanted
