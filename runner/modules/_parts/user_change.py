"""How the module ``user`` moves an account from one state to another, with the shadow tools."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import date, timedelta
from typing import Final

from runner.errors import Refused
from runner.interfaces.exchange import Reply, Request, Script, read, write
from runner.modules._parts.user import Params, UserState
from runner.posix import accounts, tools

_SKELETON: Final = "/etc/skel"
_EPOCH: Final = date(1970, 1, 1)
_AGE_OPTIONS: Final = {
    "password_expire_min": "-m",
    "password_expire_max": "-M",
    "password_expire_warn": "-W",
    "password_expire_account_disable": "-I",
    "expires": "-E",
}
"""Fields of a state -> options of chage(1)."""


def create(params: Params, before: UserState, after: UserState) -> Generator[Request, Reply, None]:
    """A new account, by the task's parameters."""
    options = _placed(params, before)
    if params.create_home:
        options += ["-m"]
        options += ["-k", params.skeleton] if params.skeleton is not None else []
        options += ["-K", f"UMASK={params.umask}"] if params.umask is not None else []
    else:
        options += ["-M"]
    options += ["-r"] if params.system else []
    options += ["-K", f"UID_MIN={params.uid_min}"] if params.uid_min is not None else []
    options += ["-K", f"UID_MAX={params.uid_max}"] if params.uid_max is not None else []
    yield from _run("useradd", *options, params.name, what=f"create user {params.name}")
    if params.password_field is not None:
        lock = "!" if after.locked else ""
        yield from _set_password(params.name, lock + params.password_field.lstrip("!"))
    asked = (field for field in _AGE_OPTIONS if getattr(params, field) is not None)
    yield from _age(params.name, after, asked)


def _placed(params: Params, before: UserState) -> list[str]:
    options = ["-u", str(params.uid)] if params.uid is not None else []
    options += ["-o"] if params.uid is not None and params.non_unique else []
    if params.group is not None:
        options += ["-g", params.group]
    elif before.own_group is not None:
        options += ["-N"]  # useradd would refuse to make a group that is there
    options += ["-G", ",".join(params.groups)] if params.groups else []
    for option, value in (
        ("-c", params.comment), ("-d", params.home), ("-s", params.shell),
    ):  # fmt: skip
        options += [option, value] if value is not None else []
    return options


def modify(params: Params, before: UserState, after: UserState) -> Generator[Request, Reply, None]:
    """An account from one state to the other; both exist."""
    options: list[str] = []
    if before.uid != after.uid:
        options += ["-u", str(after.uid), *(["-o"] if params.non_unique else [])]
    if before.group != after.group:
        options += ["-g", after.group]
    if before.groups != after.groups:
        options += ["-G", ",".join(after.groups)]
    for option, was, now in (
        ("-c", before.comment, after.comment), ("-s", before.shell, after.shell),
    ):  # fmt: skip
        options += [option, now] if was != now else []
    if before.home != after.home:
        options += ["-d", after.home, *(["-m"] if params.move_home else [])]
    if options:
        what = f"change user {params.name}"
        yield from _run("usermod", *options, params.name, what=what)
    yield from _password(params, before, after)
    other = (f for f in _AGE_OPTIONS if getattr(before, f) != getattr(after, f))
    yield from _age(params.name, after, other)
    if after.home_exists and not before.home_exists:
        yield from _make_home(params, after)


def _make_home(params: Params, after: UserState) -> Generator[Request, Reply, None]:
    skeleton = params.skeleton if params.skeleton is not None else _SKELETON
    owner = f"{params.name}:{after.group}"
    call = tools.script(accounts.MAKE_HOME, after.home, skeleton, owner, params.umask or "")
    tools.expect((yield from write(call)), f"make the home folder {after.home}")


def _password(
    params: Params, before: UserState, after: UserState
) -> Generator[Request, Reply, None]:
    """The password and its lock. A hash goes through standard input: no list shows it."""
    if before.password != after.password:
        if after.has_hash and params.password_field is not None:
            lock = "!" if after.locked else ""
            yield from _set_password(params.name, lock + params.password_field.lstrip("!"))
        else:
            yield from _set_password(params.name, _literal(after))
    elif before.locked != after.locked:
        if after.has_hash:
            option = "-L" if after.locked else "-U"
            verb = "lock" if after.locked else "unlock"
            what = f"{verb} the password of {params.name}"
            yield from _run("usermod", option, params.name, what=what)
        else:
            yield from _set_password(params.name, _literal(after))


