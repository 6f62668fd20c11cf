"""A dry run of tasks on what earlier tasks of the same play would make: never a false 'failed'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import invoke
from tests.e2e.fleet import jobs_of

pytestmark = pytest.mark.xdist_group("check_chain")

POSIX = """
- hosts: all
  gather_facts: false
  tasks:
    - {id: folder, file: {path: PLACE/new, state: directory}}
    - {id: inside, copy: {dest: PLACE/new/a.txt, content: "one\\n"}}
    - {id: mode, file: {path: PLACE/new/a.txt, mode: '0600'}}
    - {id: line, lineinfile: {path: PLACE/new/a.txt, line: two}}
    - {id: beside, copy: {dest: PLACE/b.txt, content: "one\\n"}}
    - {id: changed, lineinfile: {path: PLACE/b.txt, line: two}}
    - {id: owned, file: {path: PLACE/b.txt, mode: '0640'}}
    - {id: missing, file: {path: PLACE/nobody-makes-this, mode: '0600'}, ignore_errors: true}
"""
OPEN = {"inside", "mode", "line", "owned"}
"""What rests on a state that only another module knows."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    inventory = {"all": {"hosts": {"here": {"ansible_connection": "local"}}}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    text = POSIX.replace("PLACE", str(tmp_path / "place"))
    (tmp_path / "play.yml").write_text(text)
    return tmp_path


def report(place: Path, *words: str) -> dict[str, str]:
    """The status of each step."""
    into = place / "report.json"
    play, inventory = str(place / "play.yml"), str(place / "inventory.json")
    invoke(["run", play, "-i", inventory, *words, "--json", str(into)])
    found: dict[str, Any] = json.loads(into.read_text())
    return {step: job["status"] for (step, _), job in jobs_of(found).items()}


def test_what_another_task_would_make_is_not_missing(place: Path) -> None:
    foreseen = report(place, "--check")
    assert list(place.joinpath("place").iterdir()) == [], "only foreseen"
    assert foreseen.pop("missing") == "failed", "what nobody would make is missing"
    assert "failed" not in foreseen.values(), foreseen
    assert {step for step, status in foreseen.items() if status == "not predictable"} <= OPEN
    assert foreseen["changed"] == "would change", "modules that share a state see it"
    done = report(place)
    assert done.pop("missing") == "failed"
    assert set(done.values()) == {"changed"}
    assert (place / "place/new/a.txt").read_text() == "one\ntwo\n"
    assert invoke(["rollback", "last"]) == 0
    assert list(place.joinpath("place").iterdir()) == []
