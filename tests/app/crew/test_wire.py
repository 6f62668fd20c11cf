"""The wire between two processes, here between two threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from queue import SimpleQueue
from typing import Any

import pytest

from runner.app.crew.messages import Answer, Call, Message, Note, Refusal, Told
from runner.app.crew.wire import Wire, WireCut
from runner.errors import HostsBusy, RunnerError, Unreachable
from runner.events import JobFinished
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference

LIMIT = 30


class Ends:
    """Both ends; ``there`` answers what ``here`` asks."""

    def __init__(self) -> None:
        one, self._other = Pipe()
        self.heard: SimpleQueue[Message] = SimpleQueue()
        self.cut = threading.Event()
        self.here = Wire(one, self.heard.put, self.cut.set, "here")
        self.there = Wire(self._other, self._answer, lambda: None, "there")
        self.said: SimpleQueue[Message] = SimpleQueue()
        self.here.start()
        self.there.start()

    def _answer(self, message: Message) -> None:
        match message:
            case Call(number, "twice", (value,)):
                self.there.send(Answer(number, value * 2))
            case Call(number, "fails", (error,)):
                self.there.send(Refusal(number, error))
            case Call(_, "nothing", _):
                pass
            case _:
                self.said.put(message)

    def close(self) -> None:
        for wire in (self.here, self.there):
            wire.close()


@pytest.fixture(name="ends")
def _ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def asked(wire: Wire, service: str, *words: Any) -> Any:
    return wire.ask_for(lambda number: Call(number, service, words)).result(LIMIT)


def test_each_question_gets_its_own_answer(ends: Ends) -> None:
    found: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: asked(ends.here, "twice", n)}))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert found == {n: 2 * n for n in range(20)}


@pytest.mark.parametrize(
    "error",
    [Unreachable("nobody", hint="look", may_have_started=True), HostsBusy("taken", hint="wait")],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_is_raised_as_what_it_is(ends: Ends, error: Any) -> None:
    with pytest.raises(type(error)) as found:
        asked(ends.here, "fails", error)
    assert vars(found.value) == vars(error)


def test_what_is_posted_comes_in_order_and_before_what_is_sent(ends: Ends) -> None:
    for number in range(500):
        ends.here.post(Note("posted", (number,)))
    ends.here.send(Note("x", ()))
    found = [ends.said.get(timeout=LIMIT) for _ in range(501)]
    assert found == [*(Note("posted", (n,)) for n in range(500)), Note("x", ())]


def test_what_is_posted_comes_by_itself(ends: Ends) -> None:
    ends.here.post(Note("x", ()))
    assert ends.said.get(timeout=LIMIT) == Note("x", ())


def test_an_outcome_travels_whole(ends: Ends) -> None:
    item = Outcome(Status.OK, "one", item="1")
    outcome = Outcome(
        Status.CHANGED, "done", result={"a": [1, {"b": None}]}, items=(item,),
        differences=(Difference("state", UNKNOWN, ("x",)),), blocked_by=JobId("s", "h"),
    )  # fmt: skip
    event = JobFinished(JobId("step", "web01"), outcome, 1.5)
    ends.here.post(Told(event))
    found = ends.said.get(timeout=LIMIT)
    assert found == Told(event)
    assert isinstance(found, Told)
    assert isinstance(found.event, JobFinished)
    assert found.event.outcome.differences[0].before is UNKNOWN


def test_a_result_that_is_tied_to_its_process_travels_as_plain_data(ends: Ends) -> None:
    lock = threading.Lock()
    outcome = Outcome(Status.OK, result={"x": lock, "y": 1})
    ends.here.post(Told(JobFinished(JobId("step", "web01"), outcome, 1.5)))
    ends.here.post(Note("x", ()))
    found = ends.said.get(timeout=LIMIT)
    assert isinstance(found, Told)
    assert isinstance(found.event, JobFinished)
    assert found.event.outcome.result == {"x": repr(lock), "y": 1}
    assert ends.said.get(timeout=LIMIT) == Note("x", ())


class Odd(Exception):
    """An error that pickle takes apart and cannot make again."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def test_an_error_that_is_tied_to_its_process_is_told_by_its_words(ends: Ends) -> None:
    ends.here.post(Note("x", ()))
    ends.here.send(Refusal(0, Odd("very", "odd")))
    assert ends.said.get(timeout=LIMIT) == Note("x", ())
    found = ends.said.get(timeout=LIMIT)
    assert isinstance(found, Refusal)
    assert isinstance(found.error, RunnerError)
    assert found.error.message == "very odd"


def test_a_question_that_cannot_travel_fails_and_holds_up_no_other(ends: Ends) -> None:
    ends.here.post(Note("x", ()))
    with pytest.raises(RunnerError, match="Call cannot be told to another process"):
        asked(ends.here, "twice", threading.Lock())
    assert ends.said.get(timeout=LIMIT) == Note("x", ())
    assert asked(ends.here, "twice", 2) == 4


def test_ends_that_have_much_to_say_do_not_wait_for_each_other() -> None:
    """More than sockets hold, in both directions, said by those that read."""
    one, other = Pipe()
    much, count = "x" * 1_000_000, 8
    wires: list[Wire] = []

    def answer(number: int) -> Callable[[Message], None]:
        def deliver(message: Message) -> None:
            assert isinstance(message, Call)
            wires[number].send(Answer(message.number, much))

        return deliver

    for number, end in enumerate((one, other)):
        wires.append(Wire(end, answer(number), lambda: None, str(number), waits=number == 0))
    for wire in wires:
        wire.start()
    questions = [
        wire.ask_for(lambda number: Call(number, much, ())) for _ in range(count) for wire in wires
    ]
    assert [len(question.result(LIMIT)) for question in questions] == [len(much)] * 2 * count
    for wire in wires:
        wire.close()


def test_who_waits_when_the_other_end_goes_is_told(ends: Ends) -> None:
    waiting = ends.here.ask_for(lambda number: Call(number, "nothing", ()))
    ends.there.close()
    with pytest.raises(WireCut):
        waiting.result(LIMIT)
    assert ends.cut.wait(LIMIT)
    with pytest.raises(WireCut):
        asked(ends.here, "twice", 1)
    ends.here.post(Note("x", ()))
