"""Every row of ``tables/``: exactly these commands, exactly that difference, exactly that undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.module import Effect
from runner.modules import load
from tests.modules.tables import CASES, ELSEWHERE, TABLES, on_windows, outcome, rows_of

FILES = sorted(path.stem for path in TABLES.glob("*.yml"))
_GIVEN = {"case", "os", "state", "parameters", "restart"}


def test_every_windows_module_has_a_table() -> None:
    assert set(on_windows()) == {*FILES, *ELSEWHERE}
    assert not set(FILES) & set(ELSEWHERE)
    for test in ELSEWHERE.values():
        assert Path(__file__).with_name(f"{test}.py").exists(), test


def test_every_case_of_the_contract_is_a_row() -> None:
    rows = {(name, row["case"]) for name in FILES for row in rows_of(name)}
    assert {(case.module, case.name) for case in CASES if case.module in FILES} == rows


@pytest.mark.parametrize("name", FILES)
def test_a_table(name: str) -> None:
    for row in rows_of(name):
        wanted: dict[str, Any] = {key: row[key] for key in row if key not in _GIVEN}
        effect = load(name).effect
        assert set(wanted) >= {
            Effect.READ: set(),
            Effect.COMMAND: {"commands"},
            Effect.STATE: {"commands", "undo"},
        }.get(effect, set()), row["case"]
        assert outcome(name, row) == wanted, row["case"]
