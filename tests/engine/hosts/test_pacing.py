"""At what pace a run connects: by a clock that only the test moves."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.hosts.pacing import Pace, PaceSettings
from runner.engine.stop import Stop, StopLevel
from runner.errors import Unreachable
from runner.interfaces.backoff import full_jitter


class Clock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now += seconds
        return False


def pace_of(clock: Clock, rate: float = 20, burst: int = 5, at_once: int = 3) -> Pace:
    return Pace(Stop(), PaceSettings(rate, burst, at_once), clock=clock, sleep=clock.sleep)


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    pace = pace_of(clock)
    times = []
    for _ in range(25):
        pace.admit()
        times.append(round(clock.now - 1000, 6))
    assert times[:5] == [0.0] * 5
    gaps = {round(b - a, 6) for a, b in pairwise(times[4:])}
    assert gaps == {0.05}
    assert times[-1] == pytest.approx(1.0)


def test_who_comes_late_finds_a_burst_again_but_not_more() -> None:
    clock = Clock()
    pace = pace_of(clock)
    for _ in range(10):
        pace.admit()
    clock.now += 60
    clock.slept.clear()
    waits = [pace.admit() for _ in range(7)]
    assert waits[:5] == [0.0] * 5
    assert waits[5:] == pytest.approx([0.05, 0.05])


@settings(max_examples=60, deadline=None)
@given(
    rate=st.floats(0.5, 200),
    burst=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2), max_size=60),
)
def test_in_no_span_of_time_more_than_burst_and_rate_allow(
    rate: float, burst: int, gaps: list[float]
) -> None:
    clock = Clock()
    pace = pace_of(clock, rate, burst)
    moments = []
    for gap in gaps:
        clock.now += gap
        pace.admit()
        moments.append(clock.now)
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            span = moments[last] - moments[first]
            assert last - first + 1 <= burst + rate * span + 1e-6


def test_zero_is_without_limit() -> None:
    clock = Clock()
    pace = pace_of(clock, rate=0)
    assert [pace.admit() for _ in range(500)] == [0.0] * 500
    with pace.slot(), pace.slot(), pace.slot(), pace.slot(), pace.slot():
        pass
    assert clock.slept == []


def test_a_turn_is_not_waited_for_longer_than_there_is_time() -> None:
    clock = Clock()
    pace = pace_of(clock, rate=1, burst=1)
    pace.admit()
    pace.admit()
    assert pace.admit(0.25) == 0.25


def test_so_many_logons_at_once_and_no_more() -> None:
    pace = pace_of(Clock(), at_once=3)
    inside, most = 0, 0
    lock, go = threading.Lock(), threading.Event()

    def log_on() -> None:
        nonlocal inside, most
        with pace.slot():
            with lock:
                inside += 1
                most = max(most, inside)
            go.wait(5)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=log_on) for _ in range(9)]
    for thread in threads:
        thread.start()
    while most < 3:
        pass
    go.set()
    for thread in threads:
        thread.join()
    assert most == 3


def test_who_waits_is_sent_home_when_the_run_is_stopped() -> None:
    stop = Stop()
    pace = Pace(stop, PaceSettings(rate=0.001, burst=1))
    pace.admit()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            pace.admit()
        except Unreachable as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    stop.ask(StopLevel.FINISH)
    thread.join(0.1)
    assert thread.is_alive(), "who is asked to finish goes on waiting"
    stop.ask(StopLevel.NOW)
    thread.join(5)
    assert [str(error) for error in caught] == ["not connected: the run was stopped"]


def test_the_pause_before_another_try_is_random_over_the_whole_span_and_capped() -> None:
    draw = random.Random(7).random
    spans = [max(full_jitter(attempt, 0.5, 4.0, draw) for _ in range(400)) for attempt in range(6)]
    assert spans == pytest.approx([0.5, 1.0, 2.0, 4.0, 4.0, 4.0], rel=0.05)
    lows = [min(full_jitter(attempt, 0.5, 4.0, draw) for _ in range(400)) for attempt in range(6)]
    assert all(low < 0.05 for low in lows)
    assert full_jitter(10_000, 0.5, 4.0, lambda: 1.0) == 4.0
