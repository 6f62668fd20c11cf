"""Files: hashes, versions and paths."""

from __future__ import annotations

import pytest

from runner.interfaces.exchange import Exec, Output
from runner.windows import files

OLD = """SHA1 hash of file C:\\kb\\x.msu:
2d ec ef aa 02 e2 05 8d cd 96 57 02 50 9a 99 2d 8c 4e 92 b3
CertUtil: -hashfile command completed successfully.
"""
NEW = OLD.replace("2d ec ef aa 02 e2 05 8d cd 96 57 02 50 9a 99 2d 8c 4e 92 b3", "2D" + "ec" * 19)


def test_digest_with_and_without_blanks() -> None:
    assert files.digest(Output(0, OLD)) == "2decefaa02e2058dcd965702509a992d8c4e92b3"
    assert files.digest(Output(0, NEW)) == "2d" + "ec" * 19
    assert files.digest(Output(1, OLD)) == ""
    assert files.digest(Output(0, "no digest here")) == ""


def test_version() -> None:
    assert files.version(Output(0, "\r\n\r\nVersion=6.1.7601.23689\r\n")) == (6, 1, 7601, 23689)
    assert files.version(Output(0, "No Instance(s) Available.")) is None


@pytest.mark.parametrize(
    ("root", "name"),
    [
        (r"C:\Windows", r'name="C:\\Windows\\System32\\drivers\\srv.sys"'),
        (r"d:\WINNT", r'name="D:\\WINNT\\System32\\drivers\\srv.sys"'),
    ],
)
def test_driver_query_is_a_constant_of_ours(root: str, name: str) -> None:
    command = files.driver_version(root, "srv.sys")
    assert command == Exec("wmic", "datafile", "where", name, "get", "Version", "/value")


@pytest.mark.parametrize("root", ["", r"C:\Windows\..", r'C:\a" or "1"="1', r"\\host\c$\Windows"])
def test_no_value_of_a_host_reaches_wmic(root: str) -> None:
    assert files.driver_version(root, "srv.sys") is None
    assert files.driver_version(r"C:\Windows", "other.sys") is None


@pytest.mark.parametrize(("path", "bad"), [(r"C:\a b", ""), ('C:\\"', "holds"), ("  ", "is empty")])
def test_paths(path: str, bad: str) -> None:
    assert files.bad_path(path).startswith(bad)


def test_found_by_either_command() -> None:
    assert files.found((Output(1), Output(0)))
    assert not files.found((Output(1), Output(1)))
