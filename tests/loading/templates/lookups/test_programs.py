"""Lookups that run programs on the controller, and passwords that it keeps."""

import threading
import time
from pathlib import Path

import pytest

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.lookups import programs
from runner.loading.templates.templates import JinjaTemplates
from tests.loading.templates.lookups.giving import DRY, TEMPLATES, give, tree


# -- programs ---------------------------------------------------------------------------------
def test_pipe_and_lines_run_in_the_folder_of_the_playbook(tmp_path: Path) -> None:
    tree(tmp_path, "a", "b")
    templates = JinjaTemplates(tmp_path)
    assert give("lookup('pipe', 'ls; echo')", templates) == "a\nb"
    assert give("query('lines', 'ls', 'echo c')", templates) == ["a", "b", "c"]
    assert give("lookup('pipe', 'echo {{ word }}')", templates, word="hi") == "hi"
    assert give("lookup('pipe', 'cat')", templates) == ""  # nobody answers on standard input


def test_what_a_program_prints_is_data() -> None:
    braces = "printf '\\173\\173 {} \\175\\175'"
    assert give("lookup('pipe', cmd)", cmd=braces.format("1 + 1")) == "{{ 1 + 1 }}"
    nested = {"x": "{{ lookup('pipe', cmd) }}", "cmd": braces.format("nobody")}
    assert TEMPLATES.render("{{ x }}!", nested) == "{{ nobody }}!"


@pytest.mark.parametrize("name", ["pipe", "lines"])
def test_no_program_runs_in_a_dry_run(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "ran"
    with pytest.raises(DependsOnUnknown, match="a program on the controller"):
        give(f"lookup('{name}', 'touch {marker}', errors='ignore')", TEMPLATES, **DRY)
    assert not marker.exists()
    give(f"lookup('{name}', 'touch {marker}')", ansible_check_mode=False)
    assert marker.exists()


def test_a_program_that_fails_or_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TemplateError, match="ended with exit code 3"):
        give("lookup('pipe', 'exit 3')")
    assert give("lookup('pipe', 'exit 3', errors='ignore')") is None
    monkeypatch.setattr(programs, "SECONDS", 0.3)
    monkeypatch.setattr(programs, "LARGEST", 100_000)
    begun = time.monotonic()
    with pytest.raises(TemplateError, match=r"takes more than 0\.3 seconds"):
        give("lookup('pipe', 'sleep 20 & sleep 20')")
    with pytest.raises(TemplateError, match="prints more than 100,000 bytes"):
        give("lookup('pipe', 'yes')")
    assert time.monotonic() - begun < 5


# -- passwords --------------------------------------------------------------------------------
def test_a_password_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    expression = "lookup('password', 'deep/pw length=12 chars=digits,ascii_lowercase')"
    first = give(expression, templates)
    assert len(first) == 12
    assert give(expression, templates) == first
    stored = tmp_path / "deep" / "pw"
    assert stored.read_text() == f"{first}\n"
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert first in templates.secrets_seen


def test_a_password_in_a_hash_keeps_its_salt(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    hashed = give("lookup('password', 'pw', encrypt='md5_crypt')", templates)
    assert hashed.startswith("$1$")
    assert give("lookup('password', 'pw', encrypt='md5_crypt')", templates) == hashed
    assert " salt=" in (tmp_path / "pw").read_text()
    assert give("lookup('password', 'pw')", templates) == (tmp_path / "pw").read_text()[:20]


def test_a_dry_run_makes_no_password(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    with pytest.raises(DependsOnUnknown, match="the password that the real run keeps"):
        give("lookup('password', 'pw')", templates, **DRY)
    assert not list(tmp_path.iterdir())
    (tmp_path / "pw").write_text("known\n")
    assert give("lookup('password', 'pw')", templates, **DRY) == "known"
    assert len(give("lookup('password', '/dev/null')", templates, **DRY)) == 20
    with pytest.raises(DependsOnUnknown, match="the salt"):
        give("lookup('password', 'pw encrypt=sha512_crypt')", templates, **DRY)


def test_many_threads_get_one_password(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(give("lookup('password', 'pw')", templates)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_lines_of_programs_are_not_run_in_a_dry_run(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    assert templates.loop_items("lines", "echo a; echo b", {}) == ["a", "b"]
    with pytest.raises(DependsOnUnknown):
        templates.loop_items("lines", f"touch {tmp_path}/ran", DRY)
    assert not (tmp_path / "ran").exists()
