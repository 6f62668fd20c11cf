"""net user, net localgroup, wmic for accounts, secedit and auditpol."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import Bench, bench

DENIED = "S-1-5-21-1004336348-1177238915-682003330-501"


@pytest.fixture
def lab() -> Bench:
    return bench("2016")


def test_a_user_comes_and_goes(lab: Bench) -> None:
    before = lab.state
    assert lab.run('net user bob /add "/comment:a b" /active:no').code == 0
    assert lab.state["security"]["users"]["bob"]["description"] == "a b"
    assert "bob" in lab.run("net localgroup Users").out.splitlines()
    assert lab.run("net user bob /add").code == 2
    assert "bob" in lab.run("net user").out
    assert lab.run("net user BOB").out.startswith("User name")
    assert lab.run("net user bob /delete").code == 0
    assert lab.run("net user bob").code == 2
    assert lab.state == before


def test_built_in_accounts_stay(lab: Bench) -> None:
    for line in ("net user Guest /delete", "net localgroup Users /delete"):
        found = lab.run(line)
        assert (found.code, "1371" in found.err) == (2, True)


def test_members(lab: Bench) -> None:
    before = lab.state
    assert lab.run("net localgroup deploy /add /comment:x").code == 0
    assert lab.run('net localgroup deploy LAB\\ops "NT AUTHORITY\\SYSTEM" /add').code == 0
    listed = lab.run("net localgroup deploy").out.splitlines()
    assert listed[-4:-2] == ["LAB\\ops", "NT AUTHORITY\\SYSTEM"]
    for who, code in (("nobody", "1387"), ("LAB\\ops", "1378"), ("Users", "1388")):
        found = lab.run(f"net localgroup deploy {who} /add")
        assert (found.code, code in found.err) == (2, True)
    assert "1377" in lab.run("net localgroup deploy Guest /delete").err
    assert "1376" in lab.run("net localgroup nix").err
    assert lab.run("net localgroup deploy /delete").code == 0
    assert lab.state == before


def test_an_empty_password_may_be_too_short(lab: Bench) -> None:
    lab.run("(echo [Version]&echo signature=\"$CHICAGO$\"&echo [System Access]&"
            "echo MinimumPasswordLength = 8)>C:\\p.inf")  # fmt: skip
    line = "secedit /configure /db C:\\p.sdb /cfg C:\\p.inf /areas SECURITYPOLICY /quiet"
    assert lab.run(line).code == 0
    assert "password policy" in lab.run("net user bob /add").err


def test_wmic_sets_what_net_cannot(lab: Bench) -> None:
    where = f"\"SID='{DENIED}'\""
    assert lab.run(f"<nul wmic useraccount where {where} set PasswordExpires=TRUE").code == 0
    assert lab.state["security"]["users"]["Guest"]["password_expires"] is True
    assert lab.run(f"<nul wmic useraccount where {where} set Lockout=TRUE").code != 0
    none = lab.run("<nul wmic useraccount where \"SID='S-1-5-21-7'\" set Lockout=FALSE")
    assert "No Instance" in none.err


def test_a_template_is_exported_and_applied(lab: Bench) -> None:
    assert lab.run("secedit /export /cfg %TEMP%\\a.inf /areas USER_RIGHTS /quiet").out == ""
    text = lab.run("type %TEMP%\\a.inf").out
    assert "SeDenyNetworkLogonRight = Guest" in text
    assert "System Access" not in text
    lab.run("(echo [Version]&echo signature=\"$CHICAGO$\"&echo [Privilege Rights]&"
            "echo SeDebugPrivilege = *S-1-5-18,Guest)>C:\\p.inf")  # fmt: skip
    line = "secedit /configure /db C:\\p.sdb /cfg C:\\p.inf /areas USER_RIGHTS"
    assert "completed successfully" in lab.run(line).out
    assert lab.state["security"]["rights"]["SeDebugPrivilege"] == ["S-1-5-18", DENIED]
    assert lab.run("secedit /configure /db C:\\p.sdb /cfg C:\\nix.inf /quiet").code == 1


def test_the_audit_policy(lab: Bench) -> None:
    guid = "{0CCE921D-69AE-11D9-BED3-505054503030}"
    before = lab.state
    assert lab.run(f"auditpol /set /subcategory:{guid} /failure:enable").code == 0
    assert lab.state["security"]["audit"][guid] == 2
    lab.run("auditpol /backup /file:C:\\a.csv")
    assert f"WEB01,System,File System,{guid},Failure,,2" in lab.run("type C:\\a.csv").out
    assert lab.run(f"auditpol /set /subcategory:{guid} /failure:disable").code == 0
    lab.run("del C:\\a.csv")
    assert lab.state == before
    assert lab.run("auditpol /set /subcategory:{0} /failure:enable").code == 87


def test_a_controller_has_no_accounts_of_its_own() -> None:
    lab = bench("2012r2", role="domain_controller")
    assert lab.run("net user").code == 9999
    assert lab.not_simulated == ["net user and net localgroup on a domain controller"]


def test_a_file_among_the_temporary_ones_is_no_change(lab: Bench) -> None:
    lab.run("secedit /export /cfg %TEMP%\\a.inf /quiet&del %TEMP%\\a.inf")
    assert lab.machine.counters.writes == 0
    lab.run("secedit /export /cfg C:\\a.inf /quiet&del C:\\a.inf")
    assert lab.machine.counters.writes == 2
