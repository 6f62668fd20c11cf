"""Values go through the cmd shell's quoting, Wine's cmd and a C program's argv, and come back.

What Microsoft's cmd does with them is another matter in one point, where Wine is wrong: it replaces
``^%NAME^%``. Strings that name a variable which is defined are left out here (see KNOWN).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec
from runner.lab.wine.template import compile_program
from runner.shells import load
from runner.shells.cmd_quoting import cmd_escape
from tests.lab.machine_bench import changes
from tests.wine.quoting import ATTACKS, KEY, PROGRAMS, VALUE, Quoted, text_of
from tests.wine.wine import IN_CI, WineBench

FULL = r"HKEY_LOCAL_MACHINE\SOFTWARE\T"
MANY = 14 if IN_CI else 2
"""Examples of fifty strings that become arguments, on each of two machines. Half as many become
contents of files; a sixth, services with three of them each: sc is a process for each service."""
_SLASHES = re.compile(r"[\\/]")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        compile_program(Path(__file__).with_name(name).with_suffix(".c"), folder / name)
    return folder


@pytest.fixture(scope="module")
def quoted_english(raw_english: WineBench, programs: Path) -> Iterator[Quoted]:
    yield from _guarded(raw_english, programs)


@pytest.fixture(scope="module")
def quoted_chinese(raw_chinese: WineBench, programs: Path) -> Iterator[Quoted]:
    yield from _guarded(raw_chinese, programs)


def _guarded(bench: WineBench, programs: Path) -> Iterator[Quoted]:
    """Nothing else on the machine may change, whatever all tests here send."""
    quoted = Quoted(bench, programs)
    before, stubs = bench.everything(), len(bench.not_simulated)
    yield quoted
    quoted.clear()
    assert not changes(before, bench.everything())
    bench.no_stub_was_called(stubs)


def _arguments(quoted: Quoted, values: list[str]) -> None:
    sent = [value for value in values if quoted.fits(value)]
    quoted.clear()
    quoted.send(Exec(r"C:\args.exe", *sent, "end"))
    stored = quoted.stored()
    assert [stored[str(at)] for at in range(len(sent) + 1)] == [*sent, "end"]


_settings = settings(
    max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
_some = settings(_settings, max_examples=max(1, MANY // 2))


# To look for a smaller example would make hundreds of services each time.
_few = settings(_settings, max_examples=max(1, MANY // 6), phases=[Phase.generate])
_FIFTY = st.lists(VALUE, min_size=55, max_size=60)
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"


@_settings
@given(_FIFTY)
def test_arguments_come_back(quoted_english: Quoted, values: list[str]) -> None:
    _arguments(quoted_english, values)


@_settings
@given(_FIFTY)
def test_arguments_come_back_on_936(quoted_chinese: Quoted, values: list[str]) -> None:
    _arguments(quoted_chinese, values)


def _values(quoted: Quoted) -> None:
    values = [value for value in ATTACKS if quoted.fits(value)]
    quoted.clear()
    quoted.send(*(Exec("reg", "add", KEY, "/v", f"v {n}", "/t", "REG_SZ", "/d", value, "/f")
                  for n, value in enumerate(values)))  # fmt: skip
    assert quoted.stored() == {f"v {n}": value for n, value in enumerate(values)}


def test_reg_stores_values_as_they_are(quoted_english: Quoted) -> None:
    _values(quoted_english)


def test_reg_stores_values_as_they_are_on_936(quoted_chinese: Quoted) -> None:
    _values(quoted_chinese)


def test_names_of_values_and_keys(quoted_chinese: Quoted) -> None:
    names = [value for value in ATTACKS if quoted_chinese.fits(value) and "\\" not in value]
    names = [name for name in names if name.strip() and not name.startswith("/")][:20]
    quoted_chinese.clear()
    quoted_chinese.send(*(Exec("reg", "add", KEY, "/v", name, "/d", "1", "/f") for name in names))
    assert quoted_chinese.stored().keys() == set(names)


def test_display_names(quoted_chinese: Quoted) -> None:
    names = ['a "b" & c', "打印 100%", "^caret^ |pipe| <x>", "ends in \\", "\U0001f600!", "(a)"]
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\T"
    quoted_chinese.send(Exec("sc", "create", "T", "binPath=", r"C:\a b\t.exe"))
    try:
        for name in names:
            quoted_chinese.send(Exec("sc", "config", "T", "DisplayName=", name))
            quoted_chinese.send(Exec("sc", "description", "T", name))
            stored = quoted_chinese.stored(key)
            assert (stored["DisplayName"], stored["Description"]) == (name, name)
    finally:
        quoted_chinese.send(Exec("sc", "delete", "T"))


@_few
@given(_FIFTY)
def test_services(quoted_english: Quoted, values: list[str]) -> None:
    _services(quoted_english, values)


@_few
@given(_FIFTY)
def test_services_on_936(quoted_chinese: Quoted, values: list[str]) -> None:
    _services(quoted_chinese, values)


def _services(quoted: Quoted, values: list[str]) -> None:
    """Each service has three texts: its name, the one for people, and what it runs.

    A name is a key of the registry; it has neither slash (Microsoft, CreateService). No two
    services may have one name for people.
    """
    made = {}
    for number, texts in enumerate(zip(values, values[1:], values[2:], strict=False)):
        name = f"T{number} {_SLASHES.sub('', texts[0])}."
        if all(quoted.fits(text) for text in (name, *texts)):
            made[name] = (f"D{number} {texts[1]}", rf"C:\a {texts[2]}")
    before = quoted.bench.registry(_SERVICES)
    try:
        quoted.send(
            *(Exec("sc", "create", name, "binPath=", path, "DisplayName=", shown)
              for name, (shown, path) in made.items())
        )  # fmt: skip
        after = quoted.bench.registry(_SERVICES)
        new = {key.rpartition("\\")[2]: after[key] for key in after.keys() - before.keys()}
        assert {
            name: (text_of(found['"DisplayName"']), text_of(found['"ImagePath"']))
            for name, found in new.items()
        } == made
    finally:
        quoted.bench.ok(r"C:\unservice.exe")
    assert quoted.bench.registry(_SERVICES) == before


def test_file_contents(quoted_english: Quoted) -> None:
    _contents(quoted_english, ATTACKS)


def test_file_contents_on_936(quoted_chinese: Quoted) -> None:
    _contents(quoted_chinese, ATTACKS, codepage=936)


@_some
@given(_FIFTY)
def test_any_contents_of_files(quoted_english: Quoted, values: list[str]) -> None:
    _contents(quoted_english, values)


@_some
@given(_FIFTY)
def test_any_contents_of_files_on_936(quoted_chinese: Quoted, values: list[str]) -> None:
    _contents(quoted_chinese, values, codepage=936)


def _contents(quoted: Quoted, values: list[str], codepage: int = 65001) -> None:
    """What echo writes: the quoting of cmd alone. The x keeps it from seeing a switch.

    A file has the console's page; what that page has no character for is not sent.
    """
    encoding = "utf-8" if codepage == 65001 else f"cp{codepage}"
    lines = [value for value in values if quoted.fits(value) and _encodes(value, encoding)]
    path = quoted.bench.machine.drive / "lines.txt"
    try:
        for start in range(0, len(lines), 20):
            parts = (
                rf">>C:\lines.txt echo {cmd_escape(f'x{text}')}"
                for text in lines[start : start + 20]
            )
            quoted.bench.ok("&".join(parts), codepage=codepage)
        assert path.read_bytes().decode(encoding).split("\r\n")[:-1] == [
            f"x{text}" for text in lines
        ]
    finally:
        path.unlink(missing_ok=True)


def _encodes(text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding).decode(encoding) == text
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\tb", "\x00", "\ud83d"])
def test_what_no_command_line_can_hold_is_refused(value: str) -> None:
    with pytest.raises(ModuleError, match=r"U\+"):
        load("cmd").render(Exec("reg", "add", KEY, "/d", value, "/f"))


def test_wine_replaces_a_variable_behind_a_caret(english: WineBench) -> None:
    """KNOWN: cmd does not (stackoverflow.com/q/4094699, 72302344). Should Wine come to agree, the
    strings that are left out above can come in."""
    assert english.ok("echo ^%^OS^%") == "Windows_NT\n"
