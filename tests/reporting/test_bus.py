"""The bus keeps order, waits for nobody, and survives every subscriber."""

from __future__ import annotations

import threading

import pytest

from runner.events import Event, JobDetail, JobFinished, JobStarted, Notice
from runner.model.job import JobId, Outcome, Status
from runner.reporting.bus import EventBus

JOB = JobId("s", "h")


class Listener:
    """Remembers what it hears; ``broken_at`` is the event at which it breaks."""

    def __init__(self, broken_at: int | None = None) -> None:
        self.heard: list[Event] = []
        self.threads: set[int] = set()
        self.closed = 0
        self._broken_at = broken_at

    def handle(self, event: Event) -> None:
        """Keep the event."""
        self.threads.add(threading.get_ident())
        if len(self.heard) == self._broken_at:
            raise BrokenPipeError("\x1b[31mnobody reads")
        self.heard.append(event)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class Gate(Listener):
    """Holds up delivery until opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.entered = threading.Event()

    def handle(self, event: Event) -> None:
        """Wait, then keep the event. Who is never let on is dropped, and hears nothing."""
        self.entered.set()
        assert self.open.wait(60)
        super().handle(event)


def test_order_of_each_publisher_is_kept_and_one_thread_delivers() -> None:
    first, second = Listener(), Listener()
    bus = EventBus([first, second])

    def work(host: int) -> None:
        for number in range(200):
            bus.publish(JobStarted(JobId(str(number), str(host)), 0))

    threads = [threading.Thread(target=work, args=(host,)) for host in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bus.close()
    assert first.heard == second.heard
    assert len(first.heard) == 1600
    for host in range(8):
        steps = [
            e.job.step for e in first.heard if isinstance(e, JobStarted) and e.job.host == str(host)
        ]
        assert steps == [str(number) for number in range(200)]
    assert first.threads == second.threads
    assert len(first.threads) == 1
    assert threading.get_ident() not in first.threads
    assert first.closed == 1


def test_publish_does_not_wait_for_a_slow_subscriber() -> None:
    gate = Gate()
    bus = EventBus([gate])
    for number in range(1000):
        bus.publish(Notice(str(number), 0))
    assert gate.heard == []
    gate.open.set()
    bus.close()
    assert [e.text for e in gate.heard if isinstance(e, Notice)] == [str(n) for n in range(1000)]


def test_details_are_left_out_while_too_many_wait_but_results_never() -> None:
    gate = Gate()
    bus = EventBus([gate], most_waiting=10)
    bus.publish(Notice("first", 0))
    assert gate.entered.wait(60)
    for number in range(50):
        bus.publish(JobDetail(JOB, str(number), 0))
        bus.publish(JobFinished(JobId(str(number), "h"), Outcome(Status.OK), 0))
    gate.open.set()
    bus.close()
    results = [e for e in gate.heard if isinstance(e, JobFinished)]
    details = [e for e in gate.heard if isinstance(e, JobDetail)]
    notices = [e.text for e in gate.heard if isinstance(e, Notice)]
    assert len(results) == 50
    assert len(details) == 5
    assert notices == ["first", "45 detail lines were not shown: output was too slow"]


def test_a_broken_subscriber_is_dropped_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken, well = Listener(broken_at=1), Listener()
    with EventBus([broken, well]) as bus:
        for number in range(5):
            bus.publish(Notice(str(number), 0))
    assert len(broken.heard) == 1
    assert len(well.heard) == 5
    assert broken.closed == 1  # so that it can give the terminal back
    said = capsys.readouterr().err
    assert said == (
        "runner: the Listener report stopped: BrokenPipeError: nobody reads;"
        " the run itself is not affected\n"
    )
    assert bus.dropped == ["the Listener report stopped: BrokenPipeError: nobody reads"]


def test_close_may_be_repeated_and_ends_the_thread() -> None:
    listener = Listener()
    bus = EventBus([listener])
    bus.close()
    bus.close()
    bus.publish(Notice("too late", 0))
    assert listener.heard == []
    assert listener.closed == 1
    assert bus._thread not in threading.enumerate()
