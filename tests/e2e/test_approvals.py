"""Who approved what: the whole way from a plan to its apply, on this machine alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.app.plan_file import read_plan, write_plan
from runner.cli.main import invoke

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - copy: {dest: DEST, content: approved}
"""


class Board:
    """A plan that is to be applied with two approvals, and people with keys."""

    def __init__(self, folder: Path) -> None:
        self.plan, self.dest = folder / "fix.plan", folder / "made"
        self._folder = folder
        self._approvers = folder / "approvers"
        self._approvers.write_text("# nobody yet\n", encoding="ascii")
        play, inventory = folder / "play.yml", folder / "hosts.ini"
        play.write_text(PLAY.replace("DEST", str(self.dest)), encoding="utf-8")
        inventory.write_text("here ansible_connection=local\n", encoding="ascii")
        assert invoke(["plan", str(play), "-i", str(inventory), "-o", str(self.plan)]) == 0

    def key(self, name: str, *, may_approve: bool = True) -> Path:
        """A new key of this person."""
        path, key = self._folder / f"{name}.key", Ed25519PrivateKey.generate()
        openssh = serialization.PrivateFormat.OpenSSH
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, openssh, serialization.NoEncryption())
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        if may_approve:
            with self._approvers.open("a", encoding="ascii") as file:
                file.write(f"{name} {public.decode()}\n")
        return path

    def approve(self, key: Path, name: str) -> int:
        """``runner approve``."""
        return invoke(["approve", str(self.plan), "--key", str(key), "--as", name])

    def apply(self) -> int:
        """``runner apply``, for which two must have approved."""
        words = ["--require-approvals", "2", "--approvers", str(self._approvers)]
        return invoke(["apply", str(self.plan), *words])


@pytest.fixture
def board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Board:
    made = Board(tmp_path)
    capsys.readouterr()
    return made


def test_two_approvals_are_two_people(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    ann, bob, eve = board.key("ann"), board.key("bob"), board.key("eve", may_approve=False)
    for key, name in ((ann, "ann"), (ann, "twice"), (eve, "eve")):
        assert board.approve(key, name) == 0
    assert board.apply() == 5
    said = capsys.readouterr().err
    assert "has 1 of 2 approvals (by ann)" in said
    assert "eve.sig: signed by somebody who is not among the approvers" in said
    assert not board.dest.exists()
    assert board.approve(bob, "bob") == 0
    assert board.apply() == 0
    assert "approved by ann, bob" in capsys.readouterr().out
    assert board.dest.read_text() == "approved"


def test_a_plan_that_was_altered_after_it_was_approved(
    board: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ann", "bob"):
        assert board.approve(board.key(name), name) == 0
    plan, _ = read_plan(board.plan)
    (job,) = plan.hosts["here"]
    smuggled = replace(job, title="smuggled")
    write_plan(board.plan, replace(plan, hosts={"here": (smuggled,)}))  # with digests that fit
    assert board.apply() == 5
    said = capsys.readouterr().err
    assert "has 0 of 2 approvals" in said
    assert said.count("the signature is not one of this plan") == 2
    write_plan(board.plan, plan)  # canonical: the same bytes again, which were approved
    assert board.apply() == 0
    assert board.dest.exists()


def test_keys_that_cannot_approve(
    board: Board, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.key").write_text("hello", encoding="ascii")
    assert board.approve(tmp_path / "bad.key", "ann") == 5
    assert "it is no key" in capsys.readouterr().err
    board.key("ann")
    assert board.apply() == 5
    assert "2 approvals cannot be had of 1 approvers" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.sig"))
