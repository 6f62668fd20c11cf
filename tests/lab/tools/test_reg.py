"""reg: types, prompts, both output shapes, files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.lab.state.registry import Registry
from runner.lab.toolkit import regfile
from tests.lab.machine_bench import bench, changes

KEY = r"HKLM\SOFTWARE\Test"
MISSING = "ERROR: The system was unable to find the specified registry key or value.\n"

ADDED: list[tuple[str, str]] = [
    ("/v a /d x", "    a    REG_SZ    x\n"),
    ("/v a", "    a    REG_SZ    \n"),
    ("/ve /d x", "    (Default)    REG_SZ    x\n"),
    ("/v a /t REG_DWORD /d 10", "    a    REG_DWORD    0xa\n"),
    ("/v a /t REG_DWORD /d 0xFFFFFFFF", "    a    REG_DWORD    0xffffffff\n"),
    ("/v a /t REG_QWORD /d 0x100000000", "    a    REG_QWORD    0x100000000\n"),
    ("/v a /t reg_multi_sz /d x\\0y", "    a    REG_MULTI_SZ    x\\0y\n"),
    ("/v a /t REG_MULTI_SZ /s # /d x#y\\0z", "    a    REG_MULTI_SZ    x\\0y\\0z\n"),
    ("/v a /t REG_EXPAND_SZ /d ^%^OS^%", "    a    REG_EXPAND_SZ    %OS%\n"),
    ("/v a /t REG_BINARY /d 00aF", "    a    REG_BINARY    00AF\n"),
    ("/v a /t REG_NONE", "    a    REG_NONE    \n"),
    ('/v "a b" /d "c d"', "    a b    REG_SZ    c d\n"),
    ("/v a /d /f", "    a    REG_SZ    /f\n"),
    ('/v a /d "C:\\x\\\\"', "    a    REG_SZ    C:\\x\\\n"),
]


@pytest.mark.parametrize(("words", "line"), ADDED, ids=[case[0] for case in ADDED])
def test_add_and_query(words: str, line: str) -> None:
    lab = bench()
    lab.ok(f"reg add {KEY} {words} /f")
    head = "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Test\n"
    assert lab.ok(f"reg query {KEY}") == f"{head}{line}\n"


REFUSED: list[str] = [
    f"reg query {KEY}",
    r"reg query HKLM\SOFTWARE /v nope",
    r"reg query HKXX\SOFTWARE",
    "reg query",
    f"reg add {KEY} /v a /t REG_DWORD /d -1 /f",
    f"reg add {KEY} /v a /t REG_DWORD /d 0x100000000 /f",
    f"reg add {KEY} /v a /t REG_BINARY /d xy /f",
    f"reg add {KEY} /v a /t REG_NOPE /f",
    f"reg add {KEY} /t REG_DWORD /f",
    f"reg add {KEY} /v",
    f"reg delete {KEY} /f",
    r"reg delete HKLM\SOFTWARE /v nope /f",
    r"reg import C:\nope.reg",
    f"reg export {KEY} C:\\x.reg",
]


@pytest.mark.parametrize("line", REFUSED)
def test_refusals_are_exit_code_1_and_change_nothing(line: str) -> None:
    lab = bench()
    before = lab.state
    result = lab.run(line)
    assert result.code == 1
    assert result.err.startswith("ERROR: ")
    assert changes(before, lab.state) == []


def test_missing_values_are_said_on_standard_error() -> None:
    result = bench().run(f"reg query {KEY} /v a")
    assert (result.out, result.err) == ("", MISSING)


def test_prompts_end_at_the_end_of_input() -> None:
    lab = bench()
    lab.ok(f"reg add {KEY} /v a /d 1 /f")
    result = lab.run(f"reg add {KEY} /v a /d 2 <nul")
    assert (result.code, result.out) == (1, "Value a exists, overwrite(Yes/No)? ")
    assert lab.run(f"reg add {KEY} /v a /d 2", stdin=b"yes\r\n").code == 0
    assert lab.run(f"reg delete {KEY} <nul").code == 1
    assert "    a    REG_SZ    2\n" in lab.ok(f"reg query {KEY}")


def test_server_2003_prints_a_banner_and_tabs() -> None:
    lab = bench("2003-sp2")
    shown = lab.ok(r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage /v OEMCP")
    assert shown == (
        "\n! REG.EXE VERSION 3.0\n\n"
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage\n"
        "    OEMCP\tREG_SZ\t437\n\n"
    )
    assert lab.run(r"reg query HKLM\SOFTWARE\Nope").err.startswith("\nError:  The system was")
    assert lab.run(r"reg query HKLM\SOFTWARE /reg:64").code == 1


def test_subkeys_and_recursion() -> None:
    lab = bench()
    lab.ok(rf"reg add {KEY}\b /v x /d 1 /f&reg add {KEY}\a /f&reg add {KEY} /v y /d 2 /f")
    root = r"HKEY_LOCAL_MACHINE\SOFTWARE\Test"
    assert lab.ok(f"reg query {KEY}") == f"\n{root}\n    y    REG_SZ    2\n\n{root}\\a\n{root}\\b\n"
    assert lab.ok(f"reg query {KEY} /s") == (
        f"\n{root}\n    y    REG_SZ    2\n\n{root}\\a\n\n{root}\\b\n    x    REG_SZ    1\n\n"
    )


def test_the_32_bit_view() -> None:
    lab = bench()
    lab.ok(f"reg add {KEY} /v a /d 32 /reg:32 /f&reg add {KEY} /v a /d 64 /reg:64 /f")
    assert "    a    REG_SZ    64\n" in lab.ok(f"reg query {KEY}")
    assert "    a    REG_SZ    32\n" in lab.ok(r"reg query HKLM\SOFTWARE\Wow6432Node\Test")


def test_copy_and_compare() -> None:
    lab = bench()
    lab.ok(rf"reg add {KEY}\a\b /v x /d 1 /f&reg copy {KEY}\a {KEY}\c /s /f")
    assert lab.run(rf"reg compare {KEY}\a {KEY}\c /s").code == 0
    lab.ok(rf"reg add {KEY}\c\b /v x /d 2 /f")
    result = lab.run(rf"reg compare {KEY}\a {KEY}\c /s")
    assert result.code == 2
    assert "Result Compared: Different\n" in result.out


def test_export_delete_import_gives_the_state_back() -> None:
    lab = bench("2016", registry={
        KEY: {"s": 'a"b\\c', "d": 7, "m": ["x", "y"], "q": {"type": "REG_QWORD", "data": 1 << 40},
              "b": {"type": "REG_BINARY", "data": "00ff" * 60},
              "e": {"type": "REG_EXPAND_SZ", "data": "%OS%"}, "中": "文"},
        KEY + r"\sub": {"": "default"},
    })  # fmt: skip
    before = lab.state["registry"]
    lab.ok(rf"reg export {KEY} C:\x.reg")
    lab.ok(f"reg delete {KEY} /f")
    assert lab.state["registry"] != before
    imported = lab.run(r"reg import C:\x.reg")
    assert (imported.code, imported.out) == (0, "")
    assert imported.err == "The operation completed successfully.\n\n"
    assert lab.state["registry"] == before
    assert lab.run(rf"reg export {KEY} C:\x.reg <nul").code == 1
    lab.ok(rf"reg export {KEY} C:\x.reg /y")


TEXTS = st.text(st.characters(max_codepoint=0xD7FF, exclude_characters="\0\r\n"))
VALUES = st.one_of(
    st.tuples(st.just("REG_SZ"), TEXTS),
    st.tuples(st.just("REG_DWORD"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("REG_QWORD"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("REG_BINARY"), st.binary(max_size=90)),
    st.tuples(st.just("REG_MULTI_SZ"),
              st.lists(st.text("ab\\;[]", min_size=1, max_size=40), max_size=5).map(tuple)),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text('aB \\"=;', max_size=6), VALUES, max_size=5))
def test_registration_files_keep_every_value(values: dict[str, tuple[str, object]]) -> None:
    registry = Registry()
    key = registry.create(KEY)
    for name, (type_, data) in values.items():
        key.set(name, type_, data)  # type: ignore[arg-type]
    text = regfile.export(list(registry.walk(KEY)))
    loaded = Registry()
    regfile.load(loaded, b"\xff\xfe" + text.encode("utf-16-le"), 1252)
    assert loaded.dump() == registry.dump()
