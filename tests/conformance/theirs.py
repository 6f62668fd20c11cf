"""What ansible-core makes of cases, in the suite's words."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.conformance.case import Case, Made
from tests.conformance.ours import said

VARIABLE = "RUNNER_TEST_ANSIBLE"
"""Names the bin directory of an environment with ansible-core."""


def available() -> bool:
    """Whether there is an ansible-core to ask."""
    return bool(os.environ.get(VARIABLE))


def run_cases(cases: Iterable[Case], folder: Path) -> dict[str, Made]:
    """What Ansible makes of each case, by its id."""
    orders = []
    for case in cases:
        case.write(folder / case.id)
        orders.append({"id": case.id, "folder": str(folder / case.id), "args": list(case.args)})
    python = Path(os.environ[VARIABLE]) / "python"
    script = Path(__file__).parent / "ansible_side.py"
    done = subprocess.run(
        [str(python), str(script), str(folder / "home")],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=1200,
        check=True,
    )
    return {key: _made(found) for key, found in json.loads(done.stdout).items()}


def _made(found: dict[str, Any]) -> Made:
    jobs: dict[str, list[str]] = {}
    for event in found["events"]:
        if event["module"].endswith("meta"):
            continue
        module = event["module"].removeprefix("ansible.builtin.")
        line = said(event["task"], event["status"], module, event["result"])
        jobs.setdefault(event["host"], []).append(line)
    return Made(found["exit"], jobs)
