"""The controller dies at random moments, and the network makes trouble meanwhile.

``make crash-test`` does that 300 times on 20 hosts, with troubles that take their time, too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.crash import Crashes

LONG = "CRASH_POINTS" in os.environ
POINTS = int(os.environ.get("CRASH_POINTS", "40"))
HOSTS = int(os.environ.get("CRASH_HOSTS", "2"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
TASKS = int(os.environ.get("CRASH_TASKS", "7" if LONG else "1"))

pytestmark = [pytest.mark.xdist_group("crash"), pytest.mark.timeout(240 + 60 * POINTS)]


def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    with Crashes(tmp_path, SEED, HOSTS, tasks=TASKS, slow=LONG) as crashes:
        for number in range(1, POINTS + 1):
            crashes.point()
            if LONG and number % 5 == 0:
                print(f"{number} points, wrong: {crashes.tally.wrong}", flush=True)
    tally = crashes.tally
    print(f"seed {SEED}, {HOSTS} hosts", *tally.lines(), sep="\n")
    assert tally.wrong == []
    assert tally.points == POINTS
    assert tally.deaths or POINTS < 10, "nobody ever died"
    assert tally.before_any_record < POINTS
