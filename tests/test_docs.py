"""What the documentation tells people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from runner.cli.main import cli

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
RUNBOOK = ROOT / "docs" / "runbook-wannacry.md"


def commands(text: str) -> list[list[str]]:
    """The command lines of runner in a page, as words; continued lines joined."""
    lines = re.findall(r"^\$ (?:\w+=\S+ )*runner (.*)$", text.replace("\\\n", " "), re.M)
    return [shlex.split(re.split(r" [|>] ", line)[0], comments=True) for line in lines]


CASES = [
    pytest.param(words, id=f"{page.stem}{number}")
    for page in PAGES
    for number, words in enumerate(commands(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("words", CASES)
def test_a_command_of_the_documentation_is_understood(words: list[str]) -> None:
    command: click.Command = cli
    context = None
    while isinstance(command, click.Group):
        if words[0].startswith("-"):
            return
        context = context or click.Context(command)
        found = command.get_command(context, words[0])
        assert found is not None, f"no verb {words[0]}"
        command, words = found, words[1:]
    if "--help" not in words:
        command.make_context("runner", [w for w in words if w not in ("&", "&&")])


def test_both_languages_of_the_runbook_say_the_same_to_type() -> None:
    english, chinese = RUNBOOK.read_text(encoding="utf-8").split("\n---\n")
    assert commands(english)
    assert commands(english) == commands(chinese)
    tables = [re.findall(r"\|[^|]*`runner ([a-z]+)", text) for text in (english, chinese)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_playbooks_that_a_page_names_are_there(page: Path) -> None:
    for name in re.findall(r"playbooks/[\w/-]+\.(?:yml|py)", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name
