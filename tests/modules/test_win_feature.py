"""win_feature: the tool on each Windows, the tree of features, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules.win_feature import Installed
from runner.windows import features
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

GERMAN = """\

----- Rollen -----

[X] Dateidienste  [File-Services]
    [X] Dateiserver  [FS-FileServer]
    [ ] Windows-Suchdienst  [FS-Search-Service]
[ ] Webserver (IIS)  [Web-Server]
    [ ] Webserver [x]  [Web-WebServer]
        [ ] Allgemeine HTTP-Features  [Web-Common-Http]

----- Features -----

[X] Telnet-Client  [Telnet-Client]
"""
LISTED = """\
0;1;FileAndStorage-Services\r
1;1;File-Services\r
2;0;FS-FileServer\r
0;0;Web-Server\r
1;0;Web-WebServer\r
0;1;XPS-Viewer\r
"""


def test_the_tree_is_read_by_place_and_name_only() -> None:
    tree = features.from_servermanagercmd(Output(0, GERMAN))
    assert tree.names() == (
        "File-Services", "FS-FileServer", "FS-Search-Service", "Web-Server", "Web-WebServer",
        "Web-Common-Http", "Telnet-Client",
    )  # fmt: skip
    deep = tree.find("WEB-common-http")
    assert deep is not None
    assert deep.above == ("Web-Server", "Web-WebServer")
    assert not deep.installed
    assert [part.name for part in tree.parts("web-server")] == ["Web-WebServer", "Web-Common-Http"]
    assert [part.installed for part in tree.parts("File-Services")] == [True, False]


def test_powershells_tree() -> None:
    tree = features.from_powershell(Output(0, LISTED))
    leaf = tree.find("FS-FileServer")
    assert leaf is not None
    assert leaf.above == ("FileAndStorage-Services", "File-Services")
    assert not tree.parts("XPS-Viewer")


# os, parameters, what is concerned, what is sent, what is sent to undo it
ROWS: list[tuple[str, dict[str, Any], tuple[str, ...], list[str], list[str]]] = [
    (
        "2008-sp2", {"name": "Web-Common-Http"}, ("Web-Server", "Web-WebServer", "Web-Common-Http"),
        ["-install Web-Server", "-install Web-WebServer", "-install Web-Common-Http"],
        ["-remove Web-Common-Http", "-remove Web-WebServer", "-remove Web-Server"],
    ),
    (
        "2008r2-sp1", {"name": "file-services", "include_sub_features": True},
        ("File-Services", "FS-FileServer", "FS-Search-Service"),
        ["-install File-Services", "-install FS-FileServer", "-install FS-Search-Service"],
        ["-remove FS-Search-Service", "-remove FS-FileServer", "-remove File-Services"],
    ),
    (
        "2016", {"name": "Telnet-Client"}, ("Telnet-Client",),
        ["/enable-feature /featurename:TelnetClient"],
        ["/disable-feature /featurename:TelnetClient"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("os", "raw", "about", "sends", "undoes"), ROWS, ids=[r[0] for r in ROWS])
def test_commands_on_the_lab(
    os: str, raw: dict[str, Any], about: tuple[str, ...], sends: list[str], undoes: list[str]
) -> None:
    host = LabHost(os)
    before = host.state
    job = host.task("win_feature", **raw)
    change = job.plan()
    assert change.before.installed == ()
    assert change.before.about == about
    assert change.after.installed == about
    result = job.module.result(job.params, change, job.facts, {})
    assert result["reboot_required"] is UNKNOWN
    host.machine.counters.commands.clear()
    applied = job.apply(change)
    assert tails(host) == sends
    assert not job.plan().differences()
    done = job.module.result(job.params, change, job.facts, applied)
    assert done["exitcode"] == "Success"
    assert not done["reboot_required"]
    assert [row["id"] for row in done["feature_result"]] == list(about)
    host.machine.counters.commands.clear()
    job.undo(change)
    assert tails(host) == undoes
    assert host.state == before


def tails(host: LabHost) -> list[str]:
    """What was changed, without the tool's name and its constant words."""
    marks = ("-install", "-remove", "/enable-feature", "/disable-feature")
    return [
        line[line.index(mark) :]
        for line in host.machine.counters.commands
        for mark in marks
        if mark in line
    ]


