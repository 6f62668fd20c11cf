"""``runner report``: what the journal holds, in files, and nothing that it must not hold."""

from __future__ import annotations

import csv
import json
import stat
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import invoke

SECRET = "Tr0ub4dor-and-3"
PLAYBOOK = """
- name: first play
  hosts: all
  gather_facts: false
  tasks:
    - name: write the note
      copy: {dest: "{{ folder }}/note-{{ inventory_hostname }}.txt", content: "hello\\n"}
    - name: its mode
      file: {path: "{{ folder }}/note-{{ inventory_hostname }}.txt", mode: "0600"}
      when: inventory_hostname != 'b'
- name: second play
  hosts: a
  gather_facts: false
  tasks:
    - name: fails
      shell: echo out; echo '</script><b>bad luck' >&2; exit 3
      ignore_errors: "{{ ignore | default(false) }}"
"""
HIDDEN = f"""
- hosts: a
  gather_facts: false
  tasks:
    - name: hidden file
      copy: {{dest: "{{{{ folder }}}}/hidden.txt", content: "{SECRET}\\n"}}
      no_log: true
    - name: hidden loop
      shell: echo {{{{ item }}}}; exit 1
      loop: ["{SECRET}"]
      no_log: true
      ignore_errors: true
    - name: known password
      command: echo {{{{ ansible_password }}}}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of its own; the inventory's hosts are this machine."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))
    inventory = "a\nb\n[all:vars]\nansible_connection=local\nansible_password=" + SECRET + "\n"
    (tmp_path / "inventory.ini").write_text(inventory, encoding="utf-8")
    return tmp_path


def play(home: Path, text: str, *more: str, verb: str = "run") -> int:
    (home / "site.yml").write_text(text, encoding="utf-8")
    return invoke(
        [verb, str(home / "site.yml"), "-i", str(home / "inventory.ini"),
         "-e", f"folder={home}", *more]
    )  # fmt: skip


def reports(home: Path, word: str = "last") -> dict[str, str]:
    """All four reports."""
    files = {"-o": "r.html", "--json": "r.json", "--junit": "r.xml", "--csv": "r.csv"}
    arguments = [part for option, name in files.items() for part in (option, str(home / name))]
    assert invoke(["report", word, *arguments]) == 0
    return {name: (home / name).read_text("utf-8") for name in files.values()}


def embedded(page: str) -> Any:
    """The data of the page's script."""
    text = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    return json.loads(text)


def test_all_reports_of_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert play(home, PLAYBOOK) == 2
    found = reports(home)
    assert "wrote" in capsys.readouterr().out
    for name in found:
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    document = json.loads(found["r.json"])
    assert (document["schema"], document["verb"], document["finished"]) == (1, "run", True)
    assert document["counts"] == {"changed": 3, "skipped": 1, "failed": 1}
    assert [task["play"] for task in document["tasks"]] == ["first play"] * 2 + ["second play"]
    suites = ET.fromstring(found["r.xml"])
    assert (suites.get("tests"), suites.get("failures"), suites.get("skipped")) == ("5", "1", "1")
    rows = list(csv.DictReader(found["r.csv"].splitlines()))
    assert [(r["host"], r["task"], r["status"]) for r in rows][:2] == [
        ("a", "write the note", "changed"), ("b", "write the note", "changed"),
    ]  # fmt: skip
    page = found["r.html"]
    assert "Needs attention: 1 host in trouble." in page
    assert "second play" in page
    assert "<svg" in page
    assert "<b>bad luck" not in page
    data = embedded(page)
    assert len(data["jobs"]) == 5
    assert all(start >= 0 for _, _, _, start, _, _ in data["jobs"])
    assert "</script><b>bad luck" in json.dumps(data["bodies"])


def test_a_rollback_and_its_run_name_each_other(home: Path) -> None:
    assert play(home, PLAYBOOK, "-e", "ignore=true") == 0
    run = json.loads(reports(home)["r.json"])["run"]
    assert invoke(["rollback", run]) == 0
    rollback = reports(home)["r.html"]
    assert "what this rollback takes back" in rollback
    assert "Not all of it is back: 1 job cannot be taken back." in rollback
    assert run in rollback
    page = reports(home, run)["r.html"]
    assert "a rollback of this run" in page
    assert "4 changes on record, 3 taken back since." in page
    assert "nobody can know how to take back what a command did" in page


def test_nothing_of_a_hidden_task_is_shown(home: Path) -> None:
    play(home, HIDDEN)
    for name, text in reports(home).items():
        assert "hidden file" in text, name
        assert SECRET not in text, name
        assert SECRET[:8] not in text, name


def test_a_plan_and_what_came_of_it(home: Path) -> None:
    plan = home / "site.plan"
    text = """
- hosts: all
  gather_facts: false
  tasks:
    - name: write the note
      copy: {dest: "{{ folder }}/note-{{ inventory_hostname }}.txt", content: "hello\\n"}
"""
    assert play(home, text, "-o", str(plan), verb="plan") == 0
    page = reports(home, str(plan))["r.html"]
    assert "A plan: nothing has happened yet. 2 hosts would change." in page
    assert "What would change" in page
    assert "Predicted: " in page
    assert not any(start >= 0 for _, _, _, start, _, _ in embedded(page)["jobs"])
    assert invoke(["apply", str(plan)]) == 0
    applied = reports(home)["r.html"]
    assert "As planned?" in applied
    assert "jobs came as foreseen" in applied


def test_what_an_include_brought_in_stands_where_it_belongs(home: Path) -> None:
    (home / "more.yml").write_text("- name: brought in\n  command: 'true'\n", encoding="utf-8")
    text = """
- hosts: all
  gather_facts: false
  tasks:
    - include_tasks: more.yml
    - name: the end
      command: 'true'
"""
    assert play(home, text) == 0
    titles = [title for title, _, _ in embedded(reports(home)["r.html"])["steps"]]
    assert titles.index("brought in") < titles.index("the end")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to write"),
        (["-o", "FOLDER/same", "--csv", "FOLDER/same"], "to the same file"),
        (["-o", "FOLDER/none/r.html"], "there is no such folder"),
        (["--json", "FOLDER"], "this is a folder"),
    ],
)
def test_what_cannot_be_written(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert play(home, PLAYBOOK, "-e", "ignore=true") == 0
    given = [part.replace("FOLDER", str(home)) for part in arguments]
    assert invoke(["report", "last", *given]) == 5
    assert said in capsys.readouterr().err


def test_no_such_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert play(home, PLAYBOOK, "-e", "ignore=true") == 0
    assert invoke(["report", "2001", "-o", str(home / "r.html")]) == 5
    assert "no recorded run has the id '2001'" in capsys.readouterr().err
    assert not (home / "r.html").exists()
