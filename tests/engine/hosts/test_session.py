"""The drivers: a Reader has no way to a mutation, a Writer notes what it sends."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import pytest

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Surrounded, Writer
from runner.engine.stop import Stop, StopLevel
from runner.engine.tasks.preview import Preview
from runner.errors import DeadlineExceeded, ModuleError, Unreachable
from runner.interfaces.exchange import (
    Exec,
    Poll,
    Read,
    Reconnect,
    Reply,
    Request,
    Script,
    Sleep,
    Write,
    read,
    write,
)
from runner.interfaces.setting import Setting
from runner.shells import load
from tests.engine.toys import ToyHost, ToyShell, ToyTransport

Asked = Generator[Request, Reply, Any]


def link_to(host: ToyHost) -> Link:
    transport = ToyTransport({"a": host})
    shell = ToyShell()
    return Link("a", transport, transport.options("a", {}), lambda _: shell, "toy", Stop())


def set_k() -> Asked:
    return (yield from write(Exec("set", "k=1")))


@pytest.mark.parametrize("request_", [Write(Exec("set", "k=1")), Reconnect(1.0)])
def test_a_reader_refuses_what_is_no_read_and_sends_nothing(request_: Request) -> None:
    host = ToyHost()

    def asks() -> Asked:
        yield request_

    with pytest.raises(TypeError, match="a probe must not ask"):
        Reader(link_to(host)).drive(asks())
    assert host.lines == []
    assert host.connects == 0


def test_a_writer_notes_each_command_and_whether_it_came_back() -> None:
    host = ToyHost(lose_answer_of="set j")

    def asks() -> Asked:
        yield from write(Exec("set", "k=1"))
        yield from write(Exec("set", "j=1"))

    writer = Writer(link_to(host))
    with pytest.raises(Exception, match="lost"):
        writer.drive(asks())
    assert writer.sent == ["set k=1", "set j=1"]
    assert writer.answered == 1


def test_one_connection_serves_a_host_until_it_breaks() -> None:
    host = ToyHost({"k": "1"}, lose_answer_of="get k")
    link = link_to(host)

    def asks() -> Asked:
        return (yield from read(Exec("get", "k")))

    with pytest.raises(Exception, match="lost"):
        Reader(link).drive(asks())
    assert Reader(link).drive(asks())[0].stdout == "1"
    Reader(link).drive(asks())
    assert host.connects == 2


def test_a_poll_ends_when_it_is_done_and_gives_up_in_time() -> None:
    host = ToyHost({"k": "1"})

    def wait(wanted: str) -> Asked:
        return (
            yield Poll(
                (Exec("get", "k"),),
                lambda reply: reply[0].stdout == wanted,
                timeout=0.2,
                what="k did not become right",
                interval=0.01,
            )
        )

    assert Reader(link_to(host)).drive(wait("1"))[0].stdout == "1"
    with pytest.raises(ModuleError, match=r"k did not become right: not within 0\.2 s"):
        Reader(link_to(host)).drive(wait("2"))


def test_what_is_in_flight_waits_on_when_asked_to_finish_but_not_when_told_to_stop_now() -> None:
    def asks() -> Asked:
        yield Sleep(0.05)
        return "waited"

    link = link_to(ToyHost())
    link.stop.ask(StopLevel.FINISH)
    assert Reader(link).drive(asks()) == "waited"
    link.stop.ask(StopLevel.NOW)
    with pytest.raises(ModuleError, match="stopped while waiting"):
        Reader(link).drive(asks())


def test_what_a_task_waits_for_is_its_own_time() -> None:
    host = ToyHost()

    def naps() -> Asked:
        yield Sleep(0.02)
        yield Sleep(30)

    def comes_back() -> Asked:
        yield Reconnect(timeout=30, delay=30)

    for waits in (naps, comes_back):
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="timeout passed while it waited") as caught:
            Writer(link_to(host), 0.1).drive(waits())
        assert time.monotonic() - begun < 5
        assert "raise the timeout" in caught.value.hint


def test_a_reconnect_that_never_succeeds_says_why() -> None:
    link = link_to(ToyHost())

    def refuse(*_: Any, **__: Any) -> Any:
        raise Unreachable("nobody is there")

    link.transport.connect = refuse  # type: ignore[method-assign]

    def asks() -> Asked:
        yield Reconnect(timeout=0.2, pause=0.05)

    with pytest.raises(Unreachable, match=r"not back within 0\.2 s; last: nobody is there"):
        Writer(link).drive(asks())


def test_a_preview_lists_the_writes_and_waits_for_nothing() -> None:
    shell = ToyShell()

    def asks() -> Asked:
        yield from write(Exec("set", "k=1"))
        yield Poll((Exec("get", "k"),), lambda _: False, 60, "x")
        yield Reconnect(60)
        yield from write(Exec("set", "j=1"))

    assert Preview(lambda _: shell).drive(asks()) == ("set k=1", "set j=1")


def test_a_preview_ends_with_an_ellipsis_where_answers_decide() -> None:
    shell = ToyShell()

    def asks() -> Asked:
        yield from write(Exec("set", "k=1"))
        (out,) = yield Read((Exec("get", "k"),))
        yield from write(Exec("set", f"j={int(out.stdout)}"))

    assert Preview(lambda _: shell).drive(asks()) == ("set k=1", "...")


def test_text_for_the_login_shell_gets_its_setting_from_that_shell() -> None:
    def shell_of(command: object) -> Any:
        return load(command.shell if isinstance(command, Script) else "posix")

    raw = Script("raw", "id; pwd")
    assert Surrounded(shell_of, Setting()).of(raw).render(raw).line == "id; pwd"
    as_root = Surrounded(shell_of, Setting(become="sudo", user="root")).of(raw).render(raw)
    assert "sudo" in as_root.line
    assert "id; pwd" in as_root.line
    named = Surrounded(shell_of, Setting({"A": "x"})).of(raw).render(raw)
    assert "A=x" in named.line