def test_a_part_takes_nothing_else_along_when_it_goes() -> None:
    host = LabHost("2008r2-sp1")
    part = host.task("win_feature", name="FS-FileServer")
    change = part.plan()
    part.apply(change)
    other = host.task("win_feature", name="FS-Search-Service")
    other.apply(other.plan())
    with pytest.raises(ModuleError, match=r"File-Services has installed parts.*FS-Search-Service"):
        part.undo(change)
    gone = host.task("win_feature", name="File-Services", state="absent")
    planned = gone.plan()
    assert planned.before.installed == ("File-Services", "FS-FileServer", "FS-Search-Service")
    gone.apply(planned)
    assert not gone.plan().differences()
    gone.undo(planned)
    assert gone.probe() == planned.before


def test_smb1_waits_for_the_restart() -> None:
    job = LabHost("2012r2").task("win_feature", name="FS-SMB1", state="absent")
    change = job.plan()
    applied = job.apply(change)
    found = job.probe()
    assert found.installed == ()
    assert found.pending == ("FS-SMB1",)
    result = job.module.result(job.params, change, job.facts, applied)
    assert result["exitcode"] == "SuccessRestartRequired"
    assert result["reboot_required"]
    assert "restart: FS-SMB1" in job.module.message(
        job.params, Change("", found, job.plan().after), job.facts
    )


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("2003-sp2", {"name": "Telnet-Client"}, "no Server Manager", "sysocmgr"),
    ("win7-sp1", {"name": "Telnet-Client"}, "is no server", "win_optional_feature"),
    ("2008-sp2", {"name": "Nix"}, "knows no feature Nix", "Get-WindowsFeature"),
    ("2008-sp2", {"name": "DHCP", "include_management_tools": True}, "management_tools", "RSAT"),
    ("2008r2-sp1", {"name": "DHCP", "source": r"D:\x"}, "knows no 'source'", "leave it out"),
    ("2012", {"name": "FS-SMB1"}, "knows no feature FS-SMB1", "Server Manager"),
]


@pytest.mark.parametrize(("os", "raw", "says", "hint"), REFUSED)
def test_refusals_say_what_to_do(os: str, raw: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        LabHost(os).task("win_feature", **raw).plan()
    assert hint in refused.value.hint


def test_server_core_of_2008_has_no_tool() -> None:
    module, params = task("win_feature", name="DHCP")
    with pytest.raises(Refused, match="no servermanagercmd"):
        Scripted({"servermanagercmd": Output(9009)}).drive(module.probe(params, facts("2008")))


def test_powershell_where_dism_has_no_name() -> None:
    module, params = task("win_feature", name="Web-WebServer", include_management_tools=True)
    known = facts("2016")
    done = Output(0, "success=1\r\nrestart=1\r\nexit=SuccessRestartRequired\r\n")
    host = Scripted(
        {"$ErrorAction": Output(0, LISTED), "$ErrorActionPreference='Stop'\n$Pro": done}
    )
    before = host.drive(module.probe(params, known))
    assert before.about == ("Web-Server", "Web-WebServer")
    assert before.installed == ()
    change = Change("", before, module.plan(params, before, known))
    assert host.drive(module.apply(params, change, known)) == {"reboot_required": True}
    assert host.scripts[-1].params == {
        "names": ["Web-Server", "Web-WebServer"], "install": True, "tools": True, "source": "",
    }  # fmt: skip
    assert "stay at a rollback" in module.message(params, change, known)
    host.drive(module.undo(params, change, known))
    assert host.scripts[-1].params["install"] is False


def test_powershell_that_failed() -> None:
    module, params = task("win_feature", name="Web-Server")
    change = Change("", Installed(()), Installed(("Web-Server",)))
    host = Scripted({"$ErrorAction": Output(0, "success=0\nrestart=0\n", "The source is missing")})
    with pytest.raises(ModuleError, match="no success: The source is missing"):
        host.drive(module.apply(params, change, facts("2016")))
