"""win_user, win_group and win_group_membership: cases as data, and what they have in common.

Each row runs on a lab host: exactly these commands are sent, the accounts are then as it says, and
exactly those commands take it back.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

BOB = {"users": {"bob": {"full_name": "Bob", "description": "old", "password_expires": False}}}
SID = "S-1-5-21-1004336348-1177238915-682003330"


@dataclass(frozen=True)
class Row:
    """``leaves`` is what the lab then has below ``security`` (a path of keys)."""

    name: str
    os: str
    module: str
    raw: Mapping[str, Any]
    sends: tuple[str, ...]
    leaves: Mapping[tuple[str, ...], Any]
    undo: tuple[str, ...]
    returns: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


ROWS = [
    Row(
        "a new user", "2008r2-sp1", "win_user",
        {"name": "bob", "fullname": "Bob B", "description": "a & b", "account_disabled": True},
        ("<nul net user bob /add",
         '<nul net user bob "/fullname:Bob B" "/comment:a & b" /active:no'),
        {("users", "bob", "full_name"): "Bob B", ("users", "bob", "disabled"): True,
         ("groups", "Users", "members"):
             ["NT AUTHORITY\\Authenticated Users", "NT AUTHORITY\\INTERACTIVE", "bob"]},
        ("<nul net user bob /delete",),
        {"name": "bob", "fullname": "Bob B", "account_disabled": True, "state": "present",
         "path": "WinNT://WEB01/bob", "sid": f"{SID}-1001",
         "groups": [{"name": "Users", "path": "WinNT://WEB01/Users"}]},
    ),
    Row(
        "a new user in other groups", "2003-sp2", "win_user",
        {"name": "bob", "groups": ["Administrators", "S-1-5-32-551"],
         "password_never_expires": True},
        ("<nul net user bob /add",
         f"<nul wmic useraccount where \"SID='{SID}-1001'\" set PasswordExpires=FALSE",
         "<nul net localgroup Users bob /delete",
         "<nul net localgroup Administrators bob /add",
         '<nul net localgroup "Backup Operators" bob /add'),
        {("users", "bob", "password_expires"): False,
         ("groups", "Backup Operators", "members"): ["bob"]},
        ("<nul net user bob /delete",),
    ),
    Row(
        "what differs of a user", "2016", "win_user",
        {"name": "BOB", "description": "", "password_never_expires": False,
         "user_cannot_change_password": True, "groups": "Guests", "groups_action": "add"},
        ("<nul net user bob /comment: /passwordchg:no",
         f"<nul wmic useraccount where \"SID='{SID}-1001'\" set PasswordExpires=TRUE",
         "<nul net localgroup Guests bob /add"),
        {("users", "bob", "description"): "", ("users", "bob", "password_changeable"): False,
         ("groups", "Guests", "members"): ["Guest", "bob"]},
        ("<nul net user bob /comment:old /passwordchg:yes",
         f"<nul wmic useraccount where \"SID='{SID}-1001'\" set PasswordExpires=FALSE",
         "<nul net localgroup Guests bob /delete"),
        state=BOB,
    ),
    Row(
        "out of a group", "2022", "win_user",
        {"name": "Administrator", "groups": ["administrators", "Nobody"],
         "groups_action": "remove", "groups_missing_behaviour": "ignore"},
        ("<nul net localgroup Administrators Administrator /delete",),
        {("groups", "Administrators", "members"): []},
        ("<nul net localgroup Administrators Administrator /add",),
    ),
    Row(
        "a new group", "2003-sp2", "win_group", {"name": "deploy", "description": "who deploys"},
        ('<nul net localgroup deploy /add "/comment:who deploys"',),
        {("groups", "deploy"): {"description": "who deploys", "members": []}},
        ("<nul net localgroup deploy /delete",),
    ),
    Row(
        "the description of a built-in group", "2019", "win_group",
        {"name": "Users", "description": "all"},
        ("<nul net localgroup Users /comment:all",),
        {("groups", "Users", "description"): "all"},
        ("<nul net localgroup Users /comment:",),
    ),
    Row(
        "members of all kinds", "2012r2", "win_group_membership",
        {"name": "Administrators",
         "members": [".\\bob", "LAB\\Ops Team", "NT AUTHORITY\\SYSTEM", "WEB01\\administrator"]},
        ('<nul net localgroup Administrators "LAB\\Ops Team" /add',
         "<nul net localgroup Administrators SYSTEM /add",
         "<nul net localgroup Administrators bob /add"),
        {("groups", "Administrators", "members"):
             ["Administrator", "LAB\\Ops Team", "NT AUTHORITY\\SYSTEM", "bob"]},
        ('<nul net localgroup Administrators "LAB\\Ops Team" /delete',
         '<nul net localgroup Administrators SYSTEM /delete',
         "<nul net localgroup Administrators bob /delete"),
        {"name": "Administrators", "added": ["lab\\ops team", "SYSTEM", "WEB01\\bob"],
         "removed": [],
         "members": ["lab\\ops team", "SYSTEM", "WEB01\\Administrator", "WEB01\\bob"]},
        BOB,
    ),
    Row(
        "nobody else", "2008-sp2", "win_group_membership",
        {"name": "Users", "members": "Interactive, bob", "state": "pure"},
        ('<nul net localgroup Users "NT AUTHORITY\\Authenticated Users" /delete',),
        {("groups", "Users", "members"): ["NT AUTHORITY\\INTERACTIVE", "bob"]},
        ('<nul net localgroup Users "NT AUTHORITY\\Authenticated Users" /add',),
        state=BOB,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    host = LabHost(row.os, **dict(row.state))
    work = host.task(row.module, **dict(row.raw))
    before = host.state
    change = work.plan()
    there = Writer(host.link)
    applied = there.drive(work.module.apply(work.params, change, work.facts)) or {}
    assert tuple(there.sent) == row.sends
    for path, wanted in row.leaves.items():
        found: Any = host.state["security"]
        for key in path:
            found = found[key]
        assert found == wanted
    found = work.probe()
    assert work.module.plan(work.params, found, work.facts) == found == change.after
    result = work.module.result(work.params, Change("", change.before, found), {}, applied)
    assert {key: result[key] for key in row.returns} == dict(row.returns)
    back = Writer(host.link)
    recorded = Change(change.subject, change.before, found)
    back.drive(work.module.undo(work.params, recorded, work.facts))
    assert tuple(back.sent) == row.undo
    assert host.state == before
    assert host.not_simulated == []


@pytest.mark.parametrize("language", ["enu", "chs", "jpn", "deu", "rus"])
@pytest.mark.parametrize("os", ["2003-sp2", "2016"])
def test_languages_make_no_difference(language: str, os: str) -> None:
    host = LabHost(os, language=language, **BOB)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("win_user", {"name": "alice", "groups": ["Users", "Administrators"]}),
        ("win_user", {"name": "bob", "groups": "Guests", "account_disabled": True}),
        ("win_group_membership",
         {"name": "Users", "members": "SYSTEM,Authenticated Users", "state": "pure"}),
    ]  # fmt: skip
    done = []
    for module, raw in rows:
        work = host.task(module, **raw)
        change = work.plan()
        work.apply(change)
        assert work.probe() == change.after
        done.append((work, change))
    accounts = host.machine._host.security.accounts
    sids = {g.sid: sorted(g.members) for g in accounts.groups.values() if g.members}
    alice, bob = (accounts.users[name] for name in ("alice", "bob"))
    assert sids["S-1-5-32-544"] == sorted([f"{SID}-500", alice.sid])
    assert sids["S-1-5-32-545"] == ["S-1-5-11", "S-1-5-18"]
    assert sids["S-1-5-32-546"] == sorted([f"{SID}-501", bob.sid])
    assert bob.disabled
    for work, change in reversed(done):
        work.undo(change)
    assert host.state == LabHost(os, language=language, **BOB).state
    assert host.not_simulated == []


@pytest.mark.parametrize(
    ("module", "raw"),
    [
        ("win_user", {"name": "bob"}),
        ("win_group", {"name": "deploy"}),
        ("win_group_membership", {"name": "Administrators", "members": "bob"}),
    ],
)
def test_a_domain_controller_has_no_accounts_of_its_own(module: str, raw: dict[str, Any]) -> None:
    host = LabHost("2012r2", role="domain_controller")
    work = host.task(module, **raw)
    with pytest.raises(Refused, match="domain controller"):
        work.probe()
    assert host.writes == 0


def test_what_is_deleted_does_not_come_back() -> None:
    host = LabHost("2008r2-sp1", groups={"deploy": {"description": "x"}}, **BOB)
    for module, name in (("win_user", "bob"), ("win_group", "deploy")):
        work = host.task(module, name=name, state="absent")
        change = work.plan()
        assert "identifier" in work.module.irreversible(work.params, change, work.facts)
        work.apply(change)
        assert not work.probe().present
        with pytest.raises(ModuleError, match="cannot be made again"):
            work.undo(change)
    for module, name in (("win_user", "Guest"), ("win_group", "Users")):
        with pytest.raises(Refused, match="built in"):
            host.task(module, name=name, state="absent").plan()


@pytest.mark.parametrize("member", ["nobody", "ops@lab.example", "lab.example\\ops", "S-1-5-21-7"])
def test_members_that_cannot_be_told(member: str) -> None:
    host = LabHost("2016")
    work = host.task("win_group_membership", name="Users", members=member)
    change = work.plan()  # a task before this one may make it
    assert member in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="there is no account"):
        work.apply(change)
    work = host.task("win_group_membership", name="Users", members=member, state="absent")
    with pytest.raises(Refused, match="there is no account"):
        work.plan()
    assert host.writes == 0


def test_a_long_name_is_refused_where_net_cannot_and_powershell_is_not() -> None:
    raw = {"name": "Users", "members": "LAB\\" + "x" * 21}
    with pytest.raises(Refused, match="up to 20 characters"):
        LabHost("2003-sp2").task("win_group_membership", **raw).plan()


def test_powershell_puts_in_a_long_name_and_looks_up_what_a_domain_knows() -> None:
    long = "LAB\\" + "x" * 21
    names = {"ops@lab.example": "LAB\\Ops", "S-1-5-21-9-9-9-1105": long, "no@body": ""}
    told = "".join(
        f"{at}={base64.b64encode(name.encode()).decode()}\r\n"
        for at, name in enumerate(names.values()) if name
    )  # fmt: skip
    module, params = task("win_group_membership", name="Users", members=list(names))
    host = Scripted({
        "wmic useraccount": Output(0, "Domain=WEB01\nName=x\nSID=S-1-5-21-1-2-3-1001\n"),
        "wmic group": Output(0, "Name=Users\nSID=S-1-5-32-545\n"), "$n=0": Output(0, told),
        "net localgroup": Output(0, f"x\n{'-' * 79}\ndone\n"), "$g=": Output(0),
    })  # fmt: skip
    before = host.drive(module.probe(params, facts("2016")))
    assert host.scripts[-1].params == {"names": list(names)}
    assert before.unknown == ("no@body",)
    after = module.plan(params, before, facts("2016"))
    assert after.members == ("lab\\ops", f"lab\\{'x' * 21}", "no@body")
    wanted = dataclasses.replace(after, members=after.members[:2])
    change = Change("s", before, wanted)
    host.drive(module.apply(params, change, facts("2016")))
    assert host.sent[0] == "net localgroup Users LAB\\Ops /add"
    assert host.scripts[-1].params == {"group": "Users", "member": long.replace("\\", "/")}
    back = Change("s", wanted, before)
    assert module.irreversible(params, back, facts("2016")) == ""
    without = {**facts("2003"), "powershell_version": 0}
    assert "its name is too long" in module.irreversible(params, back, without)


def test_a_group_must_be_there() -> None:
    work = LabHost("2016").task("win_group_membership", name="Nobody", members="Guest")
    change = work.plan()
    assert "group Nobody" in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="no local group 'Nobody'"):
        work.apply(change)
