"""Every row of ``tables/``: exactly these commands, exactly that difference, exactly that undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.module import Effect
from runner.modules import load, names
from tests.modules.beside import WITHOUT
from tests.modules.contract.cases import LOCAL
from tests.modules.tables import CASES, TABLES, given_of, on_windows, outcome, rows_of

FILES = sorted(path.stem for path in TABLES.glob("*.yml"))


def test_every_windows_module_has_a_table() -> None:
    assert set(on_windows()) == set(FILES)
    assert all(rows_of(name) for name in FILES)


def test_any_other_module_says_why_it_has_none() -> None:
    assert set(names()) - set(FILES) == set(WITHOUT)
    folder = Path(__file__).parent
    for name in sorted(WITHOUT.keys() - LOCAL):
        why = WITHOUT[name]
        found = re.findall(r"(?:files/)?(?:test_\w+|against_\w+)", why)
        there = [folder / f"{one}.py" for one in found]
        there = [path if path.exists() else folder / "files" / path.name for path in there]
        assert there, why
        assert any(re.search(rf"\b{name}\b", path.read_text("utf-8")) for path in there), name


def test_every_case_of_the_contract_is_a_row() -> None:
    rows = {(name, row["case"]) for name in FILES for row in rows_of(name) if "answers" not in row}
    assert {(case.module, case.name) for case in CASES} == rows


@pytest.mark.parametrize("name", FILES)
def test_a_table(name: str) -> None:
    for row in rows_of(name):
        given = given_of(row)
        wanted: dict[str, Any] = {key: row[key] for key in row if key not in given}
        _is_whole(load(name).effect, wanted, row["case"])
        assert outcome(name, given) == wanted, row["case"]


def _is_whole(effect: Effect, wanted: Mapping[str, Any], case: str) -> None:
    """A row says what is sent, and what takes it back, or why nothing does."""
    if "refused" in wanted or effect is Effect.READ:
        return
    assert "commands" in wanted, case
    if effect is Effect.STATE and "fails" not in wanted:
        assert ("undo" in wanted) != ("irreversible" in wanted), case
