"""Batch files: their own rules for percent signs, labels, arguments."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench

CASES: list[tuple[str, str, int, str]] = [
    ("@echo off\r\necho %1-%2-%3", 'x.cmd a "b c"', 0, 'a-"b c"-\n'),
    ("@echo off\r\necho %~1 %*", 'x.cmd "a b" c', 0, 'a b "a b" c\n'),
    ("@echo off\r\necho [%nope%] 100%% %OS%", "x.cmd", 0, "[] 100% Windows_NT\n"),
    ("@echo off\r\ncmd /c exit 5\r\necho %errorlevel%", "x.cmd", 5, "5\n"),
    ("@echo off\r\nexit /b 3", "x.cmd", 3, ""),
    ("@echo off\r\ngoto end\r\necho no\r\n:end\r\necho yes", "x.cmd", 0, "yes\n"),
    ("@echo off\r\ncall :sub a\r\necho back\r\ngoto :eof\r\n:sub\r\necho in %1", "x.cmd", 0,
     "in a\nback\n"),
    ("@echo off\r\nif exist C:\\Windows (\r\n  echo a\r\n  echo b\r\n) else (\r\n  echo c\r\n)",
     "x.cmd", 0, "a\nb\n"),
    ("@echo off\r\nsetlocal\r\nset x=1\r\nendlocal\r\nif not defined x echo gone", "x.cmd", 0,
     "gone\n"),
    ("@echo off\r\nsetlocal enabledelayedexpansion\r\nset x=1\r\nset x=2&echo !x!", "x.cmd", 0,
     "2\n"),
    ("@exit 4", "x.cmd&echo no", 4, ""),
    ("@echo %~dp0", "x.cmd", 0, "C:\\Users\\Administrator\\\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "code", "out"), CASES, ids=[c[0][10:40] for c in CASES])
def test_batch_file(text: str, line: str, code: int, out: str) -> None:
    lab = bench(files={r"C:\Users\Administrator\x.cmd": {"content": text}})
    result = lab.run(line)
    assert (result.out, result.code) == (out, code), result.err


def test_a_batch_file_echoes_its_lines_unless_told() -> None:
    lab = bench(files={r"C:\x.cmd": {"content": "ver >nul\r\n"}})
    assert lab.run(r"cd \&x.cmd").out == "\nC:\\>ver >nul \n"


def test_call_comes_back_and_a_bare_name_does_not() -> None:
    files = {
        r"C:\a.cmd": {"content": "@call C:\\c.cmd\r\n@echo back\r\n"},
        r"C:\b.cmd": {"content": "@C:\\c.cmd\r\n@echo back\r\n"},
        r"C:\c.cmd": {"content": "@echo in c\r\n"},
    }
    lab = bench(files=files)
    assert lab.run(r"C:\a.cmd").out == "in c\nback\n"
    assert lab.run(r"C:\b.cmd").out == "in c\n"


def test_start_wait_gives_the_exit_code_of_the_program() -> None:
    text = '@echo off\r\nstart "" /wait cmd /c exit 3010\r\n>C:\\rc.txt echo %errorlevel%\r\n'
    lab = bench(files={r"C:\x.cmd": {"content": text}})
    lab.run(r"C:\x.cmd")
    assert lab.ok(r"type C:\rc.txt") == "3010\n"
