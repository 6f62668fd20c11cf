"""The search for unused objects is put off while the program loads, and only in our own process."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from runner.app.wiring import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks[:] = callbacks
    gc.unfreeze()


def test_what_is_loaded_is_left_alone() -> None:
    garbage.put_off()
    assert gc.get_threshold()[0] > 100_000
    garbage.loaded()
    assert gc.get_freeze_count() > 0
    assert 700 <= gc.get_threshold()[0] < 100_000


def test_without_a_walk_it_is_loaded_when_the_first_search_is_over() -> None:
    garbage.put_off()
    gc.collect()
    assert 700 <= gc.get_threshold()[0] < 100_000
    before = gc.get_freeze_count()
    garbage.loaded()
    assert gc.get_freeze_count() == before


def test_a_process_that_is_not_ours_alone_is_left_as_it_is() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    garbage.loaded()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
