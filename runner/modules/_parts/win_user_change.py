"""How win_user brings a user from one state to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Reply, Request, Script, write
from runner.modules._parts.win_user import GIVEN, Params, UserState
from runner.windows import local_groups, sam
from runner.windows.exit_codes import expect

_SET_PASSWORD: Final = """\
$p=[Console]::In.ReadToEnd()
if($params.create){$u=([ADSI]"WinNT://$env:COMPUTERNAME").Create('User',$params.name)}
else{$u=[ADSI]"WinNT://$env:COMPUTERNAME/$($params.name),user"}
$u.SetPassword($p)
if($params.create){$u.SetInfo()}
"""


def first_groups(before: UserState) -> tuple[str, ...]:
    """The groups of a user before the task moves it: those that it is born into, if it is new."""
    if before.present:
        return before.groups
    return (before.everybody,) if before.everybody else ()


def created(
    params: Params, before: UserState, after: UserState
) -> Generator[Request, Reply, UserState]:
    """Makes the user; returns what it is then."""
    if after.password == GIVEN:
        yield from set_password(params, params.secret, create=True)
    else:
        hint = "the password policy may forbid an empty password: give one"
        yield from net(f"make the user {after.name}", after.name, "/add", hint=hint)
    fresh = UserState(present=True, password=after.password, name=after.name)
    if after.password != GIVEN:
        fresh = dataclasses.replace(fresh, groups=first_groups(before))
    if after.password_never_expires:
        directory = yield from sam.find()
        found = directory.user(after.name)
        fresh = dataclasses.replace(fresh, sid=found.sid if found else "")
    return fresh


def set_password(
    params: Params, secret: str | None, *, create: bool
) -> Generator[Request, Reply, None]:
    values = {"name": params.name, "create": create}
    output = yield from write(Script("powershell", _SET_PASSWORD, values, stdin=secret))
    if output.code != 0:
        said = (output.stderr.strip() or output.stdout.strip() or "no reason").splitlines()
        raise ModuleError(
            f"set the password of user {params.name}: {said[0].strip()}",
            hint="the password policy may ask for a longer or less simple one",
        )


def words(before: UserState, after: UserState) -> tuple[str, ...]:
    """What differs, as net user takes it."""
    words: list[str] = []
    if before.fullname != after.fullname:
        words.append(f"/fullname:{after.fullname}")
    if before.description != after.description:
        words.append(f"/comment:{after.description}")
    if before.account_disabled != after.account_disabled:
        words.append(f"/active:{'no' if after.account_disabled else 'yes'}")
    if before.user_cannot_change_password != after.user_cannot_change_password:
        words.append(f"/passwordchg:{'no' if after.user_cannot_change_password else 'yes'}")
    return tuple(words)


def net(doing: str, name: str, *words: str, hint: str = "") -> Generator[Request, Reply, None]:
    output = yield from write(Exec("net", "user", name, *words))
    expect(output, "net", doing, hint=hint)


def move(before: UserState, after: UserState) -> Generator[Request, Reply, None]:
    """From the groups that it shall not be in to those that it shall."""
    for group in before.groups:
        if group not in after.groups:
            output = yield from write(local_groups.remove_member(group, after.name))
            expect(output, "net", f"take {after.name} out of the group {group}")
    for group in after.groups:
        if group not in before.groups:
            output = yield from write(local_groups.add_member(group, after.name))
            expect(output, "net", f"put {after.name} into the group {group}")
