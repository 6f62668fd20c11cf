"""win_user, win_group and win_group_membership: cases as data, and what is beyond a table.

Each row runs on a lab host: exactly these commands are sent, the accounts are then as it says, and
exactly those commands take it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.engine.session import Writer
from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Output
from runner.model.secret import MASK
from runner.model.state import Change
from runner.windows import sam
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


def test_a_locked_account_is_opened_but_never_locked_again() -> None:
    host = LabHost("2012", users={"bob": {"locked": True}})
    work = host.task("win_user", name="bob", account_locked="no")
    change = work.plan()
    assert "locked again" in work.module.irreversible(work.params, change, {})
    work.apply(change)
    assert work.probe() == change.after
    with pytest.raises(ParamsError, match="account_locked"):
        task("win_user", name="bob", account_locked=True)


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


def test_query_only_looks() -> None:
    host = LabHost("2016", **BOB)
    work = host.task("win_user", name="bob", state="query", fullname="other")
    change = work.plan()
    assert not change.differences()
    assert work.module.result(work.params, change, {}, {})["fullname"] == "Bob"
    none = host.task("win_user", name="nobody", state="query")
    assert none.module.result(none.params, none.plan(), {}, {})["msg"].endswith("not found")


def test_groups_that_do_not_exist() -> None:
    host = LabHost("2016")
    work = host.task("win_user", name="bob", groups="Nobody")
    change = work.plan()  # a task before this one may make it
    assert "must be made first: Nobody" in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="do not exist on this host: Nobody"):
        work.apply(change)
    assert host.writes == 0
    work = host.task("win_user", name="bob", groups="Nobody", groups_missing_behaviour="warn")
    assert "Nobody" in work.module.message(work.params, work.plan(), {})


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


def test_a_long_name_is_refused_because_net_cannot() -> None:
    work = LabHost("2016").task("win_group_membership", name="Users", members="LAB\\" + "x" * 21)
    with pytest.raises(Refused, match="up to 20 characters"):
        work.plan()


def test_a_group_must_be_there() -> None:
    work = LabHost("2016").task("win_group_membership", name="Nobody", members="Guest")
    change = work.plan()
    assert "group Nobody" in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="no local group 'Nobody'"):
        work.apply(change)


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a" * 21, ". .", "a*"])
def test_names_that_no_user_can_have(name: str) -> None:
    with pytest.raises(ParamsError, match="name"):
        task("win_user", name=name)


@pytest.mark.parametrize("name", ["home_directory", "profile", "login_script", "password_expired"])
def test_parameters_that_cannot_be_done_say_why(name: str) -> None:
    with pytest.raises(ParamsError, match="win_powershell"):
        task("win_user", name="bob", **{name: "x"})


# -- passwords ----------------------------------------------------------------------------------

PASSWORD = "Geh-3im, 100% $x"
USERS = "Domain=WEB01\r\nName=bob\r\nSID=S-1-5-21-1-2-3-1001\r\nPasswordExpires=TRUE\r\n"
GROUPS = "Name=Users\r\nSID=S-1-5-32-545\r\n"
LIST = f"Alias\r\n\r\n{'-' * 79}\r\nbob\r\ndone.\r\n"
ANSWERS = {
    "wmic useraccount": Output(0, USERS),
    "wmic group": Output(0, GROUPS),
    "net localgroup Users": Output(0, LIST),
    "$s=": Output(0, "code=1326\r\n"),
    "$p=": Output(0),
}


def test_a_password_goes_through_standard_input_alone() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted(ANSWERS)
    before = host.drive(module.probe(params, facts("2016")))
    after = module.plan(params, before, facts("2016"))
    change = Change("user bob", before, after)
    assert [(d.field, d.before, d.after) for d in change.differences()] == [
        ("password", "another one", "as given")
    ]
    assert "old password" in module.irreversible(params, change, {})
    host.drive(module.apply(params, change, facts("2016")))
    assert [script.stdin for script in host.scripts] == [PASSWORD, PASSWORD]
    shown = f"{host.sent} {host.asked} {[(s.text, s.params) for s in host.scripts]}"
    assert PASSWORD not in shown + repr(params) + str(to_json(params)) + repr(change)
    assert host.scripts[1].params == {"name": "bob", "create": False}
    recorded = from_json(type(params), to_json(params))
    with pytest.raises(Refused, match="not on record"):
        module.plan(recorded, before, facts("2016"))


@pytest.mark.parametrize(("code", "same"), [(0, True), (1331, True), (1907, True), (1326, False),
                                            (1909, False)])  # fmt: skip
def test_whether_it_is_the_password_already(code: int, same: bool) -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted({**ANSWERS, "$s=": Output(0, f"code={code}\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    after = module.plan(params, before, facts("2016"))
    assert (before == after) is same


def test_only_a_new_user_is_given_it_with_on_create() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD, update_password="on_create")
    host = Scripted(ANSWERS)
    before = host.drive(module.probe(params, facts("2016")))
    assert module.plan(params, before, facts("2016")) == before
    assert not host.scripts


def test_a_new_user_with_a_password() -> None:
    module, params = task("win_user", name="new", password=PASSWORD, fullname="N")
    host = Scripted({**ANSWERS, "net ": Output(0)})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    assert not module.irreversible(params, change, {})
    host.sent.clear()
    host.drive(module.apply(params, change, facts("2016")))
    assert host.scripts[-1].params == {"name": "new", "create": True}
    assert host.sent[1:] == ["net user new /fullname:N", "net localgroup Users new /add"]


def test_a_host_without_powershell_is_not_given_one() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    known = {**facts("2003"), "powershell_version": 0}
    known["windows"] = {**known["windows"]}
    host = Scripted({**ANSWERS, "$s=": Output(1)})
    before = host.drive(module.probe(params, known))
    with pytest.raises(Refused, match="no PowerShell"):
        module.plan(params, before, known)


def test_a_password_that_is_refused() -> None:
    module, params = task("win_user", name="bob", password=PASSWORD)
    host = Scripted({**ANSWERS, "$p=": Output(1, "", "The password does not meet ...\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    with pytest.raises(ModuleError, match="does not meet"):
        host.drive(module.apply(params, change, facts("2016")))
    assert str(params.password) == MASK  # type: ignore[attr-defined]


# -- the directory ------------------------------------------------------------------------------


def test_powershell_lists_accounts_where_wmic_is_gone() -> None:
    host = Scripted({"wmic": Output(9009), "$c=": [Output(0, USERS), Output(0, GROUPS), Output(0)]})
    found = host.drive(sam.find())
    assert found.users[0].name == "bob"
    assert found.group("users") is not None
    assert [script.params["kind"] for script in host.scripts] == ["u", "g", "s"]


def test_nobody_answers() -> None:
    with pytest.raises(ModuleError, match="cannot be listed: gone"):
        Scripted({"wmic": Output(9009), "$c=": Output(1, "", "gone")}).drive(sam.find())


def test_a_flag_without_wmic() -> None:
    host = Scripted({"wmic": Output(9009), "$u=": Output(0)})
    host.drive(sam.set_flag("S-1-5-21-1", "Lockout", False))
    assert host.scripts[0].params == {"sid": "S-1-5-21-1", "name": "Lockout", "value": False}
    with pytest.raises(ModuleError, match="set Lockout of S-1-5-21-1"):
        Scripted().drive(sam.set_flag("S-1-5-21-1", "Lockout", False))
    with pytest.raises(ModuleError, match="not an identifier"):
        host.drive(sam.set_flag("S-1' or 'x", "Lockout", False))


def test_the_identifier_of_a_service() -> None:
    trusted = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    assert sam.service_sid("TrustedInstaller") == trusted
    assert sam.service_sid("ALL SERVICES") == "S-1-5-80-0"
