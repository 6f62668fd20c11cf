"""What travels together, what does not, and what becomes of it when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.engine.stop import Stop, StopLevel
from runner.engine.tasks.preparing import Preparing
from runner.engine.tasks.work import Turn, Work
from runner.errors import ConnectionLost, DeadlineExceeded
from runner.events import Notice
from runner.interfaces.shell import Invocation, RawOutput
from runner.model.job import Status
from runner.model.source import Source
from runner.model.task import Loop
from tests.engine.fusing.bench import Bench, Played, alone, fused, preview, task, value
from tests.engine.makers import block

KEY = r"reg add HKLM\SOFTWARE\K /f"
SCRIPT = "if defined g"


def three(*names: str, **fields: Any) -> list[Any]:
    return [value(name, title=f"t{n}", **fields) for n, name in enumerate(names, start=1)]


def held(played: Played, name: str, key: str = "K") -> Any:
    """What a value of the machine holds; None when it is not there."""
    found = played.state["registry"]
    at = next(path for path in found if path.casefold().endswith(rf"\software\{key}".casefold()))
    return found[at].get(name, [None])[-1]


def statuses(played: Played) -> list[Status]:
    return [outcome.status for outcome in played.outcomes.values()]


def test_a_host_that_is_as_it_should_be_costs_one_exchange() -> None:
    bench = Bench(*(rf"reg add HKLM\SOFTWARE\K /v v{n} /t REG_DWORD /d 1 /f" for n in range(20)))
    played = bench.run(fused, *(value(f"v{n}") for n in range(20)))
    assert (played.exchanges, set(statuses(played))) == (1, {Status.OK})


def test_a_line_of_changes_costs_a_look_a_script_and_a_look() -> None:
    played = Bench(KEY).run(fused, *(value(f"v{n}") for n in range(20)))
    assert (played.exchanges, set(statuses(played))) == (3, {Status.CHANGED})
    assert played.book.groups == [20]


@pytest.mark.parametrize(("data", "rendered"), [(1, 9), ("{{ 1 }}", 17)])
def test_what_holds_no_template_is_rendered_once(
    data: Any, rendered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    whole = Preparing.work

    def work(self: Preparing, turn: Turn, *args: Any) -> Work:
        made.append(turn.job.step)
        return whole(self, turn, *args)

    monkeypatch.setattr(Preparing, "work", work)
    bench = Bench(*(rf"reg add HKLM\SOFTWARE\K /v v{n} /t REG_DWORD /d 1 /f" for n in range(9)))
    played = bench.run(fused, *(value(f"v{n}", data=data) for n in range(9)))
    assert set(statuses(played)) == {Status.OK}
    assert len(made) == rendered


def test_a_preview_asks_once() -> None:
    played = Bench(KEY).run(preview, *(value(f"v{n}") for n in range(20)))
    assert (played.exchanges, set(statuses(played))) == (1, {Status.WOULD_CHANGE})


def test_what_is_too_long_for_a_line_goes_in_several() -> None:
    played = Bench(KEY).run(fused, *(value(f"v{n}") for n in range(40)))
    assert set(statuses(played)) == {Status.CHANGED}
    assert len(played.book.groups) == 2
    assert max(map(len, played.lines)) <= 7600


def test_the_script_stops_at_the_first_failure() -> None:
    bench = Bench(KEY)
    played = bench.run(fused, *three("a", "locked", "c"))
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.BLOCKED]
    assert "Access is denied" in played.outcomes["t2"].message
    assert [status for status, *_ in played.book.settled.values()] == [
        "cancelled", "changed", "failed",
    ]  # fmt: skip
    assert held(played, "c") is None


def test_a_failure_that_is_ignored_lets_the_rest_go_on() -> None:
    found = three("a", "locked", "c")
    found[1] = value("locked", title="t2", ignore_errors=True)
    played = Bench(KEY).run(fused, *found)
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.CHANGED]
    assert [change[1] for change in played.book.changes] == ["changed", "failed", "changed"]


def test_what_ran_behind_a_change_that_did_not_take_is_told() -> None:
    behind = task("win_command", {"_raw_params": "hostname"})
    played = Bench(KEY).run(fused, *three("a", "deaf", "c"), behind)
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.CHANGED, Status.BLOCKED]
    assert played.outcomes["t3"].warnings == (
        "it was sent in one script with 't2@WEB01', which failed",
    )
    assert [change[1] for change in played.book.changes] == ["changed", "failed", "changed"]
    assert held(played, "c") == 1


# -- an answer that does not come -------------------------------------------------------------


def losing(when: Callable[[str], bool], *, runs: bool, started: bool = True) -> Any:
    """A fault that loses the answer to one line."""
    left = [1]

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if not (left and when(line)):
            return done()
        left.clear()
        if runs:
            done()
        raise ConnectionLost("the answer was lost", may_have_started=started)

    return fault


def is_script(line: str) -> bool:
    return SCRIPT in line


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


# -- what does not travel together ------------------------------------------------------------

ODD: list[Any] = [
    {"loop": None, "register": "r"}, {"no_log": True}, {"changed_when": ("true",)},
    {"failed_when": ("false",)}, {"environment": ({"A": "b"},)}, {"timeout": 60},
    {"until": ("true",)}, {"run_once": True}, {"throttle": 1}, {"check_mode": True},
    {"async_seconds": 60},
]  # fmt: skip


@pytest.mark.parametrize("fields", ODD, ids=lambda found: next(k for k in found if found[k]))
def test_a_task_out_of_the_ordinary_goes_alone(fields: dict[str, Any]) -> None:
    found = [value("a", title="t1", **fields), value("b", title="t2")]
    played = Bench(KEY).run(fused, *found)
    assert max(played.book.groups) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (value("a", "New"), value("b", "New")),
        (value("a"), value("a", data=2)),
        (value("a"), value("A", data=2)),
        (value("a", r"Classes\X"), value("b", r"Classes\Y")),
        (value("a"), value("b", conditions=("r is defined",), data="{{ 1 }}", no_log=True)),
        (value("a"), task("win_regedit", {"path": r"HKLM:\SOFTWARE\K", "state": "absent"})),
        (value("a"), task("win_regedit", {"path": r"HKLM:\SOFTWARE\K", "name": "b",
                                          "data": "%OS%"})),
        (value("a"), task("win_service", {"name": "Spooler", "state": "stopped"})),
        (value("a"), task("win_command", {"_raw_params": "hostname"})),
        (value("Start", "K"), block(value("b"), rescue=(value("c"),))),
    ],
)  # fmt: skip
def test_what_may_meet_goes_one_after_the_other(first: Any, second: Any) -> None:
    played = Bench(KEY).run(fused, first, second)
    assert max(played.book.groups) == 1
    assert Status.FAILED not in statuses(played)


def test_what_is_as_it_should_be_is_not_overtaken() -> None:
    gone = task("win_regedit", {"path": r"HKLM:\SOFTWARE\K", "name": "b", "state": "absent"})
    played = Bench(KEY).run(fused, value("a"), gone, value("b"))
    assert statuses(played) == [Status.CHANGED, Status.OK, Status.CHANGED]
    assert held(played, "b") == 1


def test_what_depends_on_a_result_of_the_line_waits_for_it() -> None:
    found = [
        value("a", title="t1", register="r"),
        value("b", title="t2", conditions=("r is changed",)),
        value("c", title="t3", data="{{ 3 if r is changed else 4 }}"),
    ]
    played = Bench(KEY).run(fused, *found)
    assert statuses(played) == [Status.CHANGED] * 3
    assert held(played, "c") == 3


def test_a_lookup_is_made_once_for_each_job(tmp_path: Path) -> None:
    count = tmp_path / "count"
    data = f"{{{{ lookup('pipe', 'echo x >> {count}; echo 1') | int }}}}"
    Bench(KEY).run(fused, *three("a", "b", "c", data=data))
    assert count.read_text().split() == ["x"] * 3


def test_a_module_that_changes_its_mind_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.engine.fusing import writer

    whole = writer.Replay.__init__

    def other(self: Any, *args: Any) -> None:
        whole(self, *args)
        self._left.commands.rotate(1)
        self._left.commands.appendleft(self._left.commands[0].__class__("other"))

    monkeypatch.setattr(writer.Replay, "__init__", other)
    played = Bench(KEY).run(fused, *three("a", "b"))
    assert played.outcomes["t1"].status is Status.FAILED
    assert "something else than what was sent" in played.outcomes["t1"].message
    assert played.book.settled[0][0] == "failed"
    assert played.book.settled[0][1] is not None, "what is there is on record"


# -- what people see --------------------------------------------------------------------------


def test_the_script_is_shown_to_who_wants_to_see_commands() -> None:
    for verbose in (False, True):
        played = Bench(KEY).run(fused, *three("a", "b"), verbose=verbose)
        shown = [event.text for event in played.said if isinstance(event, Notice)]
        assert bool(shown) is verbose
    assert shown[0].startswith("one script for t1, t2: cd /d ")
    assert "reg add HKLM\\SOFTWARE\\K /v b" in shown[0]


def test_each_job_shows_its_own_commands() -> None:
    played = Bench(KEY).run(fused, *three("a", "b"))
    assert played.outcomes["t2"].commands == (
        r"<nul reg add HKLM\SOFTWARE\K /v b /t REG_DWORD /d 1 /f",
    )


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
