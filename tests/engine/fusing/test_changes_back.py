"""The way back of changes that travelled together."""

from __future__ import annotations

import pytest

from runner.interfaces.shell import Invocation
from runner.model.job import Status
from runner.model.source import Source
from runner.model.task import Loop
from tests.engine.fusing.bench import Bench, fused, value
from tests.engine.fusing.making import KEY, held, is_script, losing, statuses, three


# -- the way back -----------------------------------------------------------------------------
def test_a_line_is_taken_back_by_a_look_a_script_and_a_look() -> None:
    bench = Bench(
        KEY, *(rf"reg add HKLM\SOFTWARE\K /v v{n} /t REG_DWORD /d 7 /f" for n in range(9))
    )
    before = bench.host.state
    there = bench.run(fused, *(value(f"v{n}", title=f"t{n}") for n in range(9)))
    back = bench.back(there, together=True)
    assert bench.host.state == before
    assert (back.exchanges, back.book.groups, set(statuses(back))) == (3, [9], {Status.CHANGED})
    assert len(back.book.back) == 9
    again = bench.back(there, together=True)
    assert (again.exchanges, set(statuses(again))) == (1, {Status.OK})


def test_what_somebody_changed_since_is_left_alone_and_the_rest_comes_back() -> None:
    bench = Bench(KEY)
    there = bench.run(fused, *three("a", "b", "c"))
    line = Invocation(r"reg add HKLM\SOFTWARE\K /v b /t REG_DWORD /d 9 /f")
    assert bench.host.link.open().run(line, timeout=10).code == 0
    back = bench.back(there, together=True)
    assert [back.outcomes[step].status for step in ("t1", "t2", "t3")] == [
        Status.CHANGED, Status.CONFLICT, Status.CHANGED,
    ]  # fmt: skip
    assert (held(back, "a"), held(back, "b"), held(back, "c")) == (None, 9, None)


def test_when_the_answer_of_a_way_back_is_lost_all_of_it_is_in_doubt() -> None:
    bench = Bench(KEY)
    there = bench.run(fused, *three("a", "b", "c"))
    bench.fault = losing(is_script, runs=True)
    back = bench.back(there, together=True)
    assert set(statuses(back)) == {Status.IN_DOUBT}
    assert [status for status, *_ in back.book.settled.values()] == ["in doubt"] * 3
    bench.fault = None
    again = bench.back(there, together=True)
    assert set(statuses(again)) == {Status.OK}
    assert held(again, "a") is None


@pytest.mark.parametrize("somebody", [False, True])
def test_the_elements_of_a_loop_are_taken_back_each_from_its_own_state(somebody: bool) -> None:
    """Between tasks that travel together, with a value of another state for each element."""
    before = [
        KEY, *(rf"reg add HKLM\SOFTWARE\K /v v{n} /t REG_DWORD /d {n + 5} /f" for n in range(2)),
    ]  # fmt: skip
    tasks = [
        value("a", title="t1"),
        value("v{{ item }}", data="{{ item }}", title="t2",
              loop=Loop("list", [0, 1, 2], Source("play.yml", 1, 1))),
        value("b", title="t3"),
        value("c", title="t4"),
    ]  # fmt: skip
    found = []
    for together in (True, False):
        bench = Bench(*before)
        was = bench.host.state
        there = bench.run(fused, *tasks)
        assert [intent.item for intent in there.book.intents if intent.job.step == "t2"] == [
            "0", "1", "2",
        ]  # fmt: skip
        if somebody:
            line = Invocation(r"reg add HKLM\SOFTWARE\K /v v1 /t REG_DWORD /d 99 /f")
            assert bench.host.link.open().run(line, timeout=10).code == 0
        back = bench.back(there, together=together)
        loop = back.outcomes["t2"]
        assert [(one.item, one.status) for one in loop.items] == [
            ("2", Status.CHANGED),
            ("1", Status.CONFLICT if somebody else Status.CHANGED),
            ("0", Status.CHANGED),
        ]
        others = {one.status for step, one in back.outcomes.items() if step != "t2"}
        assert others == {Status.CHANGED}
        assert (bench.host.state == was) is not somebody
        found.append((back.outcomes, back.book.back, back.state))
    assert found[0] == found[1]