def _literal(after: UserState) -> str:
    """The field of a password without a hash."""
    kept = after.literal
    if (
        kept is not None
        and kept.startswith("!") == bool(after.locked)
        and accounts.marker(kept) == after.password
    ):
        return kept
    body = "" if after.password == accounts.NO_PASSWORD else after.password
    return ("!" if after.locked else "") + body


def _set_password(name: str, field: str) -> Generator[Request, Reply, None]:
    out = yield from write(tools.tool("chpasswd", "-e", stdin=f"{name}:{field}\n"))
    tools.expect(out, f"set the password of {name}")


def _age(name: str, after: UserState, fields: Iterable[str]) -> Generator[Request, Reply, None]:
    """Set these ages; None is never."""
    options: list[str] = []
    for field in fields:
        value = getattr(after, field)
        if field == "expires" and value is not None:
            value = _day(value)
        options += [_AGE_OPTIONS[field], str(-1 if value is None else value)]
    if options:
        yield from _run("chage", *options, name, what=f"set the ages of user {name}")


def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).isoformat()


def delete(params: Params) -> Generator[Request, Reply, None]:
    """The account, as the task says."""
    options = [*(["-f"] if params.force else []), *(["-r"] if params.remove else [])]
    yield from _run("userdel", *options, params.name, what=f"remove user {params.name}")


def take_back_creation(
    params: Params, before: UserState, now: UserState
) -> Generator[Request, Reply, None]:
    """Remove what was created: with its home, if nobody has put anything there since."""
    removes_home = now.home_exists and not before.home_exists
    if removes_home:
        yield from _refuse_foreign(params, now.home)
    options = ["-r"] if removes_home else []
    yield from _run("userdel", *options, params.name, what=f"remove user {params.name}")
    if before.own_group is not None:  # userdel takes it along when nobody else is in it
        yield from _ensure_group(params.name, before.own_group)


def take_back_home(params: Params, home: str) -> Generator[Request, Reply, None]:
    """Remove a home folder that was made for an account without one."""
    yield from _refuse_foreign(params, home)
    yield from _run("rm", "-rf", "--", home, what=f"remove the home folder {home}")


def _refuse_foreign(params: Params, home: str) -> Generator[Request, Reply, None]:
    skeleton = params.skeleton if params.skeleton is not None else _SKELETON
    (found,) = yield from read(tools.script(accounts.FOREIGN, home, skeleton, params.name))
    if files := found.stdout.split("\n")[:-1]:
        raise Refused(
            f"user {params.name} has files that were not there when it was made: "
            f"{', '.join(files)}",
            hint="save or delete them, then roll back again",
        )


def take_back_removal(params: Params, was: UserState) -> Generator[Request, Reply, None]:
    """The account that was there, with its numbers, groups, password field and ages."""
    if was.gid is not None and not was.group.isdigit():
        yield from _ensure_group(was.group, was.gid)
    options = ["-u", str(was.uid), "-o", "-g", str(was.gid), "-M", "-c", was.comment]
    options += ["-d", was.home, "-s", was.shell]
    options += ["-G", ",".join(was.groups)] if was.groups else []
    yield from _run("useradd", *options, params.name, what=f"create user {params.name} again")
    yield from _set_password(params.name, _literal(was))
    yield from _age(params.name, was, _AGE_OPTIONS)


def restore_change_day(
    params: Params, was: UserState, now: UserState
) -> Generator[Request, Reply, None]:
    """The day of the last password change, which setting a password has moved."""
    if was.last_changed is not None and was.password != now.password:
        yield from _run(
            "chage", "-d", str(was.last_changed), params.name,
            what=f"set back the day of {params.name}'s last password change",
        )  # fmt: skip


def _ensure_group(name: str, gid: int) -> Generator[Request, Reply, None]:
    text = 'getent group "$1" >/dev/null || groupadd -o -g "$2" "$1"'
    call: Script = tools.script(text, name, str(gid))
    tools.expect((yield from write(call)), f"make group {name} again")


def _run(*argv: str, what: str) -> Generator[Request, Reply, None]:
    tools.expect((yield from write(tools.tool(*argv))), what)
