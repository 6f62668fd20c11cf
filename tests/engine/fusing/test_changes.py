"""Changes that travel together, what goes alone, and what people see of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.engine.tasks.preparing import Preparing
from runner.engine.tasks.work import Turn, Work
from runner.events import Notice
from runner.model.job import Status
from tests.engine.fusing.bench import Bench, fused, preview, task, value
from tests.engine.fusing.making import KEY, held, statuses, three
from tests.engine.makers import block


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
