"""What becomes of commands that travelled together when the answer is lost or late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runner.engine.fusing.deliver import Heard
from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.stop import Stop, StopLevel
from runner.errors import ConnectionLost, DeadlineExceeded, TransportError
from runner.interfaces.shell import RawOutput
from runner.model.job import Status
from tests.engine.fusing.bench import Bench, fused
from tests.engine.fusing.commanding import settled, some
from tests.engine.fusing.making import SCRIPT, statuses


# -- an answer that does not come -------------------------------------------------------------
def stopping(at: int, error: TransportError) -> Callable[[Bench], Any]:
    """A fault: of a script only the first ``at`` commands answer, and then this comes."""

    def make(bench: Bench) -> Any:
        def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
            if SCRIPT not in line:
                return done()
            whole = done()
            word = line.partition("echo k")[2].partition(".0.")[0].replace("^", "")
            opened = bench.opened
            assert opened is not None
            assert opened.listener is not None
            for stream, data in (("stdout", whole.stdout), ("stderr", whole.stderr)):
                borders = data.split(f"k{word}.".encode())
                said = f"k{word}.".encode().join(borders[: at + 2])
                # Whatever follows the last mark has come, too, as far as it goes.
                opened.listener(stream, said)  # type: ignore[arg-type]
            raise error

        return fault

    return make


LOST = ConnectionLost("the answer was lost", may_have_started=True)
LATE = DeadlineExceeded("not done in 120 s", may_have_started=True)
ENDED = DeadlineExceeded("not done in 120 s", may_have_started=True)
NEVER = ConnectionLost("nobody was there")


@pytest.mark.parametrize(
    ("at", "error", "expected"),
    [
        (0, LOST, ["in doubt"] * 4),
        (2, LOST, ["changed", "changed", "in doubt", "in doubt"]),
        (4, LOST, ["changed"] * 4),
        (1, LATE, ["changed", "in doubt", "in doubt", "in doubt"]),
        (1, ENDED, ["changed", "in doubt", "cancelled", "cancelled"]),
        (0, ENDED, ["in doubt", "cancelled", "cancelled", "cancelled"]),
    ],
)
def test_only_what_has_ended_for_sure_is_no_doubt(
    at: int, error: TransportError, expected: list[str]
) -> None:
    bench = Bench()
    bench.fault = stopping(at, error)(bench)
    played = bench.run(fused, *some("hostname", "hostname", "hostname", "hostname"))
    assert settled(played) == expected
    shown = {"cancelled": Status.BLOCKED, "in doubt": Status.IN_DOUBT, "changed": Status.CHANGED}
    assert statuses(played) == [shown[one] for one in expected]
    assert len(played.lines) == 1, "never sent again"
    doubtful = next((o for o in played.outcomes.values() if o.status is Status.IN_DOUBT), None)
    if doubtful is not None:
        assert doubtful.message == f"{error.message}: the change may or may not have happened"


def test_a_script_that_surely_never_began_leaves_no_doubt() -> None:
    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        raise NEVER

    played = Bench(fault=fault).run(fused, *some("hostname", "hostname"))
    assert statuses(played) == [Status.UNREACHABLE, Status.BLOCKED]
    assert settled(played) == ["unreachable", "cancelled"]


@pytest.mark.parametrize("end", range(0, 200, 9))
def test_an_answer_that_is_cut_is_never_taken_for_more_than_it_says(end: int) -> None:
    whole: list[int] = []

    def cut(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        found = done()
        text = found.stdout[:end]
        whole.append(len(found.stdout))
        return RawOutput(0, text, found.stderr)

    played = Bench(fault=cut).run(fused, *some(*["hostname"] * 4))
    ended = [status for status in statuses(played) if status is Status.CHANGED]
    length = whole[0]
    assert (len(ended) == 4) is (end >= length - len(b"k...end.\n") - 13)
    assert set(statuses(played)[len(ended) :]) <= {Status.IN_DOUBT}
    assert settled(played) == ["changed"] * len(ended) + ["in doubt"] * (4 - len(ended))


@pytest.mark.parametrize("level", [StopLevel.FINISH, StopLevel.NOW])
def test_what_has_ended_at_ctrl_c_is_told(level: StopLevel) -> None:
    stop = Stop()

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        found = done()
        stop.ask(level)
        return found

    played = Bench(fault=fault).run(fused, *some("hostname", "hostname", "hostname"), stop=stop)
    assert statuses(played) == [Status.CHANGED] * 3
    assert settled(played) == ["changed"] * 3


# -- time -------------------------------------------------------------------------------------
def test_each_command_has_its_own_time() -> None:
    now = [1000.0]
    heard = Heard(b"kMARK", limit=120, clock=lambda: now[0])
    steps: list[tuple[float, bytes]] = [
        (1, b"kMARK.0."), (90, b"text"), (29, b"kMA"), (0, b"RK.1."), (120, b"kMARK.2."),
        (60, b""), (60, b"more"),
    ]  # fmt: skip
    for seconds, data in steps:
        now[0] += seconds
        heard("stdout", data)
    assert [heard.seconds(n) for n in range(3)] == [119, 120, 0]
    now[0] += 0.1
    with pytest.raises(DeadlineExceeded, match="not done in 120 s") as caught:
        heard("stdout", b"")
    assert caught.value.may_have_started
    assert heard.raw.stdout == b"kMARK.0.textkMARK.1.kMARK.2.more"


def test_a_result_says_how_long_its_own_command_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heard, "seconds", lambda _self, number: 10.0 + number)
    played = Bench().run(fused, *some("hostname", "hostname"))
    assert [one.result["delta"] for one in played.outcomes.values()] == ["0:00:10", "0:00:11"]


def test_what_took_long_on_one_host_goes_alone_on_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Heard, "seconds", lambda _self, number: 30.0 if number == 1 else 0.1)
    made: list[FusedVisit] = []

    def visit(*args: Any) -> FusedVisit:
        made.append(fused(*args))
        made[-1]._fuse._commands._lengthy |= learned
        return made[-1]

    learned: set[str] = set()
    tasks = some("hostname", "hostname", "hostname", "hostname")
    assert Bench().run(visit, *tasks).book.groups == [4]
    learned = made[0]._fuse._commands._lengthy
    assert learned == {"t2"}
    assert Bench().run(visit, *tasks).book.groups == [1, 1, 2]
