"""The controller dies at random moments. ``make crash-test`` does that 300 times on 20 hosts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.crash import Crashes

POINTS = int(os.environ.get("CRASH_POINTS", "4"))
HOSTS = int(os.environ.get("CRASH_HOSTS", "4"))
SEED = int(os.environ.get("CRASH_SEED", "1"))

pytestmark = [pytest.mark.xdist_group("crash"), pytest.mark.timeout(120 + 60 * POINTS)]


def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    with Crashes(tmp_path, SEED, HOSTS) as crashes:
        for _ in range(POINTS):
            crashes.point()
    print(*crashes.tally.lines(), sep="\n")
    assert crashes.tally.wrong == []
    assert crashes.tally.points == POINTS
    assert crashes.tally.before_any_record < POINTS
