"""Playbooks written and loaded by the tests."""

from pathlib import Path

from runner.loading.playbook.playbook import load_playbook
from runner.model.playbook import Play, Playbook, Task, tasks_in
from tests.loading.modules import MODULES


def load(folder: Path, text: str, **files: str) -> Playbook:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "play.yml").write_text(text)
    return load_playbook(folder / "play.yml", MODULES)


def play(folder: Path, text: str, **files: str) -> Play:
    (only,) = load(folder, text, **files).plays
    return only


def task(folder: Path, text: str, **files: str) -> Task:
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    (only,) = tasks(play(folder, f"- hosts: all\n  tasks:\n    -\n{indented}", **files))
    return only


def tasks(found: Play) -> list[Task]:
    return list(tasks_in(found.tasks))
