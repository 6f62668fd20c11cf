"""What a person gets wrong is found before any host is contacted, with its place: exit code 5."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.cli.main import invoke
from tests.e2e.fleet import ROOT

INVENTORY = str(ROOT / "inventories" / "lab")

TWO = (
    "- hosts: all\n  tasks:\n"
    "    - {{debug: {{msg: x}}, id: one{one}}}\n"
    "    - {{debug: {{msg: y}}, id: two{two}}}\n"
)

CASES = {
    "keyword": ("- hosts: all\n  tasks:\n    - debug: {msg: x}\n      wehn: true\n",
                ":4:7:", "wehn: true", "when"),
    "module": ("- hosts: all\n  tasks:\n    - win_servce: {name: x}\n",
               ":3:7:", "win_servce", "win_service"),
    "parameter": ("- hosts: all\n  tasks:\n    - win_service: {name: x, stat: stopped}\n",
                  ":3:30:", "stat: stopped", "state"),
    "choice": ("- hosts: all\n  tasks:\n    - win_service: {name: x, state: stoped}\n",
               ":3:", "stoped", "stopped"),
    "missing": ("- hosts: all\n  tasks:\n    - win_service: {state: stopped}\n",
                ":3:", "win_service", "name"),
    "filter": ("- hosts: all\n  tasks:\n    - debug: {msg: '{{ 1 | defalt(2) }}'}\n",
               ":3:", "defalt", "default"),
    "host pattern": ("- hosts: windoze\n  tasks: []\n", ":1:", "windoze", "windows"),
    "play keyword": ("- hosts: all\n  taks: []\n", ":2:3:", "taks", "tasks"),
    "need": (
        TWO.format(one="", two=", needs: [tow]"), ":4:", "tow", "two"
    ),
    "circle": (
        TWO.format(one=", needs: [two]", two=", needs: [one]"), ":", "circle", "one@"
    ),
    "yaml": ("- hosts: all\n  tasks: [\n", ":", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_shown_with_its_place_and_the_nearest_name(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, place, line, hint = CASES[case]
    playbook = tmp_path / "play.yml"
    playbook.write_text(text)
    assert invoke(["run", str(playbook), "-i", INVENTORY]) == 5
    said = capsys.readouterr().err
    assert f"play.yml{place}" in said, said
    assert line in said
    assert hint in said


@pytest.mark.parametrize(
    "words",
    [
        ["run", "nowhere.yml", "-i", INVENTORY],
        ["run", str(ROOT / "playbooks/wannacry/contain.yml"), "-i", "nowhere"],
        ["run", str(ROOT / "playbooks/wannacry/contain.yml"), "-i", INVENTORY, "-l", ","],
        ["run", str(ROOT / "playbooks/wannacry/contain.yml"), "-i", INVENTORY, "-l", "nobody"],
        ["run", str(ROOT / "playbooks/wannacry/contain.yml")],
        ["run", "--chekc"],
        ["rnu"],
        ["rollback", "20200101-0000-none"],
        ["run", str(ROOT / "playbooks/wannacry/contain.yml"), "-i", INVENTORY, "-t", "nothing"],
    ],
)
def test_wrong_words_end_with_5_and_say_what(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RUNNER_INVENTORY", raising=False)
    assert invoke(words) == 5
    assert capsys.readouterr().err.startswith("ERROR: ")


def test_the_graph_is_shown_without_contacting_anybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playbook = str(ROOT / "playbooks/wannacry/contain.yml")
    assert invoke(["graph", playbook, "-i", INVENTORY]) == 0
    assert "Stop and disable the Server service" in capsys.readouterr().out
    picture = tmp_path / "graph.svg"
    assert invoke(["graph", playbook, "-i", INVENTORY, "-o", str(picture)]) == 0
    assert "<svg" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["example", "lab"])
def test_the_inventories_load(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["inventory", "-i", str(ROOT / "inventories" / name), "--list"]) == 0
    assert "Lab-Passw0rd" not in capsys.readouterr().out


def test_modules_are_listed_and_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["modules"]) == 0
    assert "win_service" in capsys.readouterr().out
    assert invoke(["modules", "win_service"]) == 0
    assert "start_mode" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    """A newcomer's first command answers at once."""
    code = (
        "import sys; from runner.cli.main import invoke; invoke(['--help']);"
        "heavy = {'networkx', 'winrm', 'jinja2', 'yaml', 'rich', 'pydantic', 'requests'};"
        "heavy &= set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_ten_thousand_hosts_and_twenty_tasks_compile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[all]\nweb[00001:10000].corp.example\n")
    tasks = "".join(f"    - {{name: t{i}, debug: {{msg: x}}}}\n" for i in range(20))
    playbook = tmp_path / "play.yml"
    playbook.write_text(f"- hosts: all\n  tasks:\n{tasks}")
    begun = time.monotonic()
    assert invoke(["graph", str(playbook), "-i", str(inventory)]) == 0
    assert time.monotonic() - begun < 60
    assert "10000" in capsys.readouterr().out.replace(",", "")
