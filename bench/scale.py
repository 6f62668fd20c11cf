"""How time and memory of one controller grow with the fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.cases import RUNNER, Case
from bench.compare import LIMIT, scratch, tell, verify
from bench.contenders import CONTENDERS, Start, write_files
from bench.far_end import FarEnd
from bench.measure import run
from bench.results import medians


def scale(
    fleets: Sequence[int], tasks: int, rounds: int, forks: int | None, endpoints: int
) -> list[dict[str, Any]]:
    """One row a fleet. ``forks`` None is the runner's own choice."""
    rows: list[dict[str, Any]] = []
    with FarEnd(endpoints) as far_end:
        _sample(Case(RUNNER, 1, tasks), forks, far_end)
        for hosts in fleets:
            samples = []
            for number in range(rounds):
                tell(f"{hosts:,} hosts, {tasks} tasks  round {number + 1} of {rounds}")
                samples.append(_sample(Case(RUNNER, hosts, tasks), forks, far_end))
            row: dict[str, Any] = {"hosts": hosts, "tasks": tasks, "forks": forks}
            row |= {"median": medians(samples), "samples": samples}
            rows.append(row | {"kb_per_host": _growth(rows, row)})
    return rows


def _sample(case: Case, forks: int | None, far_end: FarEnd) -> dict[str, float]:
    with scratch() as directory:
        write_files(case, far_end.begin(case.hosts, 0), directory)
        start = CONTENDERS[RUNNER].start(case, directory)
        cost = run(_with_forks(start, forks), directory, LIMIT)
        seen = far_end.end()
        journal = _size(directory / "home")
    verify(case, seen)
    return {
        "cpu_s": round(cost.cpu, 2),
        "cpu_ms_per_job": round(cost.cpu / case.jobs * 1000, 3),
        "wall_s": round(cost.wall, 2),
        "rss_mb": round(cost.rss / 1e6, 1),
        "journal_mb": round(journal / 1e6, 2),
        "exchanges": seen.exchanges,
        "connections": seen.connections,
    }


def _with_forks(start: Start, forks: int | None) -> Start:
    return start if forks is None else replace(start, argv=[*start.argv, "--forks", str(forks)])


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("journal.db*"))


def _growth(before: Sequence[dict[str, Any]], row: dict[str, Any]) -> float | None:
    """Kilobytes of memory that one more host took, against the fleet measured before."""
    if not before or row["hosts"] == before[-1]["hosts"]:
        return None
    more = float(row["median"]["rss_mb"]) - float(before[-1]["median"]["rss_mb"])
    return round(more * 1000 / (int(row["hosts"]) - int(before[-1]["hosts"])), 2)
