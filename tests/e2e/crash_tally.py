"""What the crash test counts, and how it shows two states that are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """What the crashes came to."""

    points: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    outlived: int = 0
    before_any_record: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    undo_in_doubt: int = 0
    resumed: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        deaths = ", ".join(f"{how} {n}" for how, n in self.deaths.most_common())
        yield f"{self.points} points, killed {self.deaths.total()} times: {deaths}"
        yield f"  before any record {self.before_any_record}, over before {self.outlived}"
        troubles = ", ".join(f"{kind} {n}" for kind, n in self.troubles.most_common())
        yield f"troubles that came to pass {self.troubles.total()}: {troubles}"
        yield f"commands in doubt after a resume: {self.in_doubt}; exit codes {dict(self.resumed)}"
        yield f"commands of undo: in doubt after a rollback: {self.undo_in_doubt}"
        yield f"wrong: {len(self.wrong)}"
        yield from self.wrong[:20]


def differences(first: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two states are not the same."""
    if isinstance(first, dict) and isinstance(found, dict):
        for name in sorted({*first, *found}):
            yield from differences(first.get(name), found.get(name), f"{path}/{name}")
    elif first != found:
        yield f"{path}: {first!r} -> {found!r}"[:300]
