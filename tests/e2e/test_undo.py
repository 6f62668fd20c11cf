"""``undo:``: what no module can take back goes back in the user's words; and changes that were
made as another user, or with an environment, go back the same way. On this machine itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.cli.main import invoke
from tests.e2e.forked import started

INVENTORY = "here ansible_connection=local\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    (tmp_path / "hosts.ini").write_text(INVENTORY)
    return tmp_path


def play(place: Path, tasks: str, *options: str) -> int:
    book = place / "play.yml"
    book.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    return invoke(["run", str(book), "-i", str(place / "hosts.ini"), *options])


TASKS = """
    - name: make it
      command: cp {place}/from {place}/made
      undo:
        - name: keep what it was
          command: cp {place}/made {place}/kept
        - name: and remove it
          command: rm {place}/made
          when: wanted | default(true)
"""


def test_a_command_goes_back_by_its_undo(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "from").write_text("content")
    tasks = TASKS.format(place=place)
    assert play(place, tasks, "--check") == 0
    assert "cannot be taken back" not in capsys.readouterr().out
    assert play(place, tasks) == 0
    (place / "play.yml").unlink()  # the journal alone must do
    assert invoke(["rollback", "last", "--check", "-v"]) == 0
    assert f"rm {place}/made" in capsys.readouterr().out
    assert (place / "made").exists()
    assert invoke(["rollback", "last"]) == 0
    assert not (place / "made").exists()
    assert (place / "kept").read_text() == "content"


def test_what_is_back_is_not_taken_back_again(place: Path) -> None:
    (place / "from").write_text("content")
    play(place, TASKS.format(place=place))
    assert invoke(["rollback", "last"]) == 0
    (place / "kept").unlink()
    assert invoke(["rollback", "last"]) in (0, 5)  # there is no run left to take back
    assert not (place / "kept").exists()


def test_conditions_of_undo_are_settled_by_the_run(place: Path) -> None:
    (place / "from").write_text("content")
    assert play(place, TASKS.format(place=place), "-e", '{"wanted": false}') == 0
    assert invoke(["rollback", "last"]) == 0
    assert (place / "made").exists()
    assert (place / "kept").exists()


def test_an_undo_that_fails_says_so_and_can_be_tried_again(place: Path) -> None:
    (place / "from").write_text("content")
    tasks = f"""
    - command: cp {place}/from {place}/made
      undo: [{{command: rm {place}/nothing}}]
"""
    assert play(place, tasks) == 0
    assert invoke(["rollback", "last"]) == 2
    (place / "nothing").write_text("")
    last_run = invoke(["runs"])
    assert last_run == 0
    assert invoke(["rollback", "last"]) == 0
    assert not (place / "nothing").exists()


def test_a_wrong_undo_is_found_before_the_change_is_made(place: Path) -> None:
    tasks = f"""
    - command: touch {place}/made
      undo: [{{debug: {{msg: x}}}}]
"""
    assert play(place, tasks) == 2
    assert not (place / "made").exists()


LOST = """
    - name: make it
      command: touch {place}/made
      undo:
        - name: say one
          shell: echo one >> {place}/log
        - name: say two
          shell: |
            echo two >> {place}/log
            if [ -e {place}/armed ]; then
              rm {place}/armed
              until [ -s {place}/pid ]; do sleep 0.1; done
              kill -9 $(cat {place}/pid)
            fi
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rollback", "last", "--retry-in-doubt"], ["one", "two", "two"]),
        (["rollback", "last", "--mark-done"], ["one", "two"]),
        (["resume", "last", "--mark-done"], ["one", "two"]),
    ],
)
def test_a_command_of_undo_never_runs_twice_without_being_told_to(
    place: Path, words: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The controller is killed while the second one runs."""
    log, pid = place / "log", place / "pid"
    assert play(place, LOST.format(place=place)) == 0
    (place / "armed").touch()
    with started({**os.environ, "RUNNER_HOME": str(place / "home")}) as start:
        killed = start("rollback", "last")
        (place / "new").write_text(str(killed.pid))
        (place / "new").rename(pid)
        done = killed.wait()
    assert done is not None
    assert done.code == -9, done.out + done.err
    assert log.read_text().split() == ["one", "two"]
    for again in (["rollback", "last", "--check"], ["rollback", "last"], ["resume", "last"]):
        capsys.readouterr()
        assert invoke(again) == 2, again
        assert "--retry-in-doubt or --mark-done" in capsys.readouterr().out
    assert log.read_text().split() == ["one", "two"]
    assert invoke(words) == 0
    assert log.read_text().split() == said
    assert invoke(["audit", "verify"]) == 0


def test_what_failed_and_was_done_again_has_one_way_back(place: Path) -> None:
    tasks = f"""
    - name: make it
      command: cp {place}/from {place}/made
      undo: [{{shell: "echo back >> {place}/log"}}]
"""
    assert play(place, tasks) == 2
    (place / "from").touch()
    assert invoke(["resume", "last"]) == 0
    assert invoke(["rollback", "last"]) == 0
    assert (place / "log").read_text().split() == ["back"]
    assert invoke(["runs"]) == 0
