"""How the tests of lint look at a playbook."""

from __future__ import annotations

from pathlib import Path

from runner.app.lint import Findings, LintOptions, lint
from runner.app.wiring.options import VaultOptions


def look(path: Path, *extra: str, vault: VaultOptions | None = None) -> Findings:
    (found,) = lint(LintOptions((path,), extra, vault or VaultOptions()))
    return found


def write(folder: Path, text: str, name: str = "play.yml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def tasks(folder: Path, text: str, more: str = "") -> Findings:
    indented = "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))
    return look(write(folder, f"- hosts: all\n{more}  tasks:\n{indented}"))


def rules(found: Findings) -> list[str]:
    assert not found.errors, [str(error) for error in found.errors]
    assert not found.unknown
    return [f"{remark.rule}:{remark.source.line}" for remark in found.remarks]


QUIET = "changed_when: false"
