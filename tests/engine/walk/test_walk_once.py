"""run_once: one host of each batch does it, the others share what became of it."""

from __future__ import annotations

import pytest

from runner.engine.stop import Stop, StopLevel
from runner.engine.walk.walk import Walk
from runner.errors import GraphError
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Order
from tests.engine.makers import block, build, inventory, need, play, task
from tests.engine.recorder import Recorder, walk

THREE = inventory("a", "b", "c")
TASKS = (task("one"), task("once", run_once=True), task("two"))


def test_the_first_host_does_it_and_the_others_follow() -> None:
    recorder = walk(build(THREE, play(*TASKS)), workers=3)
    found = recorder.ran()
    assert set(found[:3]) == {"one@a", "one@b", "one@c"}
    assert found[3] == "once@a"
    assert set(found[4:]) == {"two@a", "two@b", "two@c"}
    assert recorder.led == {JobId("once", "b"): "a", JobId("once", "c"): "a"}


@pytest.mark.parametrize(
    ("order", "failing", "leader"),
    [
        (Order.INVENTORY, ("one@a",), "b"),
        (Order.INVENTORY, ("one@a", "one@b"), "c"),
        (Order.REVERSE_INVENTORY, (), "c"),
        (Order.REVERSE_INVENTORY, ("one@c",), "b"),
    ],
)
def test_the_leader_is_the_first_that_is_well(
    order: Order, failing: tuple[str, ...], leader: str
) -> None:
    recorder = walk(build(THREE, play(*TASKS, order=order)), *failing)
    assert [job for job in recorder.ran() if job.startswith("once")] == [f"once@{leader}"]
    for job in failing:
        assert recorder.reason(job.replace("one", "once")) == job


def test_when_the_leader_fails_nobody_goes_on() -> None:
    recorder = walk(build(THREE, play(*TASKS)), "once@a")
    assert [recorder.reason(f"once@{h}") for h in "bc"] == ["once@a"] * 2
    assert [recorder.reason(f"two@{h}") for h in "abc"] == ["once@a"] * 3


def test_when_nobody_is_well_all_are_blocked_by_their_own_failure() -> None:
    recorder = walk(build(THREE, play(*TASKS)), "one@a", "one@b", "one@c")
    assert [recorder.reason(f"once@{h}") for h in "abc"] == ["one@a", "one@b", "one@c"]


def test_each_batch_has_its_own_leader() -> None:
    recorder = walk(build(THREE, play(*TASKS, serial=(2,))))
    assert [job for job in recorder.ran() if job.startswith("once")] == ["once@a", "once@c"]


def test_the_first_task_of_a_play_and_one_that_needs_nothing_wait_for_all_hosts_to_begin() -> None:
    graph = build(THREE, play(task("one"), task("once", run_once=True, needs=())))
    recorder = walk(graph)
    assert recorder.led == {JobId("once", "b"): "a", JobId("once", "c"): "a"}


def test_once_in_a_rescue_is_led_by_a_host_that_needs_it() -> None:
    entries = (block(task("body"), rescue=[task("once", run_once=True)]), task("after"))
    recorder = walk(build(THREE, play(*entries)), "body@b", "body@c")
    assert recorder.status("once@a") is Status.SKIPPED
    assert recorder.led == {JobId("once", "c"): "b"}
    assert [recorder.status(f"after@{h}") for h in "abc"] == [Status.OK] * 3


@pytest.mark.parametrize(("heard", "leader"), [("abc", "a"), ("bc", "b"), ("c", "c"), ("", None)])
def test_a_handler_is_led_by_the_first_host_that_was_notified(
    heard: str, leader: str | None
) -> None:
    class Notified(Recorder):
        def work(self, job: JobId) -> Outcome:
            wanted = job.step == "one" or job.host in heard
            return Outcome(Status.CHANGED if wanted else Status.SKIPPED)

    graph = build(THREE, play(task("one"), handlers=(task("handler", run_once=True),)))
    recorder = Notified()
    Walk(graph, recorder, 2, Stop()).run()
    changed = [
        j.host for j, s in recorder.statuses.items() if (j.step, s) == ("handler", "changed")
    ]
    if leader:
        assert changed[0] == leader
        after = "abc"["abc".index(leader) + 1 :]
        assert recorder.led == {JobId("handler", host): leader for host in after}
    else:
        assert not changed


def test_a_follower_may_come_to_another_end_than_its_leader() -> None:
    class Choosy(Recorder):
        def follow(self, step: object, host: str, leader: str, outcome: Outcome) -> Outcome:
            super().follow(step, host, leader, outcome)  # type: ignore[arg-type]
            return Outcome(Status.FAILED if host == "b" else Status.OK)

    recorder = Choosy()
    Walk(build(THREE, play(*TASKS)), recorder, 2, Stop()).run()
    assert recorder.reason("two@b") == "once@b"
    assert recorder.status("two@c") is Status.OK


def test_a_template_cannot_say_what_is_done_once() -> None:
    with pytest.raises(GraphError, match="run_once takes yes or no"):
        build(THREE, play(task("once", run_once="{{ x }}")))


def test_a_circle_over_followers_is_found() -> None:
    """One waits on a for two on b, which needs the once of b, which waits for one on a."""
    one = task("one", id="one", needs=(need("two", hosts="b"),))
    once = task("once", id="once", run_once=True, needs=(need("one"),))
    two = task("two", id="two", needs=(need("once"),))
    with pytest.raises(GraphError, match="in a circle"):
        build(THREE, play(one, once, two))


def test_a_stop_before_the_leader_begins_cancels_all() -> None:
    stop = Stop()

    class Stopping(Recorder):
        def work(self, job: JobId) -> Outcome:
            if job == JobId("one", "c"):
                stop.ask(StopLevel.FINISH)
            return super().work(job)

    recorder = Stopping()
    Walk(build(THREE, play(*TASKS)), recorder, 1, stop).run()
    assert [recorder.status(f"once@{h}") for h in "abc"] == [Status.CANCELLED] * 3
