"""What mates ask of the one desk: passwords, places for logons, the pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import Pipe

import pytest

from runner.app.crew.desk import Desk
from runner.app.crew.messages import Call, Go, Message, Reach, Refusal
from runner.app.crew.remote import RemoteCredentials, RemotePace
from runner.app.crew.wire import Wire
from runner.engine.hosts.access import Access
from runner.engine.hosts.pacing import PaceSettings
from runner.engine.stop import Stop
from runner.errors import AuthenticationFailed, Unreachable
from runner.interfaces.access import Credential
from runner.model.secret import Secret

LIMIT = 30
PASSWORD = Credential("winrm ntlm", "admin", Secret("wrong"))


class MateEnd:
    """A mate's end of its wire to the desk."""

    def __init__(self, desk: Desk, pace: PaceSettings) -> None:
        ours, theirs = Pipe()
        self.there = Wire(ours, self._to_desk, lambda: desk.lost(self.there), "desk", waits=False)
        self.wire = Wire(theirs, self._to_mate, lambda: None, "mate")
        self.credentials = RemoteCredentials(self.wire, Stop())
        self.pace = RemotePace(self.wire, Stop(), pace)
        self._desk = desk
        self.there.start()
        self.wire.start()

    def _to_desk(self, message: Message) -> None:
        self._desk.take(self.there, message)

    def _to_mate(self, message: Message) -> None:
        assert isinstance(message, Reach | Go | Refusal)
        self.credentials.say(message.number, message)


class Office:
    """A desk with two mates."""

    def __init__(self, pace: PaceSettings) -> None:
        self.desk = Desk(Stop(), Access(Stop(), pace), None, "", None)
        self.one, self.other = MateEnd(self.desk, pace), MateEnd(self.desk, pace)

    def close(self) -> None:
        for mate in (self.one, self.other):
            mate.wire.close()
        self.desk.close()


@pytest.fixture(name="office")
def _office() -> Iterator[Office]:
    office = Office(PaceSettings(rate=1000.0, burst=1000, at_once=2))
    yield office
    office.close()


def log_on(
    mate: MateEnd, host: str, error: Exception | None, reach: Exception | None = None
) -> str:
    """Try the password on a host that gives this answer; what is raised."""

    def reached() -> None:
        if reach is not None:
            raise reach

    try:
        with mate.credentials.trial(host, PASSWORD, lambda _: True, reach=reached):
            if error is not None:
                raise error
    except (AuthenticationFailed, Unreachable) as found:
        return found.message
    return ""


def test_a_password_that_a_host_of_one_mate_refused_is_not_tried_by_another(office: Office) -> None:
    assert log_on(office.one, "a", AuthenticationFailed("no")) == "no"
    assert "was refused by a" in log_on(office.other, "b", None)
    assert "was refused here before" in log_on(office.one, "a", None)


def test_a_password_that_worked_anywhere_is_tried_everywhere(office: Office) -> None:
    assert log_on(office.one, "a", None) == ""
    assert log_on(office.other, "b", AuthenticationFailed("no")) == "no"
    assert log_on(office.one, "c", None) == ""


def test_a_host_that_is_not_there_settles_nothing(office: Office) -> None:
    assert log_on(office.one, "a", None, Unreachable("off")) == "off"
    assert log_on(office.other, "b", Unreachable("gone")) == "gone"
    assert log_on(office.one, "c", None) == ""


def test_others_wait_for_the_answer_of_the_first_host(office: Office) -> None:
    inside, go_on = threading.Event(), threading.Event()
    found: list[str] = []

    def first() -> None:
        with office.one.credentials.trial("a", PASSWORD, lambda _: True):
            inside.set()
            assert go_on.wait(LIMIT)
            raise AuthenticationFailed("no")

    def second() -> None:
        found.append(log_on(office.other, "b", None))

    def quiet() -> None:
        with pytest.raises(AuthenticationFailed):
            first()

    threads = [threading.Thread(target=quiet), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(LIMIT)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(LIMIT)
    assert "was refused by a" in found[0]


def test_places_for_logons_are_those_of_the_whole_run(office: Office) -> None:
    with ExitStack() as held:
        held.enter_context(office.one.pace.slot())
        held.enter_context(office.other.pace.slot())
        waiting = office.one.wire.ask_for(lambda number: Call(number, "slot", ()))
        assert office.other.pace.admit() == 0.0  # the desk has seen to all that came before
        assert not waiting.done()
    waiting.result(LIMIT)


def test_what_a_mate_held_is_free_when_it_is_gone(office: Office) -> None:
    for _ in range(2):
        office.one.wire.ask_for(lambda number: Call(number, "slot", ())).result(LIMIT)
    trial = office.one.credentials.trial("a", PASSWORD, lambda _: True)
    trial.__enter__()
    office.one.wire.close()
    office.other.wire.ask_for(lambda number: Call(number, "slot", ())).result(LIMIT)
    assert log_on(office.other, "b", None) == ""


def test_turns_are_those_of_the_whole_run() -> None:
    office = Office(PaceSettings(rate=1.0, burst=1, at_once=1))
    try:
        waits = [
            mate.wire.ask_for(lambda number: Call(number, "pace", (1000.0,))).result(LIMIT)
            for mate in (office.one, office.other, office.one)
        ]
    finally:
        office.close()
    assert waits[0] == 0.0
    assert 0.0 < waits[1] <= 1.0 < waits[2] <= 2.0 or waits[1] < waits[2]
