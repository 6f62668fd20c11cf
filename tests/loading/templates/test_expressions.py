"""Filters, tests, lookups and loops: ``cases/expressions`` holds what each of them gives.

With the environment variable RUNNER_TEST_ANSIBLE (a folder with a ``python`` that has
ansible-core) the same cases are put to ansible-core, and whatever it says otherwise must stand in
``differences.yaml`` with the reason.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.loading.templates.templates import JinjaTemplates
from tests.loading.expression_cases import HERE, Case, cases, comparable, marked, variables

TEMPLATES = JinjaTemplates(HERE)
RAW = variables()
VARIABLES = marked(RAW)
CASES = list(cases())
# Conditions in backticks (`x`) are common in queries, and jmespath frowns at them.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated string literal syntax")
ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")


@pytest.mark.parametrize("file", sorted({case.file for case in CASES}))
def test_cases(file: str) -> None:
    problems = [case.problem(TEMPLATES, VARIABLES) for case in CASES if case.file == file]
    wrong = [problem for problem in problems if problem is not None]
    assert not wrong, "\n".join(wrong)


def test_there_are_many_cases() -> None:
    assert len(CASES) > 1500


def _answers() -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(Path(ANSIBLE) / "python"), str(HERE / "ansible_says.py"), str(HERE)],
        input=json.dumps([case.question(RAW) for case in CASES], default=str),
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _is_missing(answer: dict[str, Any], case: Case) -> bool:
    """Whether that Ansible lacks a collection, or a library that one needs."""
    error = answer.get("error", "")
    elsewhere = ("ansible.utils.", "community.general.", "json_query", "password_hash")
    loops = ("with_flattened", "with_cartesian")
    absent = ("No filter named", "No test named", "not found", "netaddr", "jmespath", "passlib")
    return any(word in error for word in (*absent, "bcrypt")) and any(
        name in case.name for name in (*elsewhere, *loops)
    )


def _expected(case: Case, difference: dict[str, Any] | None) -> tuple[bool, Any]:
    """Whether Ansible fails, and what it gives otherwise."""
    if difference is not None:
        return "ansible" not in difference, difference.get("ansible")
    return case.error is not None, case.gives


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE is not set")
def test_ansible_says_the_same() -> None:
    listed = yaml.safe_load((HERE / "differences.yaml").read_text("utf-8"))
    differences = {entry["of"]: entry for entry in listed}
    assert len(differences) == len(listed)
    assert differences.keys() <= {case.name for case in CASES}
    wrong = []
    for case, answer in zip(CASES, _answers(), strict=True):
        difference = differences.get(case.name)
        fails, value = _expected(case, difference)
        if (difference or {}).get("ansible_varies") or _is_missing(answer, case):
            continue
        agreed = "error" in answer if fails else "value" in answer
        if agreed and not fails:
            found = comparable(answer["value"], case.unordered)
            agreed = json.dumps(found) == json.dumps(comparable(value, case.unordered))
        if not agreed:
            wrong.append(f"{case.name}\n  we: {value!r}\n  ansible-core: {answer}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Ansible leaves the order of these to chance; ours is that of the first list.
        ("[3, 2, 1] | difference([2])", [3, 1]),
        ("'a' | union(['b'])", ["a", "b"]),
        ("['x', 'b', 'a'] | intersect(['a', 'b'])", ["b", "a"]),
        ("[[1], [2]] | union([[2], [3]])", [[1], [2], [3]]),
    ],
)
def test_sets_keep_the_order_of_the_first_list(expression: str, expected: object) -> None:
    assert TEMPLATES.render(f"{{{{ {expression} }}}}", {}) == expected
