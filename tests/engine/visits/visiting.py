"""Check and run visits of a toy fleet, and a ledger that notes what was intended when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.engine.tasks.work import Work
from runner.engine.visits.check import CheckVisit
from runner.engine.visits.run import RunVisit
from runner.model.job import Status
from runner.model.state import Change
from tests.engine.toys import Fleet, ToyHost


class Book:
    """A ledger that notes, for each intent, which lines had reached the host by then."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.seen: list[tuple[str, Any, list[str]]] = []
        self.settled: list[tuple[Status, Any]] = []

    def intend(self, work: Work, change: Change[Any], irreversible: str, undo: Any = ()) -> int:
        lines = list(self.fleet.hosts[work.job.host].lines)
        self.seen.append((change.subject, change.before, lines))
        return len(self.seen)

    def settle(
        self, change: int, status: Status, found: Any, applied: Mapping[str, Any] | None
    ) -> None:
        self.settled.append((status, found))


def run(fleet: Fleet, *tasks: Any, **play: Any) -> tuple[dict[str, Any], Book]:
    book = Book(fleet)
    return fleet.walk(lambda r: RunVisit(r, book), *tasks, **play), book


def check(fleet: Fleet, *tasks: Any, **play: Any) -> dict[str, Any]:
    return fleet.walk(CheckVisit, *tasks, check=True, **play)


def writes(host: ToyHost) -> list[str]:
    return [line for line in host.lines if not line.startswith("get")]


SET = {"key": "k", "value": "new"}
