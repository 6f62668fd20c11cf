"""win_acl and win_acl_inheritance: rules by name and SID, what is refused, exact undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.windows import acls, sddl
from runner.windows.sddl import Ace
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

PATH = r"C:\app\a.txt"
FOLDER = {r"C:\app\a.txt": {"content": "a"}}
BOB = "S-1-5-21-1004336348-1177238915-682003330-1001"


@dataclass(frozen=True)
class Row:
    """The list of a file before and after a task, and what is wrong in no case: the way back."""

    name: str
    before: str
    raw: Mapping[str, Any]
    after: str
    os: str = "2016"


ROWS = (
    Row("a name of the host", "", {"user": "bob", "rights": "Read"},
        f"D:AI(A;;FR;;;{BOB})"),
    Row("rights come to those that are there", f"D:AI(A;;FR;;;{BOB})",
        {"user": "BOB", "rights": "Delete"}, f"D:AI(A;;0x130089;;;{BOB})"),
    Row("they are there", f"D:AI(A;;FA;;;{BOB})", {"user": "bob", "rights": "Modify"},
        f"D:AI(A;;FA;;;{BOB})"),
    Row("denied to everybody", "D:P(A;;FA;;;BA)",
        {"user": "Everyone", "type": "deny", "rights": ["WriteData", "AppendData"]},
        "D:P(D;;0x6;;;WD)(A;;FA;;;BA)"),
    Row("full control", "", {"user": "S-1-5-19", "rights": "FullControl"}, "D:AI(A;;FA;;;LS)"),
    Row("the whole rule goes", f"D:P(A;;FA;;;BA)(A;;FR;;;{BOB})(D;;0x2;;;{BOB})",
        {"user": "bob", "rights": "Read", "state": "absent"},
        f"D:P(A;;FA;;;BA)(D;;0x2;;;{BOB})"),
    Row("some of the rights go", f"D:P(A;;0x1301bf;;;{BOB})",
        {"user": "bob", "rights": "Write,Delete", "state": "absent"},
        f"D:P(A;;0x1200a9;;;{BOB})"),
    Row("by its English name", "D:P(A;;FA;;;BA)",
        {"user": "Administrators", "rights": "FullControl", "state": "absent"}, "D:P", "2003-sp2"),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    files = {PATH: {"content": "a", "acl": row.before}}
    language = "rus" if row.os == "2003-sp2" else "enu"
    host = LabHost(row.os, files=files, users={"bob": {}}, language=language)
    before = host.state
    work = host.task("win_acl", **{"path": PATH, "type": "allow", **row.raw})
    change = work.plan()
    assert bool(change.differences()) is (row.before != row.after)
    if change.differences():
        work.apply(change)
    assert host.state["files"][PATH].get("acl", "") == row.after
    assert not work.plan().differences()
    work.undo(change)
    assert host.state == before


def test_an_account_of_the_host_itself_may_be_written_with_a_dot() -> None:
    assert acls.word_of(".\\Bob") == "Bob"
    host = LabHost("2016", files={PATH: {"content": "a"}}, users={"bob": {}})
    work = host.task("win_acl", path=PATH, user=".\\bob", type="allow", rights="Read")
    work.apply(work.plan())
    assert host.state["files"][PATH]["acl"] == f"D:AI(A;;FR;;;{BOB})"


def test_what_goes_down_from_a_folder() -> None:
    host = LabHost("2022", files=FOLDER)
    host.task("win_acl", path="C:\\app\\", user="Users", type="allow", rights="Read")
    for raw, flags in (({}, "OICI"), ({"inherit": "None"}, ""),
                       ({"inherit": "ObjectInherit", "propagation": "NoPropagateInherit"}, "OINP"),
                       ({"propagation": "InheritOnly"}, "OICIIO")):  # fmt: skip
        work = host.task("win_acl", path=r"C:\app", user="Users", type="allow", rights="Read",
                         **raw)  # fmt: skip
        change = work.plan()
        work.apply(change)
        assert f"(A;{flags};FR;;;BU)" in host.state["files"][r"C:\app"]["acl"]
        work.undo(change)
    assert "acl" not in host.state["files"][r"C:\app"]


@pytest.mark.parametrize(
    ("os", "raw", "error", "says"),
    [
        ("2003-sp1", {}, Refused, "no icacls"),
        ("2016", {"user": "nobody"}, ModuleError, "nobody is called 'nobody'"),
        ("2016", {"path": r"C:\nix"}, Refused, "is not there"),
        ("2016", {"path": "C:\\"}, Refused, "root of a drive"),
    ],
)
def test_what_cannot_be(os: str, raw: dict[str, str], error: type[Exception], says: str) -> None:
    host = LabHost(os, files=FOLDER)
    rule = {"path": PATH, "user": "Users", "type": "allow", "rights": "Read", **raw}
    with pytest.raises(error, match=says):
        host.task("win_acl", **rule).plan()
    assert host.writes == 0


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"path": "IIS:\\Sites"}, "only files, folders and keys"),
        ({"path": r"HKLM:\SOFTWARE", "rights": "Modify"}, "no right of a key"),
        ({"path": "HKLM:"}, "a key below HKLM"),
        ({"rights": "Sing"}, "no right of a file"),
        ({"inherit": "x"}, "must be ContainerInherit"),
        ({"user": 'a"b'}, "not the name"),
        ({"type": "maybe"}, "allow"),
    ],
)
def test_parameters_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    rule = {"path": PATH, "user": "Users", "type": "allow", "rights": "Read", **raw}
    with pytest.raises(ParamsError, match=says):
        task("win_acl", **rule)


def test_inheritance_has_its_limits() -> None:
    with pytest.raises(ParamsError, match="only files, folders and keys"):
        task("win_acl_inheritance", path="CERT:\\x")
    with pytest.raises(Refused, match="nothing is above"):
        LabHost("2016").task("win_acl_inheritance", path="C:\\").plan()


def test_a_refusal_of_icacls_is_an_error() -> None:
    denied = Scripted({"(": Output(5, "", "Access is denied.")})
    with pytest.raises(ModuleError, match="denied"):
        denied.drive(acls.change(PATH, "/grant x:F"))
    with pytest.raises(ModuleError, match="its permissions back"):
        Scripted({"(if": Output(5)}).drive(acls.give_back(PATH, "D:P"))
    unread = Output(0, "-----BEGIN x\n?\n-----END x\n-----END y\n")
    with pytest.raises(ModuleError, match="cannot be read"):
        Scripted({"(if": unread}).drive(acls.find(PATH))


@pytest.mark.parametrize(
    ("text", "protected", "aces"),
    [
        ("D:AI", False, ()),
        ("O:BAG:SYD:PAI(A;OICIID;FA;;;SY)S:AI(AU;SA;FA;;;WD)", True,
         (Ace("A", frozenset({"OI", "CI", "ID"}), sddl.FULL, "SY"),)),
        ("D:(A;;GA;;;BA)(D;IO;CCDCRC;;;S-1-5-7)(A;;0x1200a9;;;BU)", False,
         (Ace("A", frozenset(), sddl.FULL, "BA"),
          Ace("D", frozenset({"IO"}), 0x20003, "S-1-5-7"),
          Ace("A", frozenset(), 0x1200A9, "BU"))),
    ],
)  # fmt: skip
def test_a_descriptor(text: str, protected: bool, aces: tuple[Ace, ...]) -> None:
    assert sddl.is_protected(text) is protected
    assert sddl.aces(text) == aces


def test_rights_in_words_of_icacls() -> None:
    assert sddl.words(sddl.FULL) == "(F)"
    assert sddl.words(0x120089) == "(RD,REA,RA,RC,S)"
    assert sddl.flag_words({"CI", "OI", "ID"}) == "(OI)(CI)"
