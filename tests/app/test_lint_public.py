"""Playbooks in the shapes that public content for Windows has: what is unknown, and nothing else.

The head of each file says which modules are unknown, how often, and which remarks there are.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from runner.app.lint import LintOptions, lint

PUBLIC = Path(__file__).parent / "public"


def head(path: Path, word: str) -> list[str]:
    (line,) = [li for li in path.read_text("utf-8").splitlines() if li.startswith(f"# {word}:")]
    return line.removeprefix(f"# {word}:").strip().replace(", ", ",").split(",")


@pytest.mark.parametrize("path", sorted(PUBLIC.glob("*.yml")), ids=lambda path: path.stem)
def test_nothing_but_unknown_modules(path: Path) -> None:
    (found,) = lint(LintOptions((path,)))
    assert [str(error) for error in found.errors] == []
    unknown = Counter(error.name for error in found.unknown)
    assert [f"{n} {unknown[n]}" for n in sorted(unknown)] == [w for w in head(path, "unknown") if w]
    shown = [f"{r.rule}:{r.source.line}" for r in found.remarks]
    assert shown == head(path, "remarks")[0].split()
