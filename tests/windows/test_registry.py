"""What reg.exe prints, on every generation, and what we tell it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output
from runner.windows import registry
from runner.windows.registry import Key, Value

VISTA = r"""
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters
    AutoDisconnect    REG_DWORD    0xf
    NullSessionPipes    REG_MULTI_SZ    netlogon\0lsarpc\0samr
    ServiceDll    REG_EXPAND_SZ    %SystemRoot%\system32\srvsvc.dll
    a name  with blanks    REG_SZ    some    text
    Guid    REG_BINARY    0AFF00
    Big    REG_QWORD    0x1ffffffff
    Empty    REG_SZ    @
    NoList    REG_MULTI_SZ    @

HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters\Sub
""".replace("@", "")

XP = (
    "\r\n! REG.EXE VERSION 3.0\r\n\r\n"
    "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Updates\r\n"
    "\tUpdateExeVolatile\tREG_DWORD\t0x4\r\n"
    "    <NO NAME>\tREG_SZ\t\r\n"
    "    DependOnService\tREG_MULTI_SZ\tRpcSs\\0Tcpip\\0\\0\r\n\r\n"
)


def test_reads_vista_and_later() -> None:
    key, sub = registry.parse(VISTA)
    assert key.path.endswith(r"LanmanServer\Parameters")
    assert key.values == (
        Value("AutoDisconnect", "dword", 15),
        Value("NullSessionPipes", "multistring", ("netlogon", "lsarpc", "samr")),
        Value("ServiceDll", "expandstring", r"%SystemRoot%\system32\srvsvc.dll"),
        Value("a name  with blanks", "string", "some    text"),
        Value("Guid", "binary", "0aff00"),
        Value("Big", "qword", 0x1FFFFFFFF),
        Value("Empty", "string", ""),
        Value("NoList", "multistring", ()),
    )
    assert sub == Key(rf"{key.path}\Sub")


def test_reads_xp_and_2003() -> None:
    (key,) = registry.parse(XP)
    assert key.values == (
        Value("UpdateExeVolatile", "dword", 4),
        Value("<NO NAME>", "string", ""),
        Value("DependOnService", "multistring", ("RpcSs", "Tcpip")),
    )
    assert key.values[1].may_be_default


def test_text_with_line_breaks_stays_whole() -> None:
    text = "HKEY_USERS\\x\n    Note    REG_SZ    first\nsecond\n    Next    REG_DWORD    0x1\n"
    (key,) = registry.parse(text)
    assert key.values == (Value("Note", "string", "first\nsecond"), Value("Next", "dword", 1))


def test_names_do_not_distinguish_case() -> None:
    output = Output(0, VISTA)
    assert registry.number(output, "AUTODISCONNECT") == 15
    assert registry.text(output, "servicedll").endswith("srvsvc.dll")
    assert registry.number(output, "ServiceDll") is None
    assert registry.value(output, "missing") is None
    assert registry.value(Output(1, VISTA), "AutoDisconnect") is None


@pytest.mark.parametrize(
    ("path", "hive", "rest"),
    [
        ("HKLM:\\SOFTWARE\\X", "HKLM", "SOFTWARE\\X"),
        ("hklm\\SOFTWARE\\X\\", "HKLM", "SOFTWARE\\X"),
        ("HKEY_LOCAL_MACHINE\\A", "HKLM", "A"),
        ("HKCU:\\Control Panel", "HKCU", "Control Panel"),
        ("HKU:\\.DEFAULT\\x", "HKU", ".DEFAULT\\x"),
        ("HKCC:", "HKCC", ""),
    ],
)
def test_paths(path: str, hive: str, rest: str) -> None:
    assert registry.split_path(path) == (hive, rest)


@pytest.mark.parametrize("path", ["", "SOFTWARE\\X", "HKEY_NOWHERE\\x", "C:\\x"])
def test_wrong_paths(path: str) -> None:
    with pytest.raises(ValueError, match="must begin with one of HKLM:"):
        registry.split_path(path)


def test_ancestors_are_nearest_first() -> None:
    assert registry.ancestors(r"HKLM\A\B\C") == (r"HKLM\A\B", r"HKLM\A")
    assert registry.ancestors(r"HKLM\A") == ()


@pytest.mark.parametrize(
    ("kind", "data", "argv"),
    [
        ("dword", 0, ("/v", "n", "/t", "REG_DWORD", "/d", "0", "/f")),
        ("string", "a b", ("/v", "n", "/t", "REG_SZ", "/d", "a b", "/f")),
        ("multistring", ("a", "b"), ("/v", "n", "/t", "REG_MULTI_SZ", "/d", r"a\0b", "/f")),
        ("binary", "beef", ("/v", "n", "/t", "REG_BINARY", "/d", "beef", "/f")),
    ],
)
def test_add(kind: str, data: registry.Data, argv: tuple[str, ...]) -> None:
    assert registry.add(r"HKLM\A", "n", kind, data) == Exec("reg", "add", r"HKLM\A", *argv)
    default = registry.add(r"HKLM\A", None, "string", "x")
    assert default.argv[3] == "/ve"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("string", "two\nlines"),
        ("multistring", ("a", "")),
        ("multistring", (r"C:\0dir",)),
        ("REG_RESOURCE_LIST", "00"),
        ("dword", "text"),
    ],
)
def test_what_cannot_be_written_exactly_is_refused(kind: str, data: registry.Data) -> None:
    with pytest.raises(ModuleError):
        registry.add(r"HKLM\A", "n", kind, data)


printable = st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs", "Zl", "Zp"])
words = st.text(printable, min_size=1)


@given(st.lists(words.filter(lambda w: r"\0" not in w and "\x85" not in w), max_size=4))
def test_lists_come_back_as_they_are_printed(items: list[str]) -> None:
    if any(item.startswith("0") for item in items[1:]) or any(i.endswith("\\") for i in items):
        return  # two backslashes and a nought: reg.exe itself prints this ambiguously
    line = "    n    REG_MULTI_SZ    " + r"\0".join(items)
    (key,) = registry.parse(f"HKEY_LOCAL_MACHINE\\A\n{line}\n")
    assert key.values[0].data == tuple(items)
