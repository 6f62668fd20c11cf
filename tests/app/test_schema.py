"""The JSON Schemas: complete, valid, and right about what the loader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.app.schema import inventory_schema, playbook_schema
from runner.app.schema_words import TYPES
from runner.cli.main import invoke
from runner.loading.text import keywords
from tests.conformance.case import read_cases

ROOT = Path(__file__).parents[2]
PLAYBOOKS = [p for p in (ROOT / "playbooks").glob("*/*.yml") if p.name != "ms17-010.yml"]
KINDS = [k for k in vars(keywords).values() if isinstance(k, keywords.Keywords)]


def validator(schema: dict[str, Any]) -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def places(schema: dict[str, Any], data: Any) -> set[str]:
    """Where the schema finds something wrong, at the deepest."""
    found: set[str] = set()
    waiting = list(validator(schema).iter_errors(data))
    while waiting:
        error = waiting.pop()
        waiting += error.context or []
        found.add("/".join(map(str, error.absolute_path)))
    return found


def test_every_keyword_has_a_type_and_no_other_word_has() -> None:
    known = frozenset().union(*(k.known for k in KINDS))
    assert known == TYPES.keys()


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda p: p.name)
def test_our_own_playbooks_are_accepted(path: Path) -> None:
    assert places(playbook_schema(), yaml.safe_load(path.read_text(encoding="utf-8"))) == set()


def test_what_the_conformance_suite_runs_is_accepted() -> None:
    schema = playbook_schema()
    checker = validator(schema)
    for case in read_cases():
        if "!unsafe" in case.play:
            continue
        wrong = [e.message for e in checker.iter_errors(yaml.safe_load(case.play))]
        assert not wrong, f"{case.id}: {wrong[:3]}"


BAD = {
    "play keyword": ("- {hosts: all, taks: []}", "0"),
    "task keyword": ("- {hosts: all, tasks: [{debug: {msg: x}, wehn: y}]}", "0/tasks/0"),
    "module": ("- {hosts: all, tasks: [{win_servce: {name: x}}]}", "0/tasks/0"),
    "parameter": ("- {hosts: all, tasks: [{debug: {mgs: x}}]}", "0/tasks/0/debug"),
    "choice": (
        "- {hosts: all, tasks: [{win_service: {name: x, state: stoped}}]}",
        "0/tasks/0/win_service/state",
    ),
    "full name": (
        "- {hosts: all, tasks: [{ansible.windows.win_service: {nam: x}}]}",
        "0/tasks/0/ansible.windows.win_service",
    ),
    "in a block": (
        "- {hosts: all, tasks: [{block: [{debug: {}, wehn: x}]}]}", "0/tasks/0/block/0",
    ),
    "strategy": ("- {hosts: all, strategy: lineer}", "0/strategy"),
    "need": ("- {hosts: all, needs: [{tsk: x}]}", "0/needs/0"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place"), BAD.values(), ids=BAD.keys())
def test_mistakes_are_found_at_their_place(text: str, place: str) -> None:
    assert place in places(playbook_schema(), yaml.safe_load(text))


INVENTORIES = [
    path
    for path in sorted((ROOT / "inventories").rglob("*.yml"))
    if not {"group_vars", "host_vars"} & {*path.parts}
    and "plugin" not in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda p: p.parent.name)
def test_our_own_inventories_are_accepted(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert places(inventory_schema(), data) == set()


def test_a_wrong_inventory_is_not() -> None:
    assert places(inventory_schema(), {"web": {"host": {"a": None}}}) == {"web"}


def test_the_verb_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["schema", "playbook"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A playbook of runner"
