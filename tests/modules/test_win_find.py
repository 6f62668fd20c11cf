"""win_find on the lab, and the times of files in tables."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import file_times
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

FILES = {
    r"C:\d\a.txt": {"content": "a\n"},
    r"C:\d\B.LOG": {"content": "x" * 2048},
    r"C:\d\hid.txt": {"content": "", "attributes": "AH"},
    r"C:\d\sub dir\c.txt": {"content": "c"},
    r"C:\d\sub dir\deep\d'x & y.txt": {"content": "d"},
}


def find(os: str = "2012r2", **raw: Any) -> dict[str, Any]:
    host = LabHost(os, files=FILES)
    task = host.task("win_find", **{"paths": r"C:\d", **raw})
    found = task.probe()
    result = task.module.result(task.params, Change("", found, found), {}, {})
    assert not host.writes
    return dict(result)


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({}, ["a.txt", "B.LOG"]),
        ({"hidden": True}, ["a.txt", "B.LOG", "hid.txt"]),
        ({"patterns": "*.TXT"}, ["a.txt"]),
        ({"patterns": ["*.log", "a*"]}, ["a.txt", "B.LOG"]),
        ({"patterns": r"^[bc]\.", "use_regex": True, "recurse": True}, ["B.LOG", "c.txt"]),
        (
            {"patterns": r"^[bc]\.", "use_regex": True, "recurse": True, "case_sensitive": True},
            ["c.txt"],
        ),
        ({"recurse": True}, ["a.txt", "B.LOG", "c.txt", "d'x & y.txt"]),
        ({"recurse": True, "depth": 2}, ["a.txt", "B.LOG", "c.txt"]),
        ({"size": "2k"}, ["B.LOG"]),
        ({"size": "-10"}, ["a.txt"]),
        ({"file_type": "directory", "recurse": True}, ["sub dir", "deep"]),
        ({"age": "1w", "recurse": True}, ["a.txt", "B.LOG", "c.txt", "d'x & y.txt"]),
        ({"age": "-1w"}, []),
        ({"age": "1d", "age_stamp": "ctime", "patterns": "a*"}, ["a.txt"]),
        ({"paths": ["C:\\d\\", r"C:\D\sub dir", r"C:\d"]}, ["a.txt", "B.LOG", "c.txt"]),
    ],
)
def test_what_is_found(raw: dict[str, Any], names: list[str]) -> None:
    found = find(**raw)
    assert [one["filename"] for one in found["files"]] == names
    assert found["matched"] == len(names)
    assert found["examined"] >= len(names)


def test_what_is_told_of_a_file() -> None:
    (one,) = find(patterns="a*", checksum_algorithm="md5")["files"]
    assert one.pop("modified")
    assert one == {
        "exists": True, "path": r"C:\d\a.txt", "filename": "a.txt", "extension": ".txt",
        "attributes": "Archive", "isdir": False, "isreg": True, "islnk": False,
        "isreadonly": False, "ishidden": False, "isarchive": True, "size": 2,
        "checksum": "60b725f10c9c85c70d97880dfe8191b3",
    }  # fmt: skip
    (one,) = find(patterns="a*", get_checksum=False)["files"]
    assert "checksum" not in one


def test_what_cannot_be_looked_into_is_said() -> None:
    found = find(paths=[r"C:\nix", r"C:\d\a.txt"])
    assert found["skipped_paths"] == {r"C:\nix": "does not exist", r"C:\d\a.txt": "is not a folder"}
    assert found["files"] == []


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"age": "old"}, "such as 2d"),
        ({"size": "big"}, "such as 10m"),
        ({"patterns": "(", "use_regex": True}, "no regular expression"),
        ({"patterns": "a", "case_sensitive": True}, "goes with use_regex"),
        ({"follow": True}, "no reliable way where a link leads"),
        ({"age": "1d", "file_type": "directory"}, "goes with files"),
        ({"paths": []}, "at least 1 item"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_find", **{"paths": r"C:\d", **raw})


CLOCK = Output(0, "LocalDateTime=20240102000000.000000+000\r\n")
ROWS = Output(0, "LastModified=20240101000000.000000+000\r\nName=C:\\d\\A.TXT\r\n")


@pytest.mark.parametrize("by", ["wmic", "powershell"])
def test_times_are_told_by_wmic_or_powershell(by: str) -> None:
    if by == "wmic":
        answers = {
            "wmic os": CLOCK,
            r"wmic datafile where drive='C:' and path='\\d\\' get LastModified,Name /value": ROWS,
        }
    else:
        answers = {"$o=Get-WmiObject": CLOCK, "Get-ChildItem -Force": ROWS}
    known = Scripted(answers).drive(file_times.of([r"C:\d\a.txt"], "mtime"))
    assert known.now - known.times[r"c:\d\a.txt"] == 86400


def test_a_folder_whose_links_are_passed_over() -> None:
    module, params = parsed("win_find", paths=r"C:\d", recurse=True, get_checksum=False)
    host = Scripted(
        {
            'for %i in ("C:\\d")': Output(0, "=d--------=0=x=\r\n"),
            "dir /s /b /a-d": Output(0, "C:\\d\\a\r\nC:\\d\\link\\b\r\n"),
            "dir /s /b /adl": Output(0, "C:\\d\\LINK\r\n"),
            'for %i in ("C:\\d\\a")': Output(0, "=--a------=1=x=\r\n"),
        }
    )
    found = host.drive(module.probe(params, {}))
    assert r"link\\b" not in found.found
    assert '"matched": 1' in found.found


def test_no_times_without_wmi() -> None:
    with pytest.raises(ModuleError, match="neither wmic nor PowerShell"):
        Scripted({}).drive(file_times.of([r"C:\d\a.txt"], "mtime"))
