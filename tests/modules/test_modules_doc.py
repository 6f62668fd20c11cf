"""The table of modules is what the code says."""

from __future__ import annotations

from runner.app.describe import describe_module
from runner.interfaces.guide import GENERATIONS
from runner.modules import names
from tests.modules.modules_doc import DOC, render


def test_the_page_is_what_the_code_says() -> None:
    fresh = render()
    assert DOC.read_text(encoding="utf-8") == fresh, "run: python -m tests.modules.modules_doc"


def test_every_module_is_on_the_page() -> None:
    page = render()
    assert all(f"`{name}`" in page for name in names())
    rows = [line for line in page.splitlines() if line.startswith("| `win_")]
    assert {line.count("|") for line in rows} == {len(GENERATIONS) + 2, 3}


def test_a_module_is_described_whole() -> None:
    text = "\n".join(describe_module("ansible.windows.win_regedit"))
    assert "path  (str, required)\n      also: key" in text
    assert "type  (str, default 'string')\n      one of: none, binary, dword" in text
    assert "It cannot give back: old data" in text
    assert "XP, 2003       native: reg\n" in text
    assert "8, 2012        native, part by PowerShell: reg; powershell (a key's" in text
    assert "Example:\n  - win_regedit:\n      path: HKLM" in text


def test_what_is_refused_is_told_with_the_reason() -> None:
    text = "\n".join(describe_module("win_find"))
    assert "follow  (Ansible's; refused here)" in text
    assert "cmd tells in no reliable way where a link leads" in " ".join(text.split())


def test_what_a_generation_lacks_is_told_with_what_to_do() -> None:
    text = "\n".join(describe_module("win_firewall_rule"))
    assert "XP, 2003       refused with the reason: win_ipsec_policy" in text
    assert "Vista, 2008    native: netsh advfirewall, reg, sc" in text


def test_free_text_is_told() -> None:
    assert "free text behind the module's name" in "\n".join(describe_module("meta"))
