"""Commands of tasks that follow one another: what goes in one script, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from runner.engine.visits.lines_ahead import Ahead
from runner.interfaces.shell import RawOutput
from runner.journal.records import Intent
from runner.model.job import Status
from runner.model.source import Source
from runner.model.task import Loop
from tests.engine.fusing.bench import Bench, Book, alone, fused, task, value
from tests.engine.fusing.commanding import command, settled, shell, some
from tests.engine.fusing.making import SCRIPT, statuses
from tests.engine.fusing.test_changes_property import same
from tests.engine.fusing.test_commands_lost import ENDED
from tests.engine.makers import block


@pytest.mark.parametrize(("tasks", "scripts"), [(2, 1), (8, 1), (20, 1), (21, 2), (41, 3)])
def test_a_line_of_commands_costs_one_exchange_for_twenty(tasks: int, scripts: int) -> None:
    played = Bench().run(fused, *(command() for _ in range(tasks)))
    assert (played.exchanges, set(statuses(played))) == (scripts, {Status.CHANGED})
    assert {outcome.result["stdout"] for outcome in played.outcomes.values()} == {"WEB01\n"}
    assert len(played.book.intents) == tasks


def test_it_comes_to_the_same_as_one_by_one() -> None:
    tasks = [
        command(register="r"), shell("cd"), shell(r"cd \&set A=1&exit 0"), shell("cd"),
        shell("if defined A echo leaked"), command("sc query Spooler", changed_when=("false",)),
        shell('echo "a & b" ^& (c)&echo said>&2'), shell("cd", chdir=r"C:\Windows"),
        command("hostname", conditions=("false",)), command("hostname"),
    ]  # fmt: skip
    together, single = Bench().run(fused, *tasks), Bench().run(alone, *tasks)
    same(together, single)
    assert (together.exchanges, single.exchanges) == (1, 9)


def test_intents_are_durable_before_the_script_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    whole = Book.intend_all

    def intend_all(self: Book, run: str, intents: Sequence[Intent]) -> list[int]:
        said.append(f"{len(intents)} intents")
        return whole(self, run, intents)

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        said.append("script" if SCRIPT in line else "line")
        return done()

    monkeypatch.setattr(Book, "intend_all", intend_all)
    Bench(fault=fault).run(fused, *some("hostname", "hostname", "hostname"))
    assert said == ["3 intents", "script"]


def test_the_script_stops_at_the_first_failure() -> None:
    found = some("hostname", "sc query nosuch", r"reg add HKLM\SOFTWARE\K /f")
    bench = Bench()
    before = bench.host.state
    played = bench.run(fused, *found)
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.BLOCKED]
    assert played.outcomes["t2"].result["rc"] == 1060
    assert settled(played) == ["changed", "failed", "cancelled"]
    assert bench.host.state == before


def test_a_failure_that_is_ignored_lets_the_rest_go_on() -> None:
    found = some("hostname", "sc query nosuch", "hostname", ignore_errors=True)
    played = Bench().run(fused, *found)
    assert statuses(played) == [Status.CHANGED, Status.FAILED, Status.CHANGED]
    assert [change[1] for change in played.book.changes] == ["changed", "failed", "changed"]


# -- what goes alone --------------------------------------------------------------------------
ODD: list[dict[str, Any]] = [
    {"loop": Loop("list", [1], Source("play.yml", 1, 1))}, {"no_log": True},
    {"environment": ({"A": "b"},)}, {"timeout": 60}, {"until": ("true",)}, {"run_once": True},
    {"throttle": 1}, {"check_mode": True}, {"async_seconds": 60}, {"undo": (command(),)},
]  # fmt: skip


@pytest.mark.parametrize("fields", ODD, ids=lambda found: next(iter(found)))
def test_a_task_out_of_the_ordinary_goes_alone(fields: dict[str, Any]) -> None:
    played = Bench().run(fused, command(), command(**fields), command())
    assert max(played.book.groups) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (command(failed_when=("false",)), command()),
        (command(changed_when=("r.rc == 0",), register="r"), command()),
        (command(register="r"), command("sc query {{ r.stdout }}", ignore_errors=True)),
        (command(register="r"), command(conditions=("r is defined",))),
        (command(register="r"), command(conditions=("hostvars[inventory_hostname].r.rc == 0",))),
        (command(register="r"), command(conditions=("vars['r'].rc == 0",))),
        (command(register="r"), command(ignore_errors="{{ r.rc == 0 }}")),
        (command(register="r"), command(vars={"a": "{{ r.rc }}"}, conditions=("a == 0",))),
        (command(), task("win_command", {"_raw_params": "hostname", "creates": r"C:\none"})),
        (command(), task("win_command", {"_raw_params": "hostname", "check": "nosuch"})),
        (command(), task("win_command", {"_raw_params": "findstr a", "stdin": "a"})),
        (command(), command("hostname 100%", ignore_errors=True)),
        (command(), shell("echo %OS%")),
        (command(), shell('echo "')),
        (command(), shell("echo a^")),
        (command(), shell('"C:\\Windows\\System32\\hostname.exe"')),
        (command(), task("win_shell", {"_raw_params": "hostname"}, ignore_errors=True)),
        (shell("chcp"), command()),
        (shell("start /b hostname"), command()),
        (command("netsh advfirewall show allprofiles"), command()),
        (command(), block(command(), rescue=(command(),))),
        (command(), value("a")),
        (value("a"), command()),
    ],
)
def test_what_may_come_out_otherwise_goes_one_after_the_other(first: Any, second: Any) -> None:
    before = r"reg add HKLM\SOFTWARE\K /f"
    together, single = (
        Bench(before).run(fused, first, second),
        Bench(before).run(alone, first, second),
    )
    assert max(together.book.groups) == 1
    same(together, single)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (command(register="r"), command("sc query {{ s | default('Spooler') }}", register="s")),
        (shell("sc start Spooler&exit 0"), command("sc config Spooler start= auto")),
        (command(changed_when=("False",)), command(notify=("tell",))),
        (command(ignore_errors=True), command(ignore_errors=True)),
    ],
)
def test_what_cannot_come_out_otherwise_goes_together(first: Any, second: Any) -> None:
    played = Bench().run(fused, first, second, handlers=(value("x", title="tell"),))
    assert played.book.groups[0] == 2


def test_nothing_is_looked_at_ahead_where_nothing_can_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    whole = Ahead.foresee

    def foresee(self: Any, step: Any, *args: Any) -> Any:
        asked.append(step.name)
        return whole(self, step, *args)

    monkeypatch.setattr(Ahead, "foresee", foresee)
    scripts = [task("win_shell", {"_raw_params": "hostname"}, ignore_errors=True) for _ in range(9)]
    Bench().run(fused, *(command(failed_when=("false",)) for _ in range(9)))
    Bench().run(fused, *scripts)
    assert asked == []
    Bench().run(fused, *(command() for _ in range(9)))
    assert len(asked) == 8, "each once: what was foreseen is done"


def test_output_that_is_shown_while_it_comes_goes_job_by_job() -> None:
    assert Bench().run(fused, command(), command(), verbose=True).book.groups == [1, 1]


def test_a_host_whose_cmd_changes_exclamation_marks_gets_each_alone() -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Command Processor"
    bench = Bench(rf'reg add "{key}" /v DelayedExpansion /t REG_DWORD /d 1 /f')
    played = bench.run(fused, *some("hostname", "hostname", "hostname"))
    assert statuses(played) == [Status.CHANGED] * 3
    assert [change[1] for change in played.book.changes] == ["changed"] * 3
    assert sum(SCRIPT in line for line in played.lines) == 1


ENDED.ended = True
