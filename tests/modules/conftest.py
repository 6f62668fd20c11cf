"""Time runs fast here: nobody learns anything from a lab machine that goes down slowly."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from runner.lab.machine import Machine

_FASTER = 0.02


@pytest.fixture(autouse=True)
def _fast_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Machine._start_timer

    def timer(seconds: float, work: Callable[[], None]) -> threading.Timer:
        return usual(seconds * _FASTER, work)

    monkeypatch.setattr(Machine, "_start_timer", staticmethod(timer))
