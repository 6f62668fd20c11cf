"""Scripts that modules hand to cscript, read by Wine's Windows Script Host, which is a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.interfaces.exchange import Script
from runner.windows import download, unzip
from tests.modules.test_win_get_url import SPEC
from tests.wine.wine import WineBench

WISH = download.Wish(
    'http://h/a"b%20c', user='a"b', password="c & d", headers={"X-A": 'e"f'}, proxy="http://p:1",
    check_certificate=False,
)  # fmt: skip


def _download() -> str:
    script = download.more(download.CSCRIPT, SPEC, WISH, 60)
    assert isinstance(script, Script)
    assert script.stdin is not None
    return script.stdin


TEXTS = {"unzip": unzip._VBS, "download": _download()}


@pytest.fixture
def folder(english: WineBench) -> Iterator[str]:
    """A folder of the machine's, whose scripts go at the end."""
    english.ok(r"md C:\vbs")
    yield "C:\\vbs"
    english.ok(r"rd /s /q C:\vbs")


def _reads(bench: WineBench, text: str) -> bool:
    """The whole text is compiled before its first line runs, so that one tells whether it could
    be. Wine's cscript returns 0 for a text that is no script, and does not know //E."""
    path = bench.machine.drive / "vbs" / "a.vbs"
    path.write_bytes(f"WScript.Quit 42\r\n{text}".encode("ascii"))
    return bench.run(r"cscript //nologo C:\vbs\a.vbs").code == 42


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_sent_is_vbscript(name: str, folder: str, english: WineBench) -> None:
    text = TEXTS[name]
    assert _reads(english, text)
    assert not _reads(english, text.replace("End If", "End Of", 1))


def test_arguments_of_a_script_arrive(folder: str, english: WineBench) -> None:
    """As unzip gives it two paths."""
    path = english.machine.drive / "vbs" / "a.vbs"
    path.write_bytes(b"WScript.Echo WScript.Arguments(0)\r\nWScript.Echo WScript.Arguments(1)\r\n")
    given = english.run(r'cscript //nologo C:\vbs\a.vbs "C:\a b\x (1).zip" "C:\o & p"')
    assert (given.code, given.out) == (0, "C:\\a b\\x (1).zip\nC:\\o & p\n")


def test_delayed_start_is_refused_and_not_pretended(english: WineBench) -> None:
    """Wine's service manager knows no SERVICE_CONFIG_DELAYED_AUTO_START_INFO; ours says its 124."""
    made = english.run(r'sc create RunnerDelayed binPath= "C:\x.exe" start= delayed-auto')
    try:
        assert made.code == 124
        assert "DelayedAutostart" not in english.ok(
            r"reg query HKLM\SYSTEM\CurrentControlSet\Services\RunnerDelayed"
        )
    finally:
        english.ok("sc delete RunnerDelayed")
