"""What becomes of changes that travelled together when no answer comes, or a person stops it."""

from __future__ import annotations

from collections.abc import Callable

from runner.engine.stop import Stop, StopLevel
from runner.errors import ConnectionLost, DeadlineExceeded
from runner.interfaces.shell import RawOutput
from runner.model.job import Status
from tests.engine.fusing.bench import Bench, alone, fused, value
from tests.engine.fusing.making import KEY, is_script, losing, statuses, three


def test_when_the_answer_is_lost_each_job_is_looked_at() -> None:
    played = Bench(KEY, fault=losing(is_script, runs=True)).run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.CHANGED] * 3
    for outcome in played.outcomes.values():
        assert "the host was asked again: the change is done" in outcome.warnings[0]
    assert [change[1] for change in played.book.changes] == ["changed"] * 3


def test_what_a_look_cannot_prove_is_in_doubt() -> None:
    bench = Bench(KEY, fault=losing(is_script, runs=False))
    played = bench.run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.IN_DOUBT] * 3
    assert [change[1] for change in played.book.changes] == ["in doubt"] * 3
    assert sum(map(is_script, played.lines)) == 1, "never sent again"
    assert not any("reg add" in line for line in played.lines if not is_script(line))


def test_a_script_that_surely_never_began_leaves_no_doubt() -> None:
    bench = Bench(KEY, fault=losing(is_script, runs=False, started=False))
    played = bench.run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.UNREACHABLE, Status.BLOCKED, Status.BLOCKED]
    assert [status for status, *_ in played.book.settled.values()] == [
        "cancelled", "cancelled", "unreachable",
    ]  # fmt: skip


def test_a_host_that_is_gone_is_not_looked_for_again_for_each_job() -> None:
    bench = Bench(KEY)

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if not is_script(line):
            return done()
        bench.gone = True
        raise ConnectionLost("the answer was lost", may_have_started=True)

    bench.fault = fault
    played = bench.run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.IN_DOUBT] * 3
    assert [change[1] for change in played.book.changes] == ["in doubt"] * 3
    assert bench.connects == 2


def test_an_answer_that_is_not_whole_is_a_doubt() -> None:
    def cut(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        found = done()
        return RawOutput(0, found.stdout[:-60], found.stderr) if is_script(line) else found

    played = Bench(KEY, fault=cut).run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.CHANGED] * 3, "the host says so"


def test_when_the_look_afterwards_is_lost_each_job_is_looked_at_alone() -> None:
    seen: list[str] = []

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        seen.append(line)
        if len(seen) == 3:
            raise DeadlineExceeded("too slow", may_have_started=True)
        return done()

    played = Bench(KEY, fault=fault).run(fused, *three("a", "b", "c"))
    assert statuses(played) == [Status.CHANGED] * 3
    assert not any(outcome.warnings for outcome in played.outcomes.values())


def test_probes_that_cannot_travel_together_go_alone_from_then_on() -> None:
    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if line.count("<nul reg query") > 1:
            raise DeadlineExceeded("too slow", may_have_started=True)
        return done()

    keys = [rf"reg add HKLM\SOFTWARE\K{n} /f" for n in range(4)]
    bench = Bench(*keys, fault=fault)
    found = [value("a", f"K{n}") for n in range(4)]
    played = bench.run(fused, *found)
    single = Bench(*keys).run(alone, *found)
    assert played.outcomes == single.outcomes
    assert bench.connects == 2, "one attempt was enough to know"


# -- interrupted ------------------------------------------------------------------------------
def test_what_is_under_way_at_ctrl_c_is_finished_and_told() -> None:
    stop = Stop()

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if is_script(line):
            stop.ask(StopLevel.FINISH)
        return done()

    bench = Bench(KEY, fault=fault)
    played = bench.run(fused, *three("a", "b"), value("x", "X", title="t3"), stop=stop)
    assert statuses(played)[:2] == [Status.CHANGED, Status.CHANGED]
    assert len(played.book.settled) == len(played.book.intents)
    assert [change[1] for change in played.book.changes] == ["changed"] * len(played.book.changes)
