"""A plan is applied once, unless somebody says that it is to be applied again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.cli.main import invoke
from runner.journal import Journal

COMMAND = """
- hosts: all
  gather_facts: false
  tasks:
    - name: count
      shell: echo "{{ inventory_hostname }}" >> "{{ folder }}/count.txt"
      undo:
        - shell: echo back >> "{{ folder }}/back.txt"
    - name: a note
      copy: {dest: "{{ folder }}/note-{{ inventory_hostname }}.txt", content: "hello\\n"}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of its own; the inventory's hosts are this machine."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))
    inventory = "a\nb\n[all:vars]\nansible_connection=local\n"
    (tmp_path / "inventory.ini").write_text(inventory, encoding="utf-8")
    (tmp_path / "site.yml").write_text(COMMAND, encoding="utf-8")
    return tmp_path


def make(home: Path, name: str = "site.plan") -> str:
    plan = str(home / name)
    words = ["plan", str(home / "site.yml"), "-i", str(home / "inventory.ini"),
             "-e", f"folder={home}", "-o", plan]  # fmt: skip
    assert invoke(words) == 0
    return plan


def counted(home: Path) -> list[str]:
    return sorted((home / "count.txt").read_text("utf-8").split())


def as_if(home: Path, status: str, *, doubtful: bool = False) -> str:
    """The latest run ended so; gives its id."""
    with Journal.open(home / "state" / "journal.db") as journal:
        run = journal.runs(1)[0].id
        journal.reopen(run, os.getpid(), user="kim", why="a test")
        if doubtful:
            journal.settle(journal.changes(run)[0].id, "in doubt")
        journal.finish(run, status, 0 if status == "finished" else 2)
        return run


def test_a_second_time_is_refused_and_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make(home)
    assert invoke(["apply", plan]) == 0
    run = as_if(home, "finished")
    capsys.readouterr()
    assert invoke(["apply", plan]) == 5
    error = capsys.readouterr().err
    assert f"{plan} was applied already: run {run} of " in error
    assert "on 2 hosts (went well)" in error
    assert "plan anew: runner plan" in error
    assert "--again" in error
    assert counted(home) == ["a", "b"]
    assert invoke(["apply", plan, "--check"]) == 0
    assert f"applied already: run {run}" in capsys.readouterr().out
    assert invoke(["apply", make(home, "fresh.plan")]) == 0
    assert counted(home) == ["a", "a", "b", "b"]


def test_again_is_on_the_trail(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make(home)
    assert invoke(["apply", plan]) == 0
    assert invoke(["apply", plan, "--again"]) == 0
    assert counted(home) == ["a", "a", "b", "b"]
    capsys.readouterr()
    assert invoke(["show", "last"]) == 0
    assert "applied again" in capsys.readouterr().out
    assert invoke(["audit", "verify"]) == 0


@pytest.mark.parametrize("status", ["interrupted", "crashed"])
def test_who_was_cut_goes_on_instead(
    home: Path, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = make(home)
    assert invoke(["apply", plan]) == 0
    run = as_if(home, status)
    for more in ([], ["--again"]):
        assert invoke(["apply", plan, *more]) == 5
        assert f"go on with it: runner resume {run}" in capsys.readouterr().err
    assert counted(home) == ["a", "b"]
    assert invoke(["resume", run]) == 0
    assert counted(home) == ["a", "b"]


def test_a_change_in_doubt_is_like_a_cut(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make(home)
    assert invoke(["apply", plan]) == 0
    run = as_if(home, "failed")
    assert invoke(["apply", plan]) == 5
    assert f"do what is left: runner resume {run}" in capsys.readouterr().err
    as_if(home, "failed", doubtful=True)
    assert invoke(["apply", plan, "--again"]) == 5
    error = capsys.readouterr().err
    assert "(failed, in doubt: 1)" in error
    assert f"go on with it: runner resume {run}" in error


def test_what_was_taken_back_may_be_done_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = make(home)
    assert invoke(["apply", plan]) == 0
    run = as_if(home, "interrupted")
    assert invoke(["rollback", run]) == 0
    capsys.readouterr()
    assert invoke(["apply", plan]) == 5
    assert "taken back since" in capsys.readouterr().err
    assert invoke(["apply", plan, "--again"]) == 0
    assert counted(home) == ["a", "a", "b", "b"]


def test_hosts_that_were_left_out_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make(home)
    (home / "note-b.txt").write_text("not as planned\n", encoding="utf-8")
    assert invoke(["apply", plan, "--skip-drifted"]) == 3
    assert counted(home) == ["a"]
    capsys.readouterr()
    assert invoke(["apply", plan, "--skip-drifted"]) == 5
    error = capsys.readouterr().err
    assert "Not part of that run: b" in error
    assert "runner plan -l b" in error
    assert counted(home) == ["a"]


def test_two_at_the_same_time_are_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one applies it while this one looks at the hosts."""
    from runner.app import apply

    plan, look = make(home), apply.look
    seen: list[int] = []

    def slowly(found: apply.Ready) -> apply.Looked:
        looked = look(found)
        if not seen:
            seen.append(0)
            assert invoke(["apply", plan]) == 0
        return looked

    monkeypatch.setattr(apply, "look", slowly)
    assert invoke(["apply", plan]) == 5
    assert counted(home) == ["a", "b"]
