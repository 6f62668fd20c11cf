"""The steps that no host can do: asked for, kept, and waited for if somebody wants it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PLAYBOOKS, jobs_of, run_command

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
    assert "not done by hand: sensor" in said["open-recover"]


def imports(name: str) -> list[str]:
    text = (PLAYBOOKS / f"{name}.yml").read_text("utf-8")
    return re.findall(r"^- import_playbook: ([\w-]+)\.yml$", text, re.M)


def test_the_gates_stand_between_the_waves() -> None:
    waves = imports("site")
    for gate, after, before in (
        ("gate_first", "isolate", "snapshot"), ("gate_patch", "contain", "patch"),
    ):  # fmt: skip
        assert waves.index(after) < waves.index(gate) < waves.index(before)
    end = imports("site_end")
    assert end.index("verify") < end.index("gate_recover") < end.index("recover")
    both = imports("site_linux")
    assert [wave for wave in both if wave != "linux"] == waves
    assert both.index("gate_patch") < both.index("linux")


WAVE = """
- hosts: windows
  gather_facts: false
  tasks: [{id: wave, ansible.builtin.debug: {msg: goes on}}]
"""


@pytest.fixture
def wave(tmp_path: Path) -> list[str]:
    """The words of a run of one wave behind a gate, on a host that needs no connection."""
    (tmp_path / "hosts.ini").write_text("[windows]\nweb01 ansible_connection=local\n")
    gate = f"- import_playbook: {PLAYBOOKS / 'gate_patch.yml'}\n"
    (tmp_path / "site.yml").write_text(gate + WAVE)
    return [str(tmp_path / "site.yml"), "-i", str(tmp_path / "hosts.ini")]


DONE = ["update-servers", "links", "tool"]


@pytest.mark.parametrize(
    ("extra", "limit", "status", "said"),
    [
        ({}, "all", "ok", "done: nothing; NOT DONE: update-servers, links, tool"),
        ({"by_hand_ask": False}, "all", "ok", "(nobody was asked: by_hand_ask: false)"),
        ({"by_hand_done": DONE, "by_hand_strict": True}, "all", "ok", "done: update-servers"),
        ({"by_hand_done": DONE[1:], "by_hand_strict": True}, "all", "blocked", "NOT DONE: update-"),
        ({"by_hand_done": DONE, "by_hand_strict": True}, "web01", "blocked", ""),
    ],
)
def test_a_gate_keeps_what_was_said_and_holds_the_hosts_up_only_on_request(
    tmp_path: Path, wave: list[str], extra: dict[str, Any], limit: str, status: str, said: str
) -> None:
    home = {"RUNNER_HOME": str(tmp_path / "home")}
    limits = [] if limit == "all" else ["-l", limit]
    done = run_command(home, "run", *wave, *limits, "-e", json.dumps(extra), "--json", "-")
    jobs = jobs_of(done.report())
    assert jobs["wave", "web01"]["status"] == status
    if said:
        assert said in jobs["said-patch", "localhost"]["message"]
    assert done.code == (0 if status == "ok" else 2), done.err
    if status == "blocked":
        assert "not done by hand" in jobs["open-patch", "web01"]["message"]


def test_a_preview_asks_nobody_and_holds_nobody_up(tmp_path: Path, wave: list[str]) -> None:
    home = {"RUNNER_HOME": str(tmp_path / "home")}
    words = ["-e", '{"by_hand_strict": true}', "--json", "-"]
    done = run_command(home, "run", *wave, "--check", *words)
    assert jobs_of(done.report())["wave", "web01"]["status"] == "ok", done.err
