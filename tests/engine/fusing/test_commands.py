"""Commands of tasks that follow one another: what goes in one script, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from runner.engine.fusing.deliver import Heard
from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.stop import Stop, StopLevel
from runner.engine.visits.lines_ahead import Ahead
from runner.errors import ConnectionLost, DeadlineExceeded, TransportError
from runner.interfaces.shell import RawOutput
from runner.journal.records import Intent
from runner.model.job import Status
from runner.model.source import Source
from runner.model.task import Loop
from tests.engine.fusing.bench import Bench, Book, Played, alone, fused, task, value
from tests.engine.fusing.test_changes_property import same
from tests.engine.makers import block

SCRIPT = "if defined g"


def command(line: str = "hostname", **fields: Any) -> Any:
    return task("win_command", {"_raw_params": line}, **fields)


def shell(line: str, **args: Any) -> Any:
    return task("win_shell", {"_raw_params": line, "executable": "cmd", **args})


def some(*lines: str, **fields: Any) -> list[Any]:
    return [command(line, title=f"t{n}", **fields) for n, line in enumerate(lines, start=1)]


def statuses(played: Played) -> list[Status]:
    return [outcome.status for outcome in played.outcomes.values()]


def settled(played: Played) -> list[str]:
    """By the order of the intents."""
    return [played.book.settled[n][0] for n in range(len(played.book.intents))]


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
ENDED.ended = True
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
