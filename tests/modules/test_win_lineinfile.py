"""win_lineinfile: texts in tables, and on the lab."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ModuleError, ParamsError, Refused
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import win_lines
from runner.modules._parts.win_files import WinFileState
from runner.modules._parts.win_lines import Wanted
from tests.modules.labhost import LabHost
from tests.modules.scripted import task as parsed

INI = r"C:\d\a.ini"
TEXT = "[x]\r\nserver=1\r\nport=2\r\nserver=3\r\n"


@pytest.mark.parametrize(
    ("before", "raw", "after", "said"),
    [
        (TEXT, {"line": "port=2"}, None, ""),
        (TEXT, {"line": "end"}, f"{TEXT}end\r\n", "line added"),
        ("a\r\nb", {"line": "c"}, "a\r\nb\r\nc", "line added"),
        ("a\nb\n", {"line": "c"}, "a\r\nb\r\nc\r\n", "line added"),
        ("a\r\nb\r\n", {"line": "c", "newline": "unix"}, "a\nb\nc\n", "line added"),
        (TEXT, {"regex": "^server=", "line": "server=9"}, TEXT.replace("3", "9"), "line replaced"),
        (TEXT, {"regex": "^server=", "line": "server=3"}, None, ""),
        (TEXT, {"line": "z", "insertbefore": "BOF"}, f"z\r\n{TEXT}", "line added"),
        (TEXT, {"line": "z", "insertafter": "^port"}, TEXT.replace("port=2", "port=2\r\nz"),
         "line added"),
        (TEXT, {"line": "z", "insertbefore": "^server"}, TEXT.replace("server=3", "z\r\nserver=3"),
         "line added"),
        (TEXT, {"line": "z", "insertafter": "nix"}, f"{TEXT}z\r\n", "line added"),
        (TEXT, {"regex": "^(port)=(?P<n>.*)", "line": "$1:${n}$$ $7", "backrefs": True},
         TEXT.replace("port=2", "port:2$ $7"), "line replaced"),
        (TEXT, {"regex": "^nix", "line": "$1", "backrefs": True}, None, ""),
        (TEXT, {"regex": "^server", "state": "absent"}, "[x]\r\nport=2\r\n", "2 line(s) removed"),
        (TEXT, {"line": "port=2", "state": "absent"}, TEXT.replace("port=2\r\n", ""),
         "1 line(s) removed"),
        (TEXT, {"line": "nix", "state": "absent"}, None, "0 line(s) removed"),
        ("", {"line": "x"}, "x", "line added"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_text(
    before: str, raw: dict[str, Any], after: str | None, said: str
) -> None:
    host = LabHost("2016", files={INI: {"content": before}})
    task = host.task("win_lineinfile", path=INI, **raw)
    change = task.plan()
    assert bool(change.differences()) is (after is not None)
    result = task.module.result(task.params, change, {}, {})
    assert result["msg"] == said
    assert result["encoding"] == "utf-8"
    if after is not None:
        task.apply(change)
    entry = host.machine._host.files.find(INI)
    assert entry is not None
    assert entry.content == (before if after is None else after).encode()
    assert not task.plan().differences() or "BOF" in raw.values()


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("auto", b"\xff\xfe" + "é\r\n".encode("utf-16-le")),
        ("auto", b"\xfe\xff" + "é\r\n".encode("utf-16-be")),
        ("auto", b"\xef\xbb\xbfx\r\n"),
        ("auto", b"\xe9\x81\r\n"),
        ("windows-1252", b"\xe9\r\n"),
        ("utf-16", "é\r\n".encode("utf-16-le")),
        ("gb2312", "中\r\n".encode("gb2312")),
    ],
)
def test_encodings(encoding: str, data: bytes) -> None:
    host = LabHost("2016", files={INI: {"content": "x"}})
    host.machine._host.files.write(INI, data, 0.0)
    task = host.task("win_lineinfile", path=INI, line="new", encoding=encoding)
    task.apply(task.plan())
    entry = host.machine._host.files.find(INI)
    assert entry is not None
    form = win_lines.encoding_of(data, encoding)
    assert entry.content == data + "new\r\n".encode(form.name)


def test_a_new_file_has_its_mark() -> None:
    host = LabHost("2022")
    task = host.task("win_lineinfile", path=r"C:\n\a", line="x", create=True, encoding="unicode")
    task.apply(task.plan())
    entry = host.machine._host.files.find(r"C:\n\a")
    assert entry is not None
    assert entry.content == b"\xff\xfe" + "x\r\n".encode("utf-16-le")


def test_a_backup_is_named() -> None:
    host = LabHost("2022", files={INI: {"content": "x"}})
    task = host.task("win_lineinfile", path=INI, line="y", backup=True)
    change = task.plan()
    result = task.module.result(task.params, change, {}, task.apply(change))
    assert result["backup"] == result["backup_file"]
    assert result["backup_file"] in host.state["files"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"path": r"C:\nix", "line": "x"}, "does not exist !"),
        ({"path": r"C:\nix", "line": "x", "state": "absent"}, "does not exist !"),
        ({"path": r"C:\d", "line": "x"}, "is a folder"),
        ({"path": INI, "line": "中", "encoding": "ascii"}, "no text in ascii"),
    ],
)
def test_what_is_refused(raw: dict[str, Any], said: str) -> None:
    host = LabHost("2016", files={INI: {"content": "x"}})
    with pytest.raises(Refused, match=said):
        host.task("win_lineinfile", **raw).plan()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "'line' is needed"),
        ({"line": "x", "backrefs": True}, "needs a 'regex'"),
        ({"state": "absent"}, "needs 'line' or 'regex'"),
        ({"line": "a\nb"}, "line break"),
        ({"line": "a", "regex": "("}, "no regular expression"),
        ({"line": "a", "encoding": "klingon"}, "no encoding"),
        ({"line": "a", "validate": "x"}, "needs a %s"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_lineinfile", path=INI, **raw)


def test_a_file_that_another_task_will_write_is_not_known() -> None:
    module, params = parsed("win_lineinfile", path=INI, line="x")
    before = WinFileState("file", "0" * 40, path=INI)
    after = module.plan(params, before, {})
    assert after.checksum is UNKNOWN
    assert module.result(params, Change("", before, after), {}, {})["msg"] is UNKNOWN


def test_both_anchors_are_said() -> None:
    module, params = parsed("win_lineinfile", path=INI, line="x", insertafter="a", insertbefore="b")
    state = WinFileState(path=INI)
    assert "does not" in module.message(params, Change("", state, state), {})


@given(st.text(alphabet="ab\r\n\u00e9\u4e2d", max_size=30), st.sampled_from(["auto", "utf-16"]))
def test_splitting_loses_nothing_but_kinds_of_breaks(text: str, encoding: str) -> None:
    lines, ends = win_lines.split(text)
    whole = win_lines.joined(lines, "\n", ends=ends)
    assert whole == re.sub(r"\r\n|\r", "\n", text)
    form = win_lines.encoding_of(b"", encoding)
    assert form.decoded(form.encoded(text)) == text


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=6), st.sampled_from(["a", "z"]))
def test_a_second_time_changes_nothing(lines: list[str], line: str) -> None:
    once = win_lines.present(tuple(lines), Wanted(line))
    assert win_lines.present(once.lines, Wanted(line)).lines == once.lines
    gone = win_lines.absent(once.lines, Wanted(line))
    assert line not in gone.lines
    assert gone.found == once.lines.count(line) >= 1


def test_a_command_looks_at_the_new_content_first() -> None:
    host = LabHost("2016", files={INI: {"content": TEXT}})
    good = {"path": INI, "line": "end", "validate": "findstr /c:end %s"}
    task = host.task("win_lineinfile", **good)
    task.apply(task.plan())
    assert not task.plan().differences()
    before = host.state
    bad = host.task("win_lineinfile", path=INI, line="more", validate="findstr /c:nix %s")
    with pytest.raises(ModuleError, match="failed to validate: 'findstr /c:nix %s' ended with 1"):
        bad.apply(bad.plan())
    assert host.state == before
