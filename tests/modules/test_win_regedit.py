"""win_regedit: data in every spelling, keys and values, and what cannot be taken back."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.modules._parts import registry as _registry
from runner.modules._parts.registry import Entry, RegistryState
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

PATH = r"HKLM\SOFTWARE\A\B"
QUERY = rf"reg query {PATH}"
FULL = "HKEY_LOCAL_MACHINE\\SOFTWARE\\A\\B"

DATA = [
    ("dword", "0xff2500ae", 0xFF2500AE),
    ("dword", 1337, 1337),
    ("dword", "010", 10),
    ("dword", -1, 0xFFFFFFFF),
    ("dword", None, 0),
    ("qword", 1 << 63, 1 << 63),
    ("binary", "hex:be,ef,be", "beefbe"),
    ("binary", "be,ef", "beef"),
    ("binary", "beef", "beef"),
    ("binary", "BE:EF", "beef"),
    ("binary", [0xBE, 0xEF], "beef"),
    ("binary", ["be", "ef"], "beef"),
    ("binary", 7, "07"),
    ("binary", None, ""),
    ("none", "", "0000"),
    ("multistring", ["a", 1], ("a", "1")),
    ("multistring", "a,b", ("a,b",)),
    ("multistring", None, ()),
    ("none", None, "0000"),
    ("none", "hex:61,00,00,00", "61000000"),
    ("string", 7, "7"),
    ("string", None, ""),
    ("string", True, "True"),
    ("expandstring", "%TEMP%", "%TEMP%"),
]


@pytest.mark.parametrize(("kind", "data", "wanted"), DATA)
def test_data_is_understood_as_ansible_does(kind: str, data: Any, wanted: Any) -> None:
    assert _registry.normal(kind, data) == wanted
    module, params = task("win_regedit", path=PATH, name="v", type=kind, data=data)
    after = module.plan(params, RegistryState(key_present=True, nearest=PATH), {})
    assert (after.value_present, after.type, after.data) == (True, kind, wanted)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("dword", "x"),
        ("dword", 1 << 32),
        ("binary", [256]),
        ("binary", "xyz"),
        ("string", ["a"]),
        ("string", "a\nb"),
        ("multistring", ["a", ""]),
    ],
)
def test_data_that_does_not_fit_is_refused(kind: str, data: Any) -> None:
    with pytest.raises(ParamsError):
        task("win_regedit", path=PATH, name="v", type=kind, data=data)


def test_finds_a_value_and_its_key() -> None:
    module, params = task("win_regedit", path=PATH, name="SMB1", type="dword", data=0)
    shown = f"\n{FULL}\n    smb1    REG_DWORD    0x1\n\n{FULL}\\Sub\n    SMB1    REG_SZ    no\n"
    found = Scripted({QUERY: Output(0, shown)}).drive(module.probe(params, {}))
    assert found == RegistryState(key_present=True, value_present=True, type="dword", data=1)
    assert found.nearest == PATH


def test_key_and_value_absent_are_told_apart() -> None:
    module, params = task("win_regedit", path=PATH, name="SMB1", data="x")
    only_key = Scripted({QUERY: Output(0, f"\n{FULL}\\Sub\n")}).drive(module.probe(params, {}))
    assert only_key == RegistryState(key_present=True)
    host = Scripted({r"reg query HKLM\SOFTWARE\A": Output(0, "HKEY_LOCAL_MACHINE\\SOFTWARE\\A")})
    host.answers = {**host.answers, QUERY: Output(1)}
    nothing = host.drive(module.probe(params, {}))
    assert nothing == RegistryState()
    assert nothing.nearest == r"HKLM\SOFTWARE\A"


def test_undo_removes_all_created_keys_at_once() -> None:
    module, params = task("win_regedit", path=PATH, name="v", data="x")
    before = RegistryState(nearest=r"HKLM\SOFTWARE")
    after = module.plan(params, before, {})
    above = f"\n{FULL.rpartition(chr(92))[0]}\n{FULL}\n"
    answers = {QUERY: Output(0, FULL), "reg query": Output(0, above), "reg delete": Output(0)}
    host = Scripted(answers)
    host.drive(module.undo(params, Change("", before, after), {}))
    assert host.sent == [rf"reg delete {PATH} /v v /f", r"reg delete HKLM\SOFTWARE\A /f"]


def test_undo_leaves_a_created_key_that_others_use() -> None:
    module, params = task("win_regedit", path=PATH, name="v", data="x")
    before = RegistryState(nearest=r"HKLM\SOFTWARE")
    after = module.plan(params, before, {})
    used = Output(0, f"{FULL}\n    theirs    REG_SZ    x\n")
    host = Scripted({"reg query": used, "reg delete": Output(0)})
    with pytest.raises(ModuleError, match="now holds something else as well"):
        host.drive(module.undo(params, Change("", before, after), {}))
    assert host.sent == [rf"reg delete {PATH} /v v /f"]


def default(kind: str, data: str) -> Output:
    encoded = base64.b64encode(data.encode()).decode()
    return Output(0, f"{kind}\r\n{encoded}\r\n")


@pytest.mark.parametrize(
    ("answer", "present", "data"),
    [
        (Output(0, "unset\r\n"), False, None),
        (default("String", "(未设置值)"), True, "(未设置值)"),
        (default("ExpandString", ""), True, ""),
    ],
)
def test_the_default_value_is_read_exactly(answer: Output, present: bool, data: Any) -> None:
    module, params = task("win_regedit", path=PATH, data="x")
    host = Scripted({QUERY: Output(0, FULL), "$k=Get-Item": answer})
    found = host.drive(module.probe(params, {}))
    assert (found.value_present, found.data) == (present, data)
    assert host.scripts[0].params == {"path": FULL}


def test_the_default_value_needs_powershell() -> None:
    module, params = task("win_regedit", path=PATH, state="absent", delete_key=False)
    with pytest.raises(ModuleError, match="read the default value") as caught:
        Scripted({QUERY: Output(0, FULL)}).drive(module.probe(params, {}))
    assert "PowerShell" in caught.value.hint


def test_the_default_value_is_written_without_its_name() -> None:
    module, params = task("win_regedit", path=PATH, data="x")
    before = RegistryState(key_present=True, nearest=PATH)
    host = Scripted({"reg add": Output(0), "reg delete": Output(0)})
    after = module.plan(params, before, {})
    host.drive(module.apply(params, Change("", before, after), {}))
    host.drive(module.undo(params, Change("", before, after), {}))
    assert host.sent == [rf"reg add {PATH} /ve /t REG_SZ /d x /f", rf"reg delete {PATH} /ve /f"]


TREE = (
    Entry(PATH),
    Entry(PATH, "a", "dword", 1),
    Entry(rf"{PATH}\Empty"),
)
UNRESTORABLE = [
    (TREE, ""),
    ((*TREE, Entry(PATH, "(Default)", "string", "x")), "has a default value"),
    ((*TREE, Entry(PATH, "r", "REG_RESOURCE_LIST", "00")), "cannot write the type"),
    ((*TREE, Entry(PATH, "s", "string", "a\nb")), "line break"),
    ((*TREE, *(Entry(PATH, f"v{n}", "dword", n) for n in range(501))), "502 values"),
]


@pytest.mark.parametrize(("tree", "says"), UNRESTORABLE)
def test_what_cannot_be_written_back_is_told_before(tree: tuple[Entry, ...], says: str) -> None:
    module, params = task("win_regedit", path=PATH, state="absent")
    before = RegistryState(key_present=True, tree=tree, nearest=PATH)
    change = Change("", before, module.plan(params, before, {}))
    found = module.irreversible(params, change, {})
    assert says in found
    assert bool(says) == bool(found)


def test_a_deleted_key_is_written_back() -> None:
    module, params = task("win_regedit", path=PATH, state="absent")
    before = RegistryState(key_present=True, tree=TREE, nearest=PATH)
    host = Scripted({"reg": Output(0)})
    host.drive(module.undo(params, Change("", before, RegistryState()), {}))
    assert host.sent == [
        rf"reg add {PATH} /v a /t REG_DWORD /d 1 /f",
        rf"reg add {PATH}\Empty /f",
    ]


@pytest.mark.parametrize(
    ("before", "data", "kind"),
    [
        (RegistryState(True, False), False, False),
        (RegistryState(True, True, "dword", 1), True, False),
        (RegistryState(True, True, "string", "0"), True, True),
        (RegistryState(True, True, "dword", 0), False, False),
    ],
)
def test_result(before: RegistryState, data: bool, kind: bool) -> None:
    module, params = task("win_regedit", path=PATH, name="v", type="dword", data=0)
    change = Change("", before, module.plan(params, before, {}))
    result = module.result(params, change, {}, {})
    assert result == {"data_changed": data, "data_type_changed": kind}


@pytest.mark.parametrize("data", ["01", "6100", "6100000000", "00000000"])
def test_what_reg_cannot_write_into_a_reg_none(data: str) -> None:
    """It writes text and a zero; another old value is recorded, and called irreversible."""
    with pytest.raises(ParamsError, match="nothing but text into a REG_NONE"):
        task("win_regedit", path=r"HKLM:\SOFTWARE\A", name="n", type="none", data=data)
    old = {r"HKLM\SOFTWARE\A": {"n": {"type": "REG_NONE", "data": data}}}
    work = LabHost("2016", registry=old).task(
        "win_regedit", path=r"HKLM:\SOFTWARE\A", name="n", state="absent"
    )
    why = work.module.irreversible(work.params, work.plan(), work.facts)
    assert "nothing but text into a REG_NONE" in why
