"""The same tasks done by ansible-playbook and by us: equal files, equal ``changed`` and failure.

Runs where RUNNER_TEST_ANSIBLE names the folder of ansible-playbook. One process does all tasks.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.errors import HostError, InputError
from tests.modules.files.against_ansible import CASES, Case, Files
from tests.modules.files.hosting import Task

ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")
EVERYTHING = bool(os.environ.get("RUNNER_TEST_EVERYTHING"))
SOME = CASES if EVERYTHING else CASES[::8]
"""A case costs Ansible a second: ``make conformance`` asks all of them."""
pytestmark = [
    pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE is not set"),
    pytest.mark.xdist_group("ansible-files"),
]


def lay_out(folder: Path, files: Files) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path, _, mode = name.partition("!")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.mkdir()
        elif content.startswith("->"):
            target.symlink_to(content[2:])
        else:
            target.write_bytes(content.encode())
            target.chmod(int(mode or "644", 8))


def contents(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        known = path.lstat()
        what: Any = None
        if path.is_symlink():
            what = os.readlink(path)  # noqa: PTH115 - the text itself
        elif path.is_file():
            what = path.read_bytes()
        found[str(path.relative_to(folder))] = (oct(known.st_mode), what)
    return found


def placed(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return value.replace("{d}", str(folder))
    return value


def args(case: Case, folder: Path) -> dict[str, Any]:
    return {name: placed(value, folder) for name, value in case.args.items()}


@pytest.fixture(scope="module")
def ansible() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """What ansible-playbook left in its folders, and what each task returned."""
    with tempfile.TemporaryDirectory(prefix="runner-ansible-") as made:
        top = Path(made)
        top.chmod(0o755)
        tasks: list[dict[str, Any]] = []
        for number, case in enumerate(SOME):
            lay_out(top / case.name, case.files)
            task = {
                f"ansible.builtin.{case.module}": args(case, top / case.name),
                "register": f"r{number}",
                "ignore_errors": True,
            }
            tasks.append(task)
        names = ", ".join(f"'{case.name}': r{number}" for number, case in enumerate(SOME))
        content = "{{ {" + names + "} | to_json }}"
        tasks.append({"ansible.builtin.copy": {"content": content, "dest": f"{top}/results.json"}})
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        (top / "play.yml").write_text(json.dumps(play))
        subprocess.run(
            [f"{ANSIBLE}/ansible-playbook", "-i", "localhost,", "-c", "local", "play.yml"],
            cwd=top,
            env={
                **os.environ,
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_PYTHON_INTERPRETER": f"{ANSIBLE}/python",
            },
            check=True,
            capture_output=True,
            timeout=600,
        )
        yield top, json.loads((top / "results.json").read_text())


@pytest.mark.timeout(700)
@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_ours_does_what_ansible_does(
    case: Case, ansible: tuple[Path, Mapping[str, Any]], room: Path
) -> None:
    theirs, results = ansible
    lay_out(room / case.name, case.files)
    changed = failed = False
    said = ""
    try:
        changed = Task(case.module, args(case, room / case.name)).run().changed
    except (HostError, InputError) as error:
        failed, said = True, str(error)
    result = results[case.name]
    assert failed == result["failed"], (said, result.get("msg"))
    assert contents(room / case.name) == contents(theirs / case.name)
    if not failed:
        assert changed == result["changed"], result
