"""Runs a case through runner itself and puts what came of it into the suite's words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.cli.main import invoke
from tests.conformance.case import Case, Made

_UNSEEN = frozenset({"meta", "include_role_begin"})
"""Modules that Ansible does not report."""
_NOT_TOLD = ("not notified", "nothing failed in its block", "left out", "ended by")
"""Of these jobs Ansible says nothing at all."""


def run_case(case: Case, folder: Path) -> Made:
    """What runner makes of the case."""
    case.write(folder)
    report = folder / "report.json"
    argv = ["run", "play.yml", "-i", "hosts.ini", "--json", str(report), *case.args]
    with contextlib.chdir(folder):
        code = invoke(argv)
    jobs: dict[str, list[str]] = {}
    if report.exists():
        data = json.loads(report.read_text(encoding="utf-8"))
        modules = {task["step"]: task["module"] for task in data["tasks"]}
        for job in data["jobs"]:
            for line in _lines(job, modules.get(job["step"], "")):
                jobs.setdefault(job["host"], []).append(line)
    return Made(code, jobs)


def _lines(job: Mapping[str, Any], module: str) -> Iterator[str]:
    if module in _UNSEEN or job["status"] in ("blocked", "cancelled"):
        return
    if job["status"] == "skipped" and job["message"].startswith(_NOT_TOLD):
        return
    if "once for all" in job["message"]:
        return
    word = "changed" if job["status"] == "would change" else job["status"]
    if job["ignored"]:
        word += " (ignored)"
    yield said(job["task"], word, module, job["result"])


def said(task: str, status: str, module: str, result: Mapping[str, Any]) -> str:
    """One line about one task; a debug task's message is part of it."""
    line = f"{task}: {status}"
    if module in ("debug", "ansible.builtin.debug") and status == "ok":
        values = [v for k, v in sorted(result.items()) if k not in HIDDEN and not k.startswith("_")]
        if "results" in result:
            values = [r["msg"] for r in result["results"] if "msg" in r]
        line += f" = {json.dumps(values[0] if len(values) == 1 else values, sort_keys=True)}"
    return line


HIDDEN = frozenset({"changed", "failed", "skipped", "ansible_loop_var", "item", "warnings"})
