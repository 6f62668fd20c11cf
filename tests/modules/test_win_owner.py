"""win_owner: one path on the lab, folders with what a PowerShell tells, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import owners
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

SYSTEM, ADMINS, SERVICE = "S-1-5-18", "S-1-5-32-544", "S-1-5-19"
FILES = {r"C:\app\a.txt": {"content": "a", "owner": SYSTEM}, r"C:\app\b": {"content": "b"}}
ICACLS = r"%SystemRoot%\System32\icacls.exe"


def test_one_path_by_native_tools_alone() -> None:
    host = LabHost("2012", files=FILES, users={"bob": {}})
    before = host.state
    work = host.task("win_owner", path=r"C:\app\a.txt", user="bob")
    change = work.plan()
    sid = host.machine._host.security.accounts.users["bob"].sid
    assert [(d.before, d.after) for d in change.differences()] == [(SYSTEM, sid)]
    assert work.module.message(work.params, change, {}) == f"bob is {sid}"
    there = Writer(host.link)
    there.drive(work.module.apply(work.params, change, work.facts))
    assert there.sent == [f'({ICACLS} "C:\\app\\a.txt" /setowner *{sid} /q>nul||exit 1)&exit 0']
    assert host.state["files"][r"C:\app\a.txt"]["owner"] == sid
    assert not work.plan().differences()
    work.undo(Change("", change.before, work.probe()))
    assert host.state == before
    assert host.not_simulated == []


@pytest.mark.parametrize(
    ("os", "raw", "error", "says"),
    [
        ("2003-sp2", {}, Refused, "no tool of its own sets an owner"),
        ("2016", {"path": r"C:\nix"}, Refused, "is not there"),
        ("2016", {"path": "C:\\"}, Refused, "root of a drive"),
        ("2016", {"user": "nobody"}, ModuleError, "nobody is called 'nobody'"),
        ("2016", {"recurse": True, "path": r"C:\app"}, Refused, "cannot be told"),
        ("2016", {"path": r"C:\é.txt"}, Refused, "cannot be told"),
    ],
)
def test_what_cannot_be(os: str, raw: dict[str, Any], error: type[Exception], says: str) -> None:
    host = LabHost(os, files={**FILES, r"C:\é.txt": {"content": ""}})
    with pytest.raises(error, match=says):
        host.task("win_owner", **{"path": r"C:\app\a.txt", "user": "SYSTEM", **raw}).plan()
    assert host.writes == 0


@pytest.mark.parametrize("user", ["", "a*b", 'x"y', "a\nb"])
def test_names_that_nobody_has(user: str) -> None:
    with pytest.raises(ParamsError, match="user"):
        task("win_owner", path=r"C:\x", user=user)


# -- what is in a folder --------------------------------------------------------------------------


def told(owner: str, *others: tuple[str, str], count: int | None = None) -> Output:
    lines = [f"owner={owner}"]
    for path, who in others:
        lines.append(f"other={who}={base64.b64encode(path.encode()).decode()}")
    return Output(0, "\r\n".join([*lines, f"count={len(others) if count is None else count}"]))


def host(*answers: Output) -> Scripted:
    return Scripted({"for %i": Output(0, "=d----------=0=x=\n"), "function Own": list(answers),
                     f"({ICACLS}": Output(0)})  # fmt: skip


def planned(machine: Scripted) -> Any:
    module, params = task("win_owner", path="C:\\app\\", user="Local Service", recurse=True)
    before = machine.drive(module.probe(params, facts("2016")))
    return module, params, Change("s", before, module.plan(params, before, facts("2016")))


OTHERS = ((r"C:\app\a & b", ADMINS), (r"C:\app\é", SYSTEM), (r"C:\app\sub", ADMINS))


def test_each_entry_goes_back_to_whom_it_belonged() -> None:
    machine = host(told(ADMINS, *OTHERS))
    module, params, change = planned(machine)
    assert machine.scripts[-1].params == {
        "path": r"C:\app", "wanted": SERVICE, "below": True, "most": owners.MOST,
    }  # fmt: skip
    machine.drive(module.apply(params, change, facts("2016")))
    named = ["C:\\app", *(path for path, _ in OTHERS)]
    assert machine.sent == [
        "&".join([f'({ICACLS} "{p}" /setowner *{SERVICE} /q>nul||exit 1)' for p in named])
        + "&exit 0"
    ]
    machine.sent.clear()
    machine.drive(module.undo(params, change, facts("2016")))
    assert [line.count("/setowner") for line in machine.sent] == [3, 1]
    assert f'"C:\\app" /setowner *{ADMINS}' in machine.sent[0]
    assert f'"C:\\app\\é" /setowner *{SYSTEM}' in machine.sent[1]
    found = module.restore(params, change)
    assert [(one.arguments["path"], one.arguments["user"]) for one in found] == [
        ("C:\\app\\", ADMINS), *OTHERS,
    ]  # fmt: skip
    assert not planned(host(told(SERVICE)))[2].differences()


def test_more_than_is_recorded_is_done_and_said_beforehand() -> None:
    machine = host(told(SERVICE, *OTHERS, count=5), told(SERVICE, *OTHERS[:2]), told(SERVICE))
    module, params, change = planned(machine)
    assert "5 entries below" in module.irreversible(params, change, {})
    machine.drive(module.apply(params, change, facts("2016")))
    assert [line.count("/setowner") for line in machine.sent] == [3, 2]
    with pytest.raises(Refused, match="5 entries below"):
        machine.drive(module.undo(params, change, facts("2016")))
    assert module.restore(params, change) == ()


def test_many_paths_go_in_lines_that_cmd_takes() -> None:
    machine = Scripted({f"({ICACLS}": Output(0)})
    machine.drive(owners.change([rf"C:\app\{'x' * 60}{n}" for n in range(100)], SYSTEM))
    assert sum(line.count("/setowner") for line in machine.sent) == 100
    assert max(map(len, machine.sent)) < 8000


def test_errors_are_told() -> None:
    machine = Scripted({f"({ICACLS}": Output(5, "", "Access is denied.")})
    with pytest.raises(ModuleError, match=r"the owner of .*denied"):
        machine.drive(owners.change([r"C:\x"], SYSTEM))
    with pytest.raises(ModuleError, match="not an identifier"):
        machine.drive(owners.change([r"C:\x"], "bob"))
    with pytest.raises(ModuleError, match="garbled"):
        host(Output(0, "owner=S-1-5-18\nother=S-1-5-18=?\n")).drive(
            owners.find(r"C:\app", SYSTEM, below=True)
        )


def test_an_account_of_a_domain_is_asked_for() -> None:
    machine = Scripted({
        "wmic useraccount": Output(0, "Domain=WEB01\nName=x\nSID=S-1-5-21-1-2-3-1001\n"),
        "$a=": Output(0, "owner=S-1-5-21-9-9-9-1105\r\n"),
    })  # fmt: skip
    assert machine.drive(owners.sid_of(r"LAB\ops")) == "S-1-5-21-9-9-9-1105"
    assert machine.scripts[-1].params == {"name": r"LAB\ops"}
    assert machine.drive(owners.sid_of("S-1-5-21-7")) == "S-1-5-21-7"
