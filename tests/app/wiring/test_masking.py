"""What is said before a run shows no password."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.wiring import masking
from runner.cli.main import invoke
from runner.model.secret import Redactor


@pytest.fixture(autouse=True)
def clean() -> None:
    masking.forget()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web01 ansible_password=geheim1 x=1", "web01 ansible_password=******** x=1"),
        ("a ansible_password='two words' x=1", "a ansible_password=******** x=1"),
        ("  ansible_password: two words", "  ansible_password: ********"),
        ('  "ansible_become_pass": "geheim1", "x": 1', '  "ansible_become_pass": ********, "x": 1'),
        ("  ansible_password: '{{ vaulted }}'", "  ansible_password: '{{ vaulted }}'"),
        ("  ansible_password: !vault |", "  ansible_password: !vault |"),
        ("ansible_passwort: found text", "ansible_passwort: found text"),
        ("the variable ansible_password is missing", "the variable ansible_password is missing"),
    ],
)
def test_a_password_is_known_by_its_name(text: str, shown: str) -> None:
    assert masking.masked(text) == shown


def test_what_a_redactor_knows_is_masked_until_the_next_command() -> None:
    masking.watch(Redactor(["hunter22"]))
    assert masking.masked("it is hunter22") == "it is ********"
    masking.forget()
    assert masking.masked("it is hunter22") == "it is hunter22"


PLAY = "- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: x}}]\n"


@pytest.mark.parametrize(
    ("inventory", "play", "args"),
    [
        ("a ansible_password=Tr0ub4dor ]x\n", PLAY, ()),
        ("a: [\n", PLAY, ("-e", "ansible_password=Tr0ub4dor", "-e", "x={{ Tr0ub4dor")),
        ("a\n[all:vars\nansible_password=Tr0ub4dor\n", PLAY, ()),
        ("a ansible_password=Tr0ub4dor\n", PLAY.replace("msg: x", "masg: Tr0ub4dor"), ()),
        ("a ansible_password=Tr0ub4dor\n", PLAY.replace("hosts: all", "hosts: Tr0ub4dor"), ()),
        ("a ansible_password=Tr0ub4dor\n", PLAY, ("-l", "Tr0ub4dor")),
        ("a\n", PLAY.replace("hosts: all", "hosts: '{{ word }}'"),
         ("-e", "ansible_password=Tr0ub4dor", "-e", "word=Tr0ub4dor")),
    ],
)  # fmt: skip
def test_no_mistake_shows_a_password(
    inventory: str,
    play: str,
    args: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    (tmp_path / "h.ini").write_text(inventory)
    (tmp_path / "p.yml").write_text(play)
    words = ["run", str(tmp_path / "p.yml"), "-i", str(tmp_path / "h.ini"), "--check", *args]
    assert invoke(words) == 5
    captured = capsys.readouterr()
    assert captured.err.startswith("ERROR: ")
    assert "Tr0ub4dor" not in captured.err + captured.out
