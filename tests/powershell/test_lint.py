"""PowerShell that we send, read by a grammar that we did not write. The lab has no PowerShell."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.interfaces.guide import GENERATIONS
from runner.modules import load
from tests.powershell import lint, texts
from tests.powershell.lint import broken, newer
from tests.powershell.texts import Text, from_playbooks, from_source

TEXTS = from_source()
RULES = [rule for rule in lint.table().rules if rule.example]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_what_is_sent_is_powershell(text: Text) -> None:
    assert not [str(found) for found in broken(text.text)]
    whole = texts.wrapped(text.text, params={"a": "x"}, chdir="C:\\", input_line=0)
    assert not [str(found) for found in broken(whole)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_the_oldest_powershell_that_gets_it_knows_it(text: Text) -> None:
    assert not [str(found) for found in newer(text.text, text.known)]


def test_playbooks_send_powershell_that_2_0_knows() -> None:
    """Those that ship say ``executable: cmd`` wherever they can: 2003 has no PowerShell."""
    wrong = {
        text.name: [str(found) for found in (*broken(text.text), *newer(text.text, text.known))]
        for text in from_playbooks()
    }
    assert not {name: found for name, found in wrong.items() if found}


def test_texts_of_playbooks_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "- hosts: all\n  tasks:\n"
        "  - {name: a, win_shell: '1 -in 2'}\n"
        "  - {name: b, win_shell: dir, args: {executable: cmd}}\n"
        "  - {block: [{name: c, ansible.windows.win_powershell: {script: 'if(', check: x}}]}\n"
        "  - {name: d, win_reboot: {test_command: exit 0}}\n"
    )
    found = [(text.name[-1], text.text) for text in from_playbooks(tmp_path)]
    assert found == [("a", "1 -in 2"), ("c", "if("), ("c", "x"), ("d", "exit 0")]


def test_every_text_of_the_source_is_found() -> None:
    names = {text.name for text in TEXTS}
    assert set(texts.LATER) <= names
    for part in ("/service_change.py:_LOG_ON", "win_powershell.py", "cmd_become.py:_REGISTER"):
        assert [name for name in names if part in name], part
    with pytest.raises(texts.NotFound, match=r"x\.py:1: made\(\)"):
        list(texts._of_file("x.py", "Script('powershell', made())"))


@pytest.mark.parametrize("name", texts.LATER)
def test_a_text_for_later_windows_belongs_to_a_module_that_says_so(name: str) -> None:
    since, module = texts.LATER[name]
    generations = GENERATIONS[GENERATIONS.index(since) :]
    guide = load(module).guide
    assert guide is not None
    assert [one for one in guide.using if one.powershell and one.since in generations]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_a_rule_finds_its_example_and_lets_the_older_way_pass(rule: lint.Rule) -> None:
    before = max((2, 0), (rule.since[0] - 1, 0))
    assert not broken(rule.example)
    assert [found for found in newer(rule.example, before) if rule.what in found.what]
    assert not newer(rule.example, rule.since)
    assert not broken(rule.instead)
    assert not newer(rule.instead, (2, 0))


@pytest.mark.parametrize(
    "text",
    ["if($x){1", "'x", '"$(1"', "f(1", "$a = 1 +", "try{1}", "if $x {1}", "foreach($a $b){}", "1}",
     "@'\nx\n  '@"],
)  # fmt: skip
def test_what_is_no_powershell_is_seen(text: str) -> None:
    assert broken(text)


def test_a_question_for_the_version_guards_what_is_newer() -> None:
    text = "if($PSVersionTable.PSVersion.Major -ge 3){$x|ConvertTo-Json}else{$y|ConvertTo-Json}"
    assert [found.what for found in newer(text, (2, 0))] == ["ConvertTo-Json: since 3.0"]
    assert not newer(text, (3, 0))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Get-Item x -NewOne", "get-item -newone: not in newer.yml"),
        ("Remove-Item x -Recurse -Stream y", "remove-item -stream: not in newer.yml"),
        ("$x=@(Get-ChildItem -LiteralPath a -Depth 2)", "get-childitem -depth: not in newer.yml"),
        ("Get-Item x -ea:Stop", "get-item -ea: not in newer.yml"),
    ],
)
def test_a_parameter_that_nobody_looked_up_is_seen(text: str, what: str) -> None:
    (found,) = newer(text, (5, 1))
    assert found.what.startswith(what)


def test_powershell_is_sent_as_a_script_and_by_no_other_way() -> None:
    """Else nobody would lint it."""
    with pytest.raises(texts.NotFound, match=r"x\.py:1: Exec"):
        list(texts._of_file("x.py", "Exec('powershell.exe', '-Command', text)"))


def test_what_nobody_looked_up_is_seen() -> None:
    found = newer("Get-Wonder; [Wonder.Land]::Go()\nfunction Own{}; Own", (5, 1))
    assert [(one.line, one.what.split(":")[0]) for one in found] == [
        (1, "Get-Wonder"), (1, "Wonder.Land"),
    ]  # fmt: skip
