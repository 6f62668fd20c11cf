"""What the comparison programs share: the fleet to work on, and a pool of threads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE: Final = 600
"""Seconds to wait for an answer: where clients and far end share a busy machine, it can be long."""


@dataclass(frozen=True, slots=True)
class Work:
    """What to run: ``lines`` one after the other on every (address, port), by so many threads."""

    targets: tuple[tuple[str, int], ...]
    lines: tuple[str, ...]
    threads: int
    auth: str
    user: str
    password: str

    @classmethod
    def read(cls, path: Path) -> Work:
        """From the file that the benchmark wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "targets": tuple((a, p) for a, p in data["targets"])})


def run(visit: Callable[[Work, str, int], None]) -> None:
    """Visit every host of the file named on the command line; fail when one failed."""
    work = Work.read(Path(sys.argv[1]))
    with ThreadPoolExecutor(work.threads) as pool:
        visits = [pool.submit(visit, work, address, port) for address, port in work.targets]
    for done in visits:
        done.result()


def check(code: int, stdout: bytes) -> None:
    """Raise RuntimeError unless the command worked and printed something."""
    if code or not stdout.strip():
        raise RuntimeError(f"the command ended with {code} and printed {stdout!r}")
