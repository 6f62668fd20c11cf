"""Users of a Windows host itself, with ``net user``, ``net localgroup`` and ``wmic``.

What ``net user`` tells in the system's language alone (when the account expires, home directory,
login script, profile, an expired password) is read and set by PowerShell.

A password is set by PowerShell, which is given it through standard input: ``net user`` takes it
only on its command line, where everybody on the host could read it, or from a console. A host
without PowerShell refuses. A password that was replaced can be given back where the task says what
it was (``old_password``); a user that was deleted cannot. A new user is a member of the group of
all users (``Users``), as ``net user`` makes it, unless ``groups`` says otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring_settings
from runner.modules._parts.win_user import GIVEN, OLD, Params, UserState, find
from runner.modules._parts.win_user_change import (
    created,
    first_groups,
    move,
    net,
    set_password,
    words,
)
from runner.windows import sam, user_details
from runner.windows.facts import WindowsFacts
from runner.windows.user_details import Details

_FLAGS: Final = ("fullname", "description", "account_disabled", "user_cannot_change_password")
_FIELDS: Final = (*_FLAGS, "password_never_expires", "account_locked")
_DETAILS: Final = tuple(one.name for one in dataclasses.fields(Details))


class Module(base.Module[Params, UserState]):
    """Brings one user to a state."""

    params = Params
    state = UserState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_user_module.html"
    )
    redoable = True
    guide = Guide(
        example=(
            "win_user:\n"
            "  name: deploy\n"
            "  password: '{{ deploy_password }}'\n"
            "  groups: Users\n"
            "  groups_action: add"
        ),
        using=(
            Using("net, wmic", until="2022"),
            Using("net; powershell", since="2025", powershell=True),
            Using(
                "powershell",
                since="2008r2",
                powershell=True,
                part="the password, password_expired, "
                "account_expires, home_directory, login_script, profile",
            ),
        ),
        undo="a deleted user, a replaced password that old_password does not give, a lock",
    )

    def subject(self, params: Params) -> str:
        return f"user {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, UserState]:
        sam.refuse_controller(facts, f"user {params.name}")
        return (yield from find(params))

    def plan(self, params: Params, before: UserState, facts: base.Facts) -> UserState:
        if params.state == "query" or (params.state == "absent" and not before.present):
            return before
        if params.state == "absent":
            if before.sid.endswith(("-500", "-501")):
                raise Refused(f"{before.name} is built in: Windows does not let it go")
            return _kept(UserState(), before)
        if not before.present and params.details != Details():
            self._require_powershell(params, facts)
        given = {name: getattr(params, name) for name in (*_FIELDS, *_DETAILS)}
        changes = {name: value for name, value in given.items() if value is not None}
        after = dataclasses.replace(before, present=True, **changes, groups=_groups(params, before))
        return dataclasses.replace(after, password=self._password(params, before, facts))

    def _password(self, params: Params, before: UserState, facts: base.Facts) -> str:
        if params.password is None or (before.present and params.update_password == "on_create"):
            return before.password
        if params.secret == MASK:
            raise Refused(f"the password of user {params.name} is not on record")
        if before.present and before.password not in (GIVEN, OLD) and params.old_password:
            raise Refused(
                f"old_password is not the password that user {params.name} has now",
                hint="leave it out: then a rollback cannot give the old password back",
            )
        if before.password != GIVEN and not WindowsFacts.of(facts).powershell:
            raise Refused(
                f"the password of user {params.name} cannot be set: this host has no PowerShell, "
                "and net user would show it on its command line",
                hint=f"type it at the host's console: net user {params.name} * /add; or install "
                "PowerShell there",
            )
        return GIVEN

    def _require_powershell(self, params: Params, facts: base.Facts) -> None:
        if not WindowsFacts.of(facts).powershell:
            raise Refused(
                f"user {params.name}: this host has no PowerShell, which alone sets "
                f"{', '.join(name for name in _DETAILS if getattr(params, name) is not None)}",
                hint="leave them out there, or install PowerShell",
            )

    def apply(
        self, params: Params, change: Change[UserState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        name = after.name or params.name
        _check_groups(params, after)
        if not after.present:
            yield from net(f"delete the user {name}", before.name, "/delete")
            return {}
        if not before.present:
            before = yield from created(params, before, after)
        elif before.password != after.password and after.password in (GIVEN, OLD):
            secret = params.secret if after.password == GIVEN else params.old_secret
            yield from set_password(params, secret, create=False)
        if differing := words(before, after):
            yield from net(f"change the user {name}", name, *differing)
        if before.password_never_expires != after.password_never_expires:
            yield from sam.set_flag(before.sid, "PasswordExpires", not after.password_never_expires)
        if before.account_locked and not after.account_locked:
            yield from sam.set_flag(before.sid, "Lockout", False)
        yield from user_details.change(name, before.details, after.details)
        yield from move(before, after)
        return {}

    def undo(
        self, params: Params, change: Change[UserState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was, now = change.before, change.after
        if was.present and not now.present:
            raise ModuleError(
                f"the user {was.name} cannot be made again: its identifier and its password are "
                "gone",
                hint="make a new one with win_user, and give it the rights of the old one",
            )
        # Nobody can lock an account but by wrong passwords, nor give back one that is not known.
        password = was.password if was.password in (GIVEN, OLD) else now.password
        wanted = dataclasses.replace(was, password=password, account_locked=now.account_locked)
        return (yield from self.apply(params, Change(change.subject, now, wanted), facts))

    def restore(self, params: Params, change: Change[UserState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.user(change)

    def irreversible(self, params: Params, change: Change[UserState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        if before.present and not after.present:
            return "a user that is deleted takes its identifier, password and rights with it"
        known = before.password in (GIVEN, OLD) and params.secrets_for_undo()
        if before.present and before.password != after.password and not known:
            return "the old password is not known, so it cannot be given back (see old_password)"
        if before.account_locked and not after.account_locked:
            return "an account cannot be locked again on purpose"
        return ""

    def result(
        self,
        params: Params,
        change: Change[UserState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        now = change.after
        found: dict[str, Any] = {"name": now.name or params.name, "state": params.state}
        if not now.present:
            if params.state == "query":
                found["msg"] = f"User '{params.name}' was not found"
            return found
        place = f"WinNT://{now.computer}"
        fields = {name: getattr(now, name) for name in _FIELDS}
        known = {name: getattr(now, name) for name in _DETAILS}
        fields |= {name: value for name, value in known.items() if value is not None}
        return found | fields | {
            "path": f"{place}/{now.name}",
            "sid": now.sid or UNKNOWN,
            "groups": [{"name": name, "path": f"{place}/{name}"} for name in now.groups],
        }  # fmt: skip

    def message(self, params: Params, change: Change[UserState], facts: base.Facts) -> str:
        missing = ", ".join(change.after.missing)
        if not missing or params.groups_missing_behaviour == "ignore":
            return ""
        warn = params.groups_missing_behaviour == "warn"
        return f"groups that {'do not exist' if warn else 'must be made first'}: {missing}"


def _kept(state: UserState, before: UserState) -> UserState:
    """The state with what belongs to the host and not to the user."""
    return dataclasses.replace(
        state,
        name=before.name,
        computer=before.computer,
        wanted_groups=before.wanted_groups,
        missing=before.missing,
        everybody=before.everybody,
    )


def _check_groups(params: Params, wanted: UserState) -> None:
    """A task before this one may make a group, so it must be there only when it is needed."""
    missing = sorted(set(wanted.missing) & set(wanted.groups))
    if missing:
        raise Refused(
            f"groups that do not exist on this host: {', '.join(missing)}",
            hint="make them first (win_group), or give groups_missing_behaviour: ignore",
        )


def _groups(params: Params, before: UserState) -> tuple[str, ...]:
    if params.groups is None:
        return first_groups(before)
    named, now = set(before.wanted_groups), set(first_groups(before))
    if params.groups_missing_behaviour == "fail":
        named |= set(before.missing)
    wanted = {"add": now | named, "remove": now - named, "replace": named}[params.groups_action]
    return tuple(sorted(wanted, key=str.casefold))
