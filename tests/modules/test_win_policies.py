"""win_user_right, win_security_policy and win_audit_policy_system: cases as data, and the rest.

What goes to the host as base64 is shown here as the line of the template that it holds.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import audit, policy
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

SID = "S-1-5-21-1004336348-1177238915-682003330"
SHUTDOWN, NETWORK = "SeShutdownPrivilege", "SeNetworkLogonRight"
LOGON = "{0CCE9215-69AE-11D9-BED3-505054503030}"
NOTICE = r"MACHINE\Software\Microsoft\Windows\CurrentVersion\Policies\New\LegalNoticeText"
_KEY = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Policies"


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


def lines(sent: list[str]) -> tuple[str, ...]:
    """What was sent, templates as the line that they set."""
    shown = []
    for text in sent:
        found = re.match(r"\(echo ([A-Za-z0-9+/=]+)>", text)
        if found is None:
            shown.append(text)
            continue
        template = base64.b64decode(found[1]).decode("utf-16")
        assert template.startswith("[Unicode]\r\nUnicode=yes\r\n[Version]\r\n")
        assert re.search(r"secedit\.exe /configure /db \S+ /cfg \S+ /areas [A-Z_]+ /quiet&&", text)
        shown.append(" ".join(template.splitlines()[-2:]))
    return tuple(shown)


def guid(setting: str) -> str:
    return f'<nul auditpol /set "/subcategory:{LOGON}" {setting}'


ROWS = [
    Row(
        "a right is given", "2003-sp2", "win_user_right",
        {"name": "SeShutdownPrivilege", "users": [".\\Administrator", "SYSTEM"], "action": "add"},
        (f"[Privilege Rights] {SHUTDOWN} = *S-1-5-18,*{SID}-500,*S-1-5-32-544,*S-1-5-32-551",),
        {("rights", "SeShutdownPrivilege"):
             ["S-1-5-18", f"{SID}-500", "S-1-5-32-544", "S-1-5-32-551"]},
        ("[Privilege Rights] SeShutdownPrivilege = *S-1-5-32-544,*S-1-5-32-551",),
        {"added": ["SYSTEM", ".\\Administrator"], "removed": []},
    ),
    Row(
        "a right is taken from everybody", "2019", "win_user_right",
        {"name": "SeDenyNetworkLogonRight", "users": []},
        ("[Privilege Rights] SeDenyNetworkLogonRight = ",),
        {("rights",): None},
        (f"[Privilege Rights] SeDenyNetworkLogonRight = *{SID}-501",),
        {"added": [], "removed": ["WEB01\\Guest"]},
    ),
    Row(
        "a right is taken from one", "2016", "win_user_right",
        {"name": "SeNetworkLogonRight", "users": "Everyone", "action": "remove"},
        ("[Privilege Rights] SeNetworkLogonRight = *S-1-5-32-544,*S-1-5-32-545,*S-1-5-32-551",),
        {("rights", "SeNetworkLogonRight"): ["S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-551"]},
        (f"[Privilege Rights] {NETWORK} = *S-1-1-0,*S-1-5-32-544,*S-1-5-32-545,*S-1-5-32-551",),
    ),
    Row(
        "the length of passwords", "2008r2-sp1", "win_security_policy",
        {"section": "System Access", "key": "MinimumPasswordLength", "value": 12},
        ("[System Access] MinimumPasswordLength = 12",),
        {("access", "MinimumPasswordLength"): "12"},
        ("[System Access] MinimumPasswordLength = 0",),
        {"section": "System Access", "key": "MinimumPasswordLength", "value": "12"},
    ),
    Row(
        "a text in quotes", "2012", "win_security_policy",
        {"section": "System Access", "key": "NewGuestName", "value": '"Be & sucher"'},
        ('[System Access] NewGuestName = "Be & sucher"',),
        {("groups", "Guests", "members"): ["Be & sucher"]},
        ('[System Access] NewGuestName = "Guest"',),
    ),
    Row(
        "a value of the registry", "2016", "win_security_policy",
        {"section": "Registry Values", "key": NOTICE, "value": '7,"a b",c'},
        (f'<nul reg add {_KEY}\\New /v LegalNoticeText /t REG_MULTI_SZ /d "a b\\0c" /f',),
        {},
        (f"<nul reg delete {_KEY}\\New /v LegalNoticeText /f", f"<nul reg delete {_KEY} /f"),
    ),
    Row(
        "what is audited", "2008-sp2", "win_audit_policy_system",
        {"subcategory": "Logon", "audit_type": "failure, success"},
        (guid("/success:enable /failure:enable"),),
        {("audit", LOGON): 3},
        (guid("/success:enable /failure:disable"),),
        {"current_audit_policy": {"Logon": "success and failure"}},
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    host = LabHost(row.os, **dict(row.state))
    work = host.task(row.module, **dict(row.raw))
    before = host.state
    change = work.plan()
    assert host.writes == 0
    there = Writer(host.link)
    applied = there.drive(work.module.apply(work.params, change, work.facts)) or {}
    assert lines(there.sent) == row.sends
    for path, wanted in row.leaves.items():
        found: Any = host.state["security"]
        for key in path:
            found = found[key]
        assert "SeDenyNetworkLogonRight" not in found if wanted is None else found == wanted
    found = work.probe()
    assert work.module.plan(work.params, found, work.facts) == found == change.after
    result = work.module.result(work.params, Change("", change.before, found), work.facts, applied)
    assert {key: result[key] for key in row.returns} == dict(row.returns)
    back = Writer(host.link)
    recorded = Change(change.subject, change.before, found)
    back.drive(work.module.undo(work.params, recorded, work.facts))
    assert lines(back.sent) == row.undo
    assert host.state == before  # no file of secedit or auditpol is left either
    assert host.not_simulated == []


@pytest.mark.parametrize("language", ["enu", "chs", "jpn", "deu", "rus"])
def test_languages_make_no_difference(language: str) -> None:
    host = LabHost("2016", language=language)
    users = "Administrators,Guests,Authenticated Users"
    rows: list[tuple[str, dict[str, Any]]] = [
        ("win_user_right", {"name": "SeDebugPrivilege", "users": users}),
        ("win_security_policy",
         {"section": "System Access", "key": "LockoutBadCount", "value": "5"}),
        ("win_audit_policy_system", {"subcategory": "logon", "audit_type": "failure"}),
        ("win_audit_policy_system", {"category": "Policy Change", "audit_type": "success"}),
    ]  # fmt: skip
    results = []
    for module, raw in rows:
        work = host.task(module, **raw)
        change = work.plan()
        work.apply(change)
        assert work.probe() == change.after
        results.append(work.module.result(work.params, change, work.facts, {}))
    security = host.state["security"]
    assert security["rights"]["SeDebugPrivilege"] == ["S-1-5-11", "S-1-5-32-544", "S-1-5-32-546"]
    assert security["access"]["LockoutBadCount"] == "5"
    assert security["audit"][LOGON] == 2
    assert sum(setting == 1 for setting in security["audit"].values()) == 6
    assert results[2] == {"current_audit_policy": {"Logon": "failure"}}


def test_a_subcategory_goes_by_the_hosts_own_name_too() -> None:
    host = LabHost("2016", language="deu")
    for name in ("Anmelden", LOGON, LOGON.strip("{}").lower()):
        found = host.task("win_audit_policy_system", subcategory=name, audit_type="none").probe()
        assert [one.guid for one in found.subcategories] == [LOGON]
    with pytest.raises(Refused, match="nothing called Nix"):
        host.task("win_audit_policy_system", subcategory="Nix", audit_type="none").probe()


def test_before_vista_there_is_no_auditpol() -> None:
    with pytest.raises(ModuleError, match="no auditpol"):
        LabHost("2003-sp2").task(
            "win_audit_policy_system", subcategory="Logon", audit_type="none"
        ).probe()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"audit_type": "none"}, "either category or subcategory"),
        ({"category": "System", "subcategory": "Logon", "audit_type": "none"}, "either"),
        ({"category": "System", "audit_type": "all"}, "must be success, failure or none"),
        ({"category": "System", "audit_type": "none,success"}, "stands alone"),
    ],
)
def test_audit_parameters_that_make_no_sense(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task("win_audit_policy_system", **raw)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"section": "Restricted Groups", "key": "a", "value": "b"}, "is not one that secedit"),
        ({"section": "System Access", "key": "a", "value": "b\nc"}, "line break"),
        ({"section": "Registry Values", "key": "a", "value": "4,1"}, "a key of Registry Values"),
        ({"section": "Registry Values", "key": NOTICE, "value": "5,1"}, "type,data"),
        ({"section": "Registry Values", "key": NOTICE, "value": "4,x"}, "not a number"),
    ],
)
def test_policies_that_make_no_sense(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task("win_security_policy", **raw)


def test_a_key_that_windows_does_not_know() -> None:
    host = LabHost("2016")
    work = host.task("win_security_policy", section="System Access", key="Nix", value="1")
    change = work.plan()
    assert "cannot take a setting away" in work.module.irreversible(work.params, change, {})
    before = host.state
    with pytest.raises(ModuleError, match=r"set Nix in \[System Access\]: secedit answered 1"):
        work.apply(change)
    assert host.state == before


def test_a_domain_controller_keeps_its_password_policy() -> None:
    host = LabHost("2012r2", role="domain_controller")
    with pytest.raises(Refused, match="whole domain"):
        host.task(
            "win_security_policy", section="System Access", key="LockoutBadCount", value=1
        ).plan()
    work = host.task("win_user_right", name="SeDebugPrivilege", users="Everyone")
    assert "set this again" in work.module.message(work.params, work.plan(), work.facts)


def test_rights_and_accounts_that_nobody_knows() -> None:
    with pytest.raises(ParamsError, match="no right that Windows knows"):
        task("win_user_right", name="SeFly", users="a")
    host = LabHost("2003-sp2")
    work = host.task("win_user_right", name="SeDebugPrivilege", users="nix")
    change = work.plan()  # a task before this one may make it
    assert "made first: nix" in work.module.message(work.params, change, work.facts)
    with pytest.raises(Refused, match="nobody is called nix"):
        work.apply(change)
    with pytest.raises(Refused, match="nobody is called nix"):
        host.task("win_user_right", name="SeDebugPrivilege", users="nix", action="remove").plan()
    assert host.writes == 0


def test_accounts_of_a_domain_are_looked_up() -> None:
    module, params = task("win_user_right", name="SeDebugPrivilege", users=["LAB\\ops", "a@b.c"])
    text = "[Unicode]\r\n[Privilege Rights]\r\n"
    exported = base64.b64encode(b"\xff\xfe" + text.encode("utf-16-le")).decode()
    answers = {
        "wmic useraccount": Output(0, "Name=x\nSID=S-1-5-21-1-1001\n"),
        "(%SystemRoot%\\System32\\secedit": Output(0, exported),
        "foreach": Output(0, "S-1-5-21-9-9\r\n-\r\n"),
    }
    host = Scripted(answers)
    assert host.drive(module.probe(params, facts("2016"))).unknown == ("a@b.c",)
    host = Scripted({**answers, "foreach": Output(0, "S-1-5-21-9-9\r\nS-1-5-21-9-8\r\n")})
    before = host.drive(module.probe(params, facts("2016")))
    assert module.plan(params, before, facts("2016")).accounts == ("S-1-5-21-9-8", "S-1-5-21-9-9")
    without = {**facts("2016"), "powershell_version": 0}
    assert host.drive(module.probe(params, without)).unknown == ("LAB\\ops", "a@b.c")


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ModuleError, match="cannot be exported"):
        policy.parse(Output(84))
    with pytest.raises(ModuleError, match="auditpol answered 84: denied"):
        audit.parse(Output(84, "", "denied\r\n"))


def test_a_line_that_is_too_long_for_cmd() -> None:
    with pytest.raises(ModuleError, match="too long for one command"):
        Scripted().drive(policy.configure("System Access", "NewGuestName", "x" * 2100))
