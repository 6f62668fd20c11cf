"""What ``register`` sees reaches those who show it, and waits in memory for nobody else."""

from __future__ import annotations

import pytest

from runner.app.wiring.conduct import Conductor
from runner.app.wiring.options import View
from runner.events import Event, JobFinished
from runner.model.job import JobId, Outcome, Status

OUTCOME = Outcome(
    Status.CHANGED,
    "done",
    result={"stdout": "x"},
    items=(Outcome(Status.OK, item="1", result={"stdout": "y"}),),
    seconds=1.0,
)


class Listener:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def handle(self, event: Event) -> None:
        self.heard.append(event)

    def close(self) -> None:
        return None


@pytest.mark.parametrize(
    ("view", "listens", "kept"),
    [
        (View(), False, False),
        (View(verbosity=1), False, False),
        (View(verbosity=2), False, True),
        (View(json_file="-"), False, True),
        (View(), True, True),
    ],
)
def test_results_are_handed_on_where_somebody_shows_them(
    view: View, listens: bool, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor = Conductor(view, check=False, shown=False, also=[Listener()] if listens else [])
    handed: list[Event] = []
    monkeypatch.setattr(conductor._bus, "publish", handed.append)
    conductor.publish(JobFinished(JobId("s", "h"), OUTCOME, 2.0))
    conductor._bus.close()
    (event,) = handed
    assert isinstance(event, JobFinished)
    assert (event.outcome == OUTCOME) is kept
    if not kept:
        assert not event.outcome.result
        assert [item.result for item in event.outcome.items] == [{}]
        assert (event.job, event.time, event.outcome.message) == (("s", "h"), 2.0, "done")
    assert conductor.tally.counts["h"][Status.CHANGED] == 1
