"""playbooks/wannacry/by_hand.yml at a terminal: it asks, and keeps what was answered."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

from tests.e2e.fleet import PLAYBOOKS

QUESTION = re.compile(r"\(([AD0-9, ]+)\)\. Done\? \[y/N\][^\n]*$")


def at_a_terminal(words: list[str], home: Path, yes: set[str]) -> tuple[int, list[str]]:
    """The exit code, and which requirements were asked about; ``yes`` to some, enter to others."""
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *words],
        env={**os.environ, "RUNNER_HOME": str(home), "TERM": "dumb", "COLUMNS": "250"},
        stdin=other_end, stdout=other_end, stderr=other_end,
    )  # fmt: skip
    os.close(other_end)
    asked: list[str] = []
    heard = ""
    try:
        while True:
            assert select.select([terminal], [], [], 60)[0], heard
            try:
                heard += os.read(terminal, 4096).decode(errors="replace")
            except OSError:  # the other end is closed
                return process.wait(60), asked
            if found := QUESTION.search(heard):
                asked.append(found[1])
                heard = ""
                os.write(terminal, b"y\n" if found[1] in yes else b"\n")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_it_asks_and_keeps_the_answers(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("web01\n")
    report = tmp_path / "report.json"
    words = ["run", str(PLAYBOOKS / "by_hand.yml"), "-i", str(inventory), "--json", str(report)]
    words += ["-e", '{"by_hand_done": ["people"], "by_hand_strict": true}']
    code, asked = at_a_terminal(words, tmp_path / "home", yes={"D02, D11", "A32"})
    assert code == 2
    assert len(asked) == 12
    assert "D08" not in asked
    said = {job["step"]: job["message"] for job in json.loads(report.read_text())["jobs"]}
    assert said["hand-done"] == "done by hand: people, network, ransom"
    assert said["hand-open"].startswith("NOT DONE: sensor, snapshots, security-groups, links")
    assert "not done: sensor" in said["hand-all"]
