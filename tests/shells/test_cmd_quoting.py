"""Values come back from a command line exactly as they went in, or are refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Verbatim
from runner.shells import load
from runner.shells.cmd_quoting import argv_quote, cmd_escape, command_line, key_value
from tests.shells.cmd_model import Escaped, arguments_of, remove_carets, split_arguments

DEFINED = {"OS": "Windows_NT", "PATH": "C:\\;x", "A": "1 & 2", "SystemRoot": 'C:\\"W', "a b": "z"}

PIECES = [
    ("", '""'),
    ("plain", "plain"),
    ("C:\\dir\\", "C:\\dir\\"),
    ("C:\\a b\\", '"C:\\a b\\\\"'),
    ("a&b|c<d>(e)^! ", '"a&b|c<d>(e)^! "'),
    ('"C:\\a b\\x.exe" -k', '^"\\^"C:\\a b\\x.exe\\^" -k^"'),
    ('%SystemRoot%\\a "b"\\', '^"^%^SystemRoot^%^\\a \\^"b\\^"\\\\^"'),
    ("路径", '"路径"'),
]


@pytest.mark.parametrize(("value", "piece"), PIECES)
def test_known_pieces(value: str, piece: str) -> None:
    assert cmd_escape(argv_quote(value)) == piece


def test_netsh_quotes_only_the_value() -> None:
    line = command_line(("netsh", "add", "name=block smb (445) & 139", "dir=in"))
    assert line == 'netsh add name=^"block smb ^(445^) ^& 139^" dir=in'


def test_key_value_refuses_a_quote() -> None:
    with pytest.raises(ModuleError, match="double quote"):
        key_value("name", 'a"b')


NASTY = st.text(
    st.one_of(
        st.sampled_from(list('"\\%!^&|<>() =,;:~*?/-AOSPTHa路\U0001f600\u00a0')), st.characters()
    ),
    max_size=24,
)
NAMES = st.sampled_from(
    ["%OS%", "%PATH:a=b%", "^%OS^%", "%a b%", '"%A%"', "%%OS%%", "%OS:~0,2%", "\\", '\\"', "%"]
)
VALUES = st.lists(st.one_of(NASTY, NAMES), max_size=4).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_any_arguments_come_back(values: list[str]) -> None:
    try:
        line = load("cmd").render(Exec("reg", *values)).line
    except ModuleError:
        assert any(_unprintable(value) for value in values)
        return
    assert line.startswith("<nul ")
    assert arguments_of(line.removeprefix("<nul "), DEFINED) == ["reg", *values]


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=3))
def test_a_bare_argument_never_depends_on_variables(values: list[str]) -> None:
    try:
        line = command_line(("reg", *values))
    except ModuleError:
        return
    assert arguments_of(line, {}) == arguments_of(line, DEFINED)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_netsh_values_come_back(value: str) -> None:
    try:
        line = command_line(("netsh", f"name={value}"))
    except ModuleError:
        assert '"' in value or _unprintable(value)
        return
    read = remove_carets(line.replace("^%", "%"))
    assert split_arguments(read) == ["netsh", f"name={value}"] or "%" in value
    assert arguments_of(line, DEFINED) == ["netsh", f"name={value}"]


def _unprintable(value: str) -> bool:
    return any(
        ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or 0xD800 <= ord(c) <= 0xDFFF
        or c in "\u2028\u2029\ufeff\ufffe\uffff"
        for c in value
    )  # fmt: skip


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "\x00", "\x1b[0m", "\u2028", "\ud800", "\ufeff"])
def test_unprintable_characters_are_refused(value: str) -> None:
    with pytest.raises(ModuleError, match=r"U\+"):
        command_line(("sc", "query", value))


def test_best_fit_characters_are_refused_for_programs_that_may_be_ansi() -> None:
    assert command_line(("reg", "add", "\uff02")) == 'reg add "\uff02"'
    with pytest.raises(ModuleError, match=r"U\+FF02"):
        command_line(("C:\\setup.exe", "\uff02"))


@pytest.mark.parametrize(
    ("program", "piece"),
    [
        ("sc", "sc"),
        ("net.exe", "net.exe"),
        ("C:\\Windows\\Temp\\kb4012598 (x86).exe", '"C:\\Windows\\Temp\\kb4012598 (x86).exe"'),
        ("\\\\server\\share\\更新.exe", '"\\\\server\\share\\更新.exe"'),
        ("D:\\a,b;c=d.exe", '"D:\\a,b;c=d.exe"'),
    ],
)
def test_programs(program: str, piece: str) -> None:
    assert command_line((program, "/q")) == f"{piece} /q"
    assert remove_carets(piece) == piece
    assert split_arguments(f"{piece} /q") == [program, "/q"]


@pytest.mark.parametrize(
    "program",
    [
        "", "a b", "a&b", "..\\x.exe", "C:x.exe", "C:\\a%b.exe", "C:\\a^b.exe", "C:\\a!b.exe",
        'C:\\a"b.exe', "C:\\a&b.exe", "C:\\a\\", "C:/x.exe", "call", "ECHO", "start", "x\ny",
        "C:\\a.exe ", "C:\\a(1)|b.exe", "\\\\?\\C:\\x.exe",
    ],
)  # fmt: skip
def test_program_names_that_are_refused(program: str) -> None:
    with pytest.raises(ModuleError):
        command_line((program,))


@pytest.mark.parametrize(
    "argv",
    [
        ("wmic", "where", 'name="x"'),
        ("C:\\jobs\\run.bat", "100%"),
        ("run.cmd", 'say "x"'),
    ],
)
def test_programs_that_read_the_line_in_their_own_way_take_no_inner_quotes(
    argv: tuple[str, ...],
) -> None:
    with pytest.raises(ModuleError, match="cannot be quoted safely"):
        command_line(argv)


def test_an_interpreter_gets_its_arguments_as_they_are() -> None:
    argv = ("powershell", "-Command", "Get-Item 'a b' | % { $_.Name }; \"x\"")
    assert arguments_of(command_line(argv), DEFINED) == list(argv)


def test_verbatim_passes_untouched() -> None:
    where = Verbatim("\"name='x'\"")
    assert command_line(("wmic", "qfe", "where", where, "get", "a,b", "/value")) == (
        "wmic qfe where \"name='x'\" get a,b /value"
    )


def test_the_model_notices_what_quoting_must_prevent() -> None:
    assert arguments_of("reg %OS%", DEFINED) == ["reg", "Windows_NT"]
    assert arguments_of("reg ^%OS^%", {"OS^": "x"}) == ["reg", "x"]
    with pytest.raises(Escaped):
        arguments_of("reg a&del b", DEFINED)
