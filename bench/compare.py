"""Measures every client on every cell of a matrix, in rounds, so that noise spreads evenly."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.cases import OURS, Case, Cell
from bench.contenders import CONTENDERS, ROOT, write_files
from bench.far_end import FarEnd, Seen
from bench.measure import Failed, run
from bench.report import cell_text
from bench.results import medians

SCRATCH: Final = ROOT / "build" / "bench"
"""On a real disk: the runner's journal waits for it, and in memory it would not."""
LIMIT: Final = 1800.0
"""Seconds that one process may take."""


def compare(
    matrix: Mapping[Cell, tuple[str, ...]], rounds: int
) -> tuple[list[dict[str, Any]], bool]:
    """One row a case: what it was, its samples, their medians; and whether all could be had.

    Shows each cell as soon as it is known.
    """
    missing = {name: why for name, c in CONTENDERS.items() if (why := c.missing())}
    for name, why in missing.items():
        if any(name in clients for clients in matrix.values()):
            tell(f"left out: {name} ({why})")
    rows: list[dict[str, Any]] = []
    wanted = 0
    with FarEnd() as far_end:
        _warm_up({c for clients in matrix.values() for c in clients} - missing.keys(), far_end)
        for cell, clients in matrix.items():
            cases = [cell.of(client) for client in clients if client not in missing]
            wanted += len(cases)
            found = _measured(cell, cases, rounds, far_end)
            rows += found
            if found:
                sys.stdout.write(f"{cell_text(found)}\n\n")
                sys.stdout.flush()
    return rows, len(rows) == wanted


def sample(case: Case, far_end: FarEnd) -> dict[str, float]:
    """Measure a case once. Raises Failed when the client did not do what it should."""
    with scratch() as directory:
        targets = far_end.begin(case.hosts, case.latency_ms / 1000)
        write_files(case, targets, directory)
        cost = run(CONTENDERS[case.client].start(case, directory), directory, LIMIT)
        seen = far_end.end()
    verify(case, seen)
    return {
        "cpu_s": round(cost.cpu, 3),
        "cpu_ms_per_job": round(cost.cpu / case.jobs * 1000, 3),
        "wall_s": round(cost.wall, 3),
        "rss_mb": round(cost.rss / 1e6, 1),
        "exchanges": seen.exchanges,
        "bytes": seen.bytes_in + seen.bytes_out,
        "connections": seen.connections,
        "logons": seen.logons,
        "shells": seen.shells,
        "commands": seen.commands,
    }


def verify(case: Case, seen: Seen) -> None:
    """Raise Failed unless the far end saw the work that the client says it did."""
    # The runner puts several tasks into one command, and asks hosts for its own purposes, too.
    ours = case.client in OURS
    right = seen.commands >= case.hosts if ours else seen.commands == case.jobs
    if not right or seen.faults or seen.refused_logons:
        raise Failed(f"{case}: {case.jobs} jobs, but the far end saw {seen}")


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for one measurement."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as directory:
        yield Path(directory)


def tell(text: str) -> None:
    """Say how far it is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {text}\n")


def _warm_up(clients: set[str], far_end: FarEnd) -> None:
    """Once unmeasured, so that nobody pays for compiling Python."""
    for client in sorted(clients):
        for workload in ("command", "service", "registry"):
            sample(Case(client, 1, 1, workload=workload), far_end)


def _measured(cell: Cell, cases: list[Case], rounds: int, far_end: FarEnd) -> list[dict[str, Any]]:
    samples: dict[Case, list[dict[str, float]]] = {case: [] for case in cases}
    for number in range(rounds):
        tell(f"{cell}  round {number + 1} of {rounds}")
        for case in list(samples):
            if number and case.is_slow:
                continue
            try:
                samples[case].append(sample(case, far_end))
            except Failed as failed:  # the others go on: they may have taken an hour so far
                tell(f"left out from now on: {case}: {failed}")
                del samples[case]
    return [
        {"case": case.json(), "median": medians(found), "samples": found}
        for case, found in samples.items()
    ]
