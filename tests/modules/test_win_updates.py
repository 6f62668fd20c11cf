"""win_updates: what is wanted of what is offered, and the task that installs it as SYSTEM."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import updates_scripts as scripts
from runner.modules._parts.updates_params import CATEGORIES
from tests.modules.facts import facts
from tests.modules.scripted import Scripted, task

SECURITY, ROLLUP, DRIVER = (
    CATEGORIES[name] for name in ("securityupdates", "updaterollups", "drivers")
)
A, B, C, D = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abcd")
HOST = facts("2008r2")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def row(id: str, title: str, category: str, kb: str = "", flags: str = "000") -> str:
    return f"u;{id.upper()};{kb};{flags};{category.upper()},{id};{b64(title)}\r\n"


ROWS = (
    row(A, "Sicherheitsupdate für Windows (KB4012212)", SECURITY, "4012212")
    + row(B, "2017-05 rollup", ROLLUP, "4019264,4019265", "100")
    + row(C, "Drucker 打印", DRIVER, flags="001")
    + row(D, "waits", SECURITY, "1", "010")
)
OFFERED = Output(0, ROWS + "restart=0\r\nend\r\n")
SEARCH, START, LOOK, CLEAN = (
    script.text
    for script in (
        scripts.search(0), scripts.start("j", (), 0, install=True), scripts.look("j"),
        scripts.clean("j"),
    )
)  # fmt: skip

WANTED: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, (A, B)),
    ({"category_names": "Security Updates"}, (A,)),
    ({"category_names": "*"}, (A, B, C)),
    ({"category_names": "*", "skip_optional": True}, (A, B)),
    ({"accept_list": "kb4019265"}, (B,)),
    ({"whitelist": ["^sicherheits.*"]}, (A,)),
    ({"reject_list": ["KB4012212"]}, (B,)),
    ({"category_names": "drivers", "accept_list": "打印"}, (C,)),
    ({"category_names": "Tools"}, ()),
]


@pytest.mark.parametrize(("raw", "wanted"), WANTED)
def test_what_is_wanted(raw: dict[str, Any], wanted: tuple[str, ...]) -> None:
    module, params = task("win_updates", **raw)
    found = Scripted({SEARCH: OFFERED}).drive(module.probe(params, HOST))
    assert found.missing == wanted
    assert found.ready == tuple(each for each in wanted if each == B)
    assert found.restart  # one waits for it
    change = Change("", found, module.plan(params, found, HOST))
    result = module.result(params, change, HOST, {})
    assert sorted(result["updates"]) == sorted(wanted)
    assert set(result["filtered_updates"]) >= {A, B, C} - set(wanted)
    assert result["reboot_required"] is (UNKNOWN if wanted else True)
    assert bool(module.irreversible(params, change, HOST)) == bool(wanted)


def answers(end: str) -> dict[str, Any]:
    looks = [Output(0, "running\r\n"), Output(0, "running\r\n"), Output(0, end)]
    return {SEARCH: OFFERED, START: Output(0, "started\r\n"), LOOK: looks, CLEAN: Output(0)}


def test_installing_as_system() -> None:
    module, params = task("win_updates")
    end = f"d;{A};2;0\r\nd;{B};2;0\r\ni;{A};2;0\r\ni;{B};3;0\r\nrestart=1\r\nend\r\n"
    host = Scripted(answers(end))
    before = host.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    assert module.message(params, change, HOST).startswith("2 offered: Sicherheitsupdate für")
    applied = host.drive(module.apply(params, change, HOST))
    assert host.sent == [START, CLEAN]
    started = next(script for script in host.scripts if script.text == START)
    assert started.params["ids"] == ["install", "0", A, B]
    assert len({script.params["job"] for script in host.scripts if "job" in script.params}) == 1
    result = module.result(params, change, HOST, applied)
    assert (result["found_update_count"], result["installed_update_count"]) == (2, 2)
    assert result["reboot_required"] is True
    assert result["updates"][A]["installed"]
    assert result["updates"][A]["categories"][0] == "securityupdates"


def test_downloading_alone() -> None:
    module, params = task("win_updates", state="downloaded", server_selection="windows_update")
    host = Scripted(answers(f"d;{A};2;0\r\nd;{B};2;0\r\nend\r\n"))
    before = host.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    assert [each.field for each in change.differences()] == ["ready"]
    host.drive(module.apply(params, change, HOST))
    started = next(script for script in host.scripts if script.text == START)
    assert started.params["ids"] == ["download", "2", A, B]
    with pytest.raises(Refused, match="downloaded are not taken away"):
        host.drive(module.undo(params, change, HOST))


def test_searching_changes_nothing() -> None:
    module, params = task("win_updates", state="searched")
    before = Scripted({SEARCH: OFFERED}).drive(module.probe(params, HOST))
    assert module.plan(params, before, HOST) == before


ENDS = [
    (f"i;{A};4;-2145124329\r\nend\r\n", r"1 updates failed: Sicherheits.*: 0x80240017"),
    (f"error;{b64('Zugriff verweigert')}\r\nend\r\n", "Zugriff verweigert"),
    ("gone\r\n", "ended before it was done"),
]


@pytest.mark.parametrize(("end", "says"), ENDS)
def test_what_went_wrong_is_told_and_cleaned_up(end: str, says: str) -> None:
    module, params = task("win_updates")
    host = Scripted(answers(end))
    before = host.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    with pytest.raises(ModuleError, match=says):
        host.drive(module.apply(params, change, HOST))
    assert host.sent[-1] == CLEAN


def test_a_task_that_cannot_start() -> None:
    module, params = task("win_updates")
    host = Scripted({**answers(""), START: Output(1, "", "Access is denied")})
    before = host.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    with pytest.raises(ModuleError, match="cannot be started: Access is denied"):
        host.drive(module.apply(params, change, HOST))
    assert host.sent == [START, CLEAN]


def test_a_search_that_fails() -> None:
    module, params = task("win_updates")
    with pytest.raises(ModuleError, match="search for updates failed: 0x8024402c"):
        Scripted({SEARCH: Output(1, "", "0x8024402c")}).drive(module.probe(params, HOST))


@pytest.mark.parametrize("known", [facts("2003"), facts("2008"), {**HOST, "powershell_version": 0}])
def test_where_it_is_refused_the_way_out_is_named(known: dict[str, Any]) -> None:
    module, params = task("win_updates")
    with pytest.raises(Refused, match="searched with PowerShell") as refused:
        Scripted({}).drive(module.probe(params, known))
    assert "win_hotfix" in refused.value.hint


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"category_names": "Sicherheit"}, "is no category"),
        ({"accept_list": ["("]}, "no regular expression"),
        ({"reboot_timeout": "a"}, "must be a number"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_updates", **raw)
