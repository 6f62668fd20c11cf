"""win_defender: what watches over a host, its signatures, its scans, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_defender_params import DefenderState
from runner.windows import defender
from tests.modules.facts import facts
from tests.modules.generations import DEFENDER
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

EICAR = {r"C:\Users\x.com": {"content": "X5O-$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"}}
PROGRAM = r"C:\Program Files\Windows Defender\MpCmdRun.exe"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender"
WATCHES = DefenderState("Windows Defender", True, True, "1.237.1.0", program=PROGRAM)


@dataclass(frozen=True)
class Row:
    """A task on a lab host: what it returns, and which of two files is left."""

    name: str
    raw: Mapping[str, Any]
    returns: Mapping[str, Any] = field(default_factory=dict)
    infected: bool = True


ROWS = (
    Row("only looks", {}, {"product": "Windows Defender", "running": True, "realtime": True}),
    Row("new signatures", {"signatures": "latest"}, {"signature_version": "1.401.22.0"}),
    Row("old signatures", {"signatures": "1.243.297.0"}, {"signature_version": "1.401.22.0"}),
    Row("they are new enough", {"signatures": "1.237"}, {"signature_version": "1.237.1.0"}),
    Row("from a share", {"signatures": "latest", "signature_source": r"\\files\av"},
        {"signature_version": "1.401.22.0"}),
    Row("a quick scan", {"scan": "quick"},
        {"scan_exit_code": 0, "threats": ["Virus:DOS/EICAR_Test_File"], "active_threats": []},
        infected=False),
    Row("it only reports", {"scan": "custom", "scan_path": r"C:\Users", "remediate": False},
        {"scan_exit_code": 2, "active_threats": ["Virus:DOS/EICAR_Test_File"]}),
    Row("a clean folder", {"scan": "custom", "scan_path": r"C:\Windows\TEMP"},
        {"scan_exit_code": 0, "threats": []}),
    Row("already on", {"realtime": True}, {"realtime": True}),
)  # fmt: skip


@pytest.mark.parametrize("os", DEFENDER.values())
def test_on_every_host_that_has_it(os: str) -> None:
    host = LabHost(os, files=EICAR)
    work = host.task("win_defender", signatures="1.243.297.0", scan="full")
    change = work.plan()
    assert change.after.signatures is UNKNOWN
    assert work.apply(change)["scan_exit_code"] == 0
    assert work.probe().signatures == "1.401.22.0"
    assert "quarantine" in work.module.irreversible(work.params, change, work.facts)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    host = LabHost("2019", files=EICAR)
    work = host.task("win_defender", **row.raw)
    change = work.plan()
    applied = work.apply(change) if change.differences() else {}
    done = Change("", change.before, work.probe())
    result = work.module.result(work.params, done, work.facts, applied)
    assert {key: result[key] for key in row.returns} == dict(row.returns)
    assert (r"C:\Users\x.com" in host.state["files"]) is row.infected
    assert host.not_simulated == []


def test_a_dry_run_changes_nothing() -> None:
    host = LabHost("2022", files=EICAR)
    work = host.task("win_defender", signatures="latest", scan="quick")
    result = work.module.result(work.params, work.plan(), work.facts, {})
    assert result["signature_version"] is result["threats"] is UNKNOWN
    assert host.writes == 0


@pytest.mark.parametrize(
    ("os", "hint"),
    [
        ("2003-sp2", "System Center"), ("2012r2", "System Center"), ("win7-sp1", "Essentials"),
    ],
)  # fmt: skip
def test_without_it_the_error_says_what_to_do(os: str, hint: str) -> None:
    with pytest.raises(Refused, match="has no antivirus of Microsoft's") as caught:
        LabHost(os).task("win_defender", scan="quick").plan()
    assert hint in caught.value.hint
    looked = LabHost(os).task("win_defender")
    assert not looked.plan().differences()


@pytest.mark.parametrize(
    ("services", "others"),
    [
        ({"ekrn": {"state": "running"}}, ("ESET",)),
        ({"AVP18.0.0": {"state": "running"}, "KAVFS": {"state": "stopped"}}, ("Kaspersky",)),
        ({"Symantec AntiVirus": {"state": "running"}, "TmListen": {"state": "running"}},
         ("Symantec", "Trend Micro")),
        ({"McShield": {"state": "stopped", "start": "disabled"}}, ()),
        ({"ekrnx": {"state": "running"}}, ()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("os", ["2003-sp2", "2012r2", "2022"])
def test_a_server_shows_other_products_by_their_services(
    os: str, services: dict[str, Any], others: tuple[str, ...]
) -> None:
    host = LabHost(os, services=services)
    assert host.task("win_defender").probe().others == others
    assert host.writes == 0


@pytest.mark.parametrize(("os", "name"), [("2016", "-Features"), ("2019", "Defender")])
def test_the_feature_is_named(os: str, name: str) -> None:
    module, params = task("win_defender", scan="quick")
    with pytest.raises(Refused) as caught:
        module.plan(params, DefenderState(), facts(os))
    assert caught.value.hint.endswith(name)


def test_another_product_is_reported_and_left_alone() -> None:
    services = {"WinDefend": {"state": "stopped", "start": "disabled"}}
    host = LabHost("win10-1607", antivirus=["Other AV", "Windows Defender"], services=services)
    work = host.task("win_defender")
    assert "Other AV" in work.module.message(work.params, work.plan(), work.facts)
    for raw in ({"scan": "quick"}, {"realtime": True}):
        with pytest.raises(Refused, match="Other AV"):
            host.task("win_defender", **raw).plan()
    assert host.writes == 0


@pytest.mark.parametrize(
    ("registry", "realtime", "says"),
    [
        ({POLICY: {"DisableAntiSpyware": 1}}, True, "policy decides: DisableAntiSpyware"),
        ({rf"{POLICY}\Real-Time Protection": {"DisableRealtimeMonitoring": 1}}, True, "policy"),
        ({r"HKLM\SOFTWARE\Microsoft\Windows Defender\Features": {"TamperProtection": 5}}, False,
         "tamper protection"),
    ],
)  # fmt: skip
def test_who_decides_about_the_watching(
    registry: dict[str, dict[str, int]], realtime: bool, says: str
) -> None:
    host = LabHost("2019", registry=registry)
    with pytest.raises(Refused, match=says):
        host.task("win_defender", realtime=realtime).plan()


def test_the_watching_goes_off_and_on_again() -> None:
    module, params = task("win_defender", realtime=False)
    after = module.plan(params, WATCHES, facts("2019"))
    change = Change("", WATCHES, after)
    host = Scripted({"Set-MpPreference": Output(0)})
    host.drive(module.apply(params, change, {}))
    host.drive(module.undo(params, change, {}))
    assert [script.params for script in host.scripts] == [{"off": True}, {"off": False}]
    assert module.irreversible(params, change, {}) == ""
    (task_back,) = module.restore(params, change)
    assert task_back.arguments == {"realtime": True}
    with pytest.raises(ModuleError, match="turn off real-time protection"):
        Scripted({"Set-MpPreference": Output(1)}).drive(module.apply(params, change, {}))


@pytest.mark.parametrize(
    ("raw", "answer", "says"),
    [
        ({"scan": "quick"}, Output(2, "CmdTool: Failed with hr = 0x80508023. Check"), "0x80508023"),
        ({"scan": "quick"}, Output(2, "found 1 threats."), "could not clean"),
        ({"scan": "quick"}, Output(9009), "answered 9009"),
        ({"signatures": "latest"}, Output(2, "hr = 0x80072ee7"), "fetch signatures"),
        ({"signatures": "1.243.297.0"}, Output(0), "no newer signatures than 1.237.1.0"),
    ],
)
def test_what_fails_says_why(raw: dict[str, Any], answer: Output, says: str) -> None:
    module, params = task("win_defender", **raw)
    change = Change("", WATCHES, module.plan(params, WATCHES, facts("2019")))
    key = "HKEY_LOCAL_MACHINE\\x\n    AVSignatureVersion    REG_SZ    1.237.1.0\n"
    host = Scripted({PROGRAM: answer, "reg query": Output(0, key)})
    with pytest.raises(ModuleError, match=says):
        host.drive(module.apply(params, change, facts("2019")))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"signatures": "new"}, "latest, or a version"),
        ({"signature_source": "http://x"}, "server"),
        ({"scan": "custom"}, "go together"),
        ({"scan": "quick", "scan_path": r"C:\x"}, "go together"),
        ({"scan": "quick", "remediate": False}, "remediate: no is for"),
        ({"scan": "custom", "scan_path": "x"}, "full path"),
    ],
)
def test_parameters_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_defender", **raw)


def test_security_essentials_is_asked_before_defender() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Microsoft Antimalware"
    registry = {key: {"InstallLocation": r"C:\Program Files\Microsoft Security Client"},
                rf"{key}\Signature Updates": {"AVSignatureVersion": "1.1.2.3"}}  # fmt: skip
    host = LabHost("win7-sp1", registry=registry, services={"MsMpSvc": {"state": "running"}})
    found = host.task("win_defender").probe()
    assert (found.product, found.running) == ("Microsoft Antimalware", True)
    assert found.program == r"C:\Program Files\Microsoft Security Client\MpCmdRun.exe"
    assert defender.version(found.signatures) == (1, 1, 2, 3)
    with pytest.raises(Refused, match="no command that turns this on"):
        host.task("win_defender", realtime=False).plan()
