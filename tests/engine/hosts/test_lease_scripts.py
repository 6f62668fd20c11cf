"""Leases that travel with what is sent anyway, on a simulated Windows host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from runner.engine.hosts.leasing import Leasing
from runner.errors import ConnectionLost
from runner.interfaces.exchange import Exec
from runner.interfaces.lease import Lease
from runner.interfaces.shell import Invocation, RawOutput
from runner.lab.toolkit.regwords import RegFault
from runner.model.job import Status
from runner.model.playbook import Entry
from runner.model.task import Loop, Task
from runner.windows.lease import KEY, WindowsLeases
from tests.engine.fusing.bench import Bench, Fault, Played, alone, fused, value
from tests.engine.hosts.lease_world import Book, World, foreign

RUN = "20260513-0730-bcdf"
HEAD, TAIL = "for /f", f"reg delete {KEY} /f"
PLACE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Runner"
READY = r"reg add HKLM\SOFTWARE\K /v old /d 1 /f"
THREE = (value("a"), value("b"), value("c"))


def bench(*before: str, book: Book | None = None, fault: Fault | None = None) -> Bench:
    made = Bench(READY, *before, fault=fault)
    made.host.link.lease = Leasing(RUN, "anna@here:1", book or Book()).of("WEB01")
    return made


def held(lease: Lease) -> str:
    return f"reg add {KEY} /v {lease.name} /t REG_SZ /d {lease.text} /f"


def count(played: Played, text: str) -> int:
    return sum(text in line for line in played.lines)


def lost(text: str, *, started: bool = True, times: int = 1) -> Fault:
    """The answer to the first lines with this text does not arrive."""
    left = iter(range(times))

    def fault(line: str, send: Callable[[], RawOutput]) -> RawOutput:
        if text in line and next(left, None) is not None:
            if started:
                send()
            raise ConnectionLost("cut", may_have_started=started)
        return send()

    return fault


def changed(played: Played) -> bool:
    return {outcome.status for outcome in played.outcomes.values()} == {Status.CHANGED}


@pytest.mark.parametrize("tasks", [THREE, THREE[:1]], ids=["three", "one"])
def test_a_lease_costs_no_exchange_there_and_back(tasks: tuple[Entry, ...]) -> None:
    leased, bare = bench(), Bench(READY)
    there, plain = leased.run(fused, *tasks), bare.run(fused, *tasks)
    assert changed(there)
    assert there.exchanges == plain.exchanges
    assert (count(there, HEAD), count(there, TAIL)) == (1, 1)
    assert there.state == plain.state
    before = len(leased.lines)
    back = leased.back(there, together=True)
    assert back.exchanges == bare.back(plain, together=True).exchanges
    assert (count(back, HEAD), count(back, TAIL)) == (1, 1), leased.lines[before:]
    assert back.state == Bench(READY).host.state


def test_it_stands_at_the_head_of_a_script_of_users_commands_too() -> None:
    said = [Task(n, "win_command", {"_raw_params": f"hostname {n}"}, THREE[0].source) for n in "ab"]
    leased, bare = bench(), Bench(READY)
    there, plain = leased.run(fused, *said), bare.run(fused, *said)
    assert [o.status for o in there.outcomes.values()] == [
        o.status for o in plain.outcomes.values()
    ]
    assert there.exchanges == plain.exchanges + 1, "no look follows with which to give it back"
    assert there.state == plain.state


def commands() -> list[Task]:
    return [
        Task(n, "win_command", {"_raw_params": f"reg add HKLM\\SOFTWARE\\{n}"}, THREE[0].source)
        for n in "ab"
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_what_the_head_does_not_take_is_taken_before_commands_too(
    refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(World(dead={foreign().run}))
    made = bench(held(foreign()), book=book)
    registry = cast(Any, made.host.machine._host.registry)
    put = registry.set

    def guarded(path: str, *rest: Any) -> None:
        if path.endswith("\\Runner"):
            raise RegFault("Access is denied.")
        put(path, *rest)

    if refused:
        monkeypatch.setattr(registry, "set", guarded)
    played = made.run(fused, *commands())
    assert changed(played)
    assert played.book.groups == [2]
    assert (count(played, HEAD), count(played, "SOFTWARE\\a")) == (1, 2)
    assert len(book.notices) == refused


def test_a_held_host_runs_none_of_them() -> None:
    said = [Task(n, "win_command", {"_raw_params": f"cmd /c echo x>{n}"}, THREE[0].source)
            for n in "ab"]  # fmt: skip
    made = bench(held(foreign()))
    before = made.host.state
    played = made.run(fused, *said)
    assert "kim@desk" in played.outcomes["a"].message
    assert {status for status, _, _ in played.book.settled.values()} == {"cancelled"}
    assert made.host.state == before


def test_it_is_given_back_once_however_often_a_task_is_done() -> None:
    looped = value("{{ item }}", loop=Loop("loop", ["x", "y", "z"], THREE[0].source))
    played = bench().run(fused, looped)
    assert changed(played)
    assert (count(played, KEY + " /v"), count(played, TAIL)) == (2, 1)
    assert PLACE not in played.state["registry"]


def test_nor_before_a_handler_that_is_called() -> None:
    calling, called = value("a", notify=("h",)), value("h", title="h")
    played = bench().run(fused, calling, handlers=(called,))
    assert changed(played)
    assert (count(played, f"reg add {KEY}"), count(played, TAIL)) == (1, 1)
    assert TAIL in played.lines[-1]


def test_a_held_host_is_not_changed_and_its_intents_are_none() -> None:
    made = bench(held(foreign()))
    before = made.host.state
    played = made.run(fused, *THREE)
    first = played.outcomes["win_regedit"]
    assert first.status is Status.FAILED
    assert "run 20260513-0700-wxyz of kim@desk" in first.message
    assert {status for status, _, _ in played.book.settled.values()} == {"cancelled"}
    assert len(played.book.settled) == len(played.book.intents) == 3
    assert played.book.records == []
    assert made.host.state == before


def test_an_entry_of_the_dead_is_removed_the_slow_way() -> None:
    book = Book(World(dead={foreign().run}))
    made = bench(held(foreign()), book=book)
    played = made.run(fused, *THREE)
    assert changed(played)
    assert book.taken == [(foreign().run, False)]
    assert PLACE not in made.host.state["registry"]
    assert played.book.groups == [3]


def test_what_the_head_cannot_judge_the_rule_does() -> None:
    made = bench(rf"reg add {KEY}\Sub /f")
    played = made.run(fused, *THREE)
    assert changed(played)
    assert (count(played, HEAD), count(played, "lease-denied")) == (1, 1)
    assert PLACE not in made.host.state["registry"]


def test_where_nothing_can_be_written_it_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()
    made = bench(book=book)
    registry = cast(Any, made.host.machine._host.registry)
    put = registry.set

    def guarded(path: str, *rest: Any) -> None:
        if path.endswith("\\Runner"):
            raise RegFault("Access is denied.")
        put(path, *rest)

    monkeypatch.setattr(registry, "set", guarded)
    assert changed(made.run(fused, *THREE))
    assert len(book.notices) == 1


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("text", [HEAD, TAIL])
def test_an_answer_that_is_lost_leaves_nothing(text: str, started: bool) -> None:
    made = bench(fault=lost(text, started=started))
    played = made.run(fused, *THREE)
    assert PLACE not in made.host.state["registry"]
    if started or text == TAIL:
        assert changed(played)
    else:
        assert played.outcomes["win_regedit"].status is not Status.CHANGED


def test_nor_does_one_of_the_slow_way() -> None:
    made = bench(fault=lost("lease-denied"))
    made.run(alone, *THREE)
    assert PLACE not in made.host.state["registry"]


def test_nor_where_a_change_did_not_take() -> None:
    made = bench(fault=lost(TAIL))
    played = made.run(fused, value("deaf"), value("a"))
    assert played.outcomes["win_regedit"].status is Status.FAILED
    assert PLACE not in made.host.state["registry"]


@pytest.mark.parametrize("os", ["2003-sp2", "2008r2-sp1", "2012r2", "2025"])
def test_every_windows_compares_alike(os: str) -> None:
    made = Bench(READY, os=os)
    mine = Lease.make(f"{RUN}.00000001", seconds=9, beat="ab", since=1, owner="anna@here:1")
    command = WindowsLeases().taking(mine)
    assert command is not None
    link = made.host.link
    shell = link.shells("cmd")

    def comes_out_well() -> bool:
        chain = shell.chain([command, Exec("reg", "query", r"HKLM\SOFTWARE\K")])
        assert chain is not None
        outputs = chain.outputs(link.open().run(chain.invocation, timeout=9), "cp437")
        assert (outputs[0].code == 0) is (len(outputs) == 2)
        return outputs[0].code == 0

    assert comes_out_well()
    assert comes_out_well(), "its own entry, written anew"
    link.open().run(Invocation(held(foreign())), timeout=9)
    assert not comes_out_well()
    link.open().run(Invocation(f"reg delete {KEY} /v {foreign().name} /f"), timeout=9)
    assert comes_out_well()
