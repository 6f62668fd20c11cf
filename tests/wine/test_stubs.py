"""Programs that Wine only pretends to have: that they are, and nobody calls one unnoticed."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.lab.wine.found import WINE
from runner.lab.wine.stubs import PARTLY, SILENT, STAND_INS, STUBS, partly_stub
from tests.wine.wine import WineBench


def _builtin(bench: WineBench, name: str) -> tuple[int, bytes, str]:
    """What Wine's own program does with a word that nothing knows, and what Wine says about it."""
    program = name.rpartition("/")[2]
    process = bench.machine.sandbox.start(
        [WINE, "C:\\windows\\system32\\" + name.replace("/", "\\"), "bogus"],
        {"WINEDEBUG": "fixme+all", "WINEDLLOVERRIDES": f"mscoree=;mshtml=;{program}=b"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, said = process.communicate(timeout=30)
    return process.returncode, output, said.decode("utf-8", "replace")


def test_wine_calls_each_of_them_a_stub(english: WineBench) -> None:
    names = [*STUBS, "tasklist.exe", "netsh.exe"]
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(names, pool.map(lambda name: _builtin(english, name), names), strict=True))
    for name, (code, output, said) in found.items():
        assert output == b"", name
        assert code in (0, 16), f"{name}: only robocopy's stub returns something, 16"
        assert "stub" in said or name in SILENT, f"{name} does not call itself a stub: {said[:300]}"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("powershell -Command 1", "a stub"),
        ("findstr x y", "a stub"),
        ("shutdown /a", "a stub"),
        ("netsh bogus", "not known to this stand-in: netsh bogus"),
        ("netsh advfirewall firewall add rule name=x interfacetype=lan", "interfacetype"),
        ("netsh advfirewall firewall delete rule name=x bogus=y", "bogus"),
        ("wmic os get Caption", "not known to this stand-in"),
        ("wmic os get Bogus /value", "no such property"),
        ("wmic qfe get HotFixID", "not known to this stand-in"),
        ("wmic process where name='x' get name /value", "not known to this stand-in"),
    ],
)
def test_calling_one_fails_and_is_noted(line: str, why: str, raw_english: WineBench) -> None:
    before = len(raw_english.not_simulated)
    result = raw_english.run(line)
    assert result.code == 9999
    assert why in result.err
    assert raw_english.not_simulated[before:] == [line]
    with pytest.raises(AssertionError, match="only stubs"):
        raw_english.no_stub_was_called(before)


def test_wmic_says_what_wines_wmi_says(english: WineBench) -> None:
    said = english.ok("wmic os get LastBootUpTime,LocalDateTime /value")
    assert re.fullmatch(
        r"\s+LastBootUpTime=\d{14}\.\d{6}[+-]\d{3}\s+LocalDateTime=\d{14}\.\d{6}[+-]\d{3}\s+", said
    )
    said = english.ok("wmic computersystem get Domain,DomainRole,PartOfDomain /value")
    assert said.split() == ["Domain=WORKGROUP", "DomainRole=0", "PartOfDomain=FALSE"]


@pytest.mark.parametrize(
    "line",
    ["NET user", "net1 accounts", "NET.EXE localgroup x", "schtasks /query",
     "wusa C:\\x.msu /quiet", "sc failure x", "echo a&net share", "<nul sc sdshow x"],
)  # fmt: skip
def test_what_a_real_program_only_pretends_is_refused(line: str, raw_english: WineBench) -> None:
    before = len(raw_english.not_simulated)
    assert raw_english.run(line).code == 9999
    assert raw_english.not_simulated[before:] == [line]


@pytest.mark.parametrize(
    "line",
    ["net start", "net stop Spooler", "sc query", "reg query HKLM\\x",
     "schtasks /create /tn x /xml y", "echo internet users", "sc config x start= auto"],
)  # fmt: skip
def test_what_is_real_is_not_refused(line: str) -> None:
    assert not partly_stub(line)


def test_every_entry_says_how_it_is_known() -> None:
    assert all(why for why in (*PARTLY.values(), *SILENT.values(), *STAND_INS.values()))
    assert not set(STAND_INS) & set(STUBS)
