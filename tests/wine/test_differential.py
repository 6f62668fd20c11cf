"""The lab and Wine agree about command lines, or a table says who is right, with its source."""

from __future__ import annotations

import pytest

from tests.wine.differential import Case, cases, exceptions, on_lab, on_wine
from tests.wine.wine import WineBench


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name.replace(" ", "-"))
def test_the_lab_and_wine_agree(case: Case, english: WineBench) -> None:
    lab, lab_left = on_lab(case)
    wine, wine_left = on_wine(english, case)
    known = exceptions()
    wrong = []
    lines = [step.line for step in case.steps]
    for line, ours, theirs in zip(
        [*lines, "end"], [*lab, lab_left], [*wine, wine_left], strict=True
    ):
        listed = (case.name, line) in known
        if ours != theirs and not listed:
            wrong.append(f"{line}\n    lab:  {ours!r}\n    wine: {theirs!r}")
        if ours == theirs and listed:
            wrong.append(f"{line}\n    agrees now; take it out of differences.yml")
    assert not wrong, "\n".join(["", *wrong])


def test_every_exception_is_about_a_line() -> None:
    lines = {(case.name, step.line) for case in cases() for step in case.steps}
    lines |= {(case.name, "end") for case in cases()}
    assert exceptions().keys() <= lines
    assert all(entry["because"].strip() for entry in exceptions().values())
