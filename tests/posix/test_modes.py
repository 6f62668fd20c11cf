"""Modes: what chmod(1) of this machine makes of them, and what is refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.posix import modes

_CLAUSES = ("u+x", "g-w", "o=", "a=rX", "u=rwx,g=rx,o=", "g=u", "o=g-w", "u+s,g+s", "+t", "ug+rw",
            "a+X", "o+t", "u=rw,u+x", "go-rwx", "g=rws", "0644", "4755", "7")  # fmt: skip


@pytest.mark.parametrize("clause", _CLAUSES)
@pytest.mark.parametrize("start", [0o000, 0o644, 0o755, 0o4711, 0o7777, 0o421])
def test_a_file_gets_what_chmod_gives(clause: str, start: int, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch()
    file.chmod(start)
    umask = os.umask(0)
    os.umask(umask)
    subprocess.run(["chmod", clause, str(file)], check=True)
    found = file.stat().st_mode & 0o7777
    ours = modes.parse(clause).of(start, is_folder=False, umask=umask)
    if "t" in clause and not clause.startswith("o"):
        found &= ~0o1000  # Ansible has the sticky bit for others alone
        ours &= ~0o1000
    assert oct(ours) == oct(found)


def test_a_letter_that_asks_what_it_is() -> None:
    mode = modes.parse("a=rX")
    assert mode.of(0o600, is_folder=False, umask=0) == 0o444
    assert mode.of(0o700, is_folder=False, umask=0) == 0o555
    assert mode.of(0o600, is_folder=True, umask=0) == 0o555


def test_without_a_who_the_umask_counts() -> None:
    assert modes.parse("+rw").of(0, is_folder=False, umask=0o027) == 0o640


@pytest.mark.parametrize(
    ("value", "mode"),
    [("0644", 0o644), ("644", 0o644), ("0o644", 0o644), (0o644, 0o644), (384, 384)],
)
def test_numbers(value: object, mode: int) -> None:
    assert modes.parse(value).fixed == mode


@pytest.mark.parametrize("value", [644, 755, 600, -1, 10000, "99", "u+q", "", "ua+x", True, 1.5])
def test_what_nobody_means(value: object) -> None:
    with pytest.raises(ValueError):
        modes.parse(value)
