"""How links connect: paced, with care for passwords, and with a record of what hosts hold."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from runner.engine.hosts.access import Access
from runner.engine.hosts.link import Link
from runner.engine.hosts.pacing import PaceSettings
from runner.engine.hosts.session import Reader
from runner.engine.runtime import Links
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed, Unreachable
from runner.interfaces.access import Credential, GuardedTransport, Keeper, KeptConnection
from runner.interfaces.exchange import Exec, Reconnect, read
from runner.interfaces.shell import Invocation, RawOutput
from runner.journal.holdings import LeftRecord
from runner.model.secret import Secret
from tests.engine.toys import ToyOptions, ToyShell


class Kept(KeptConnection):
    def __init__(self, host: Host, keeper: Keeper) -> None:
        self.host, self.keeper = host, keeper
        keeper.opened(f"shell of {host.name}")

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        self.host.timeouts.append(timeout)
        if self.host.busy is not None:
            self.host.busy.set()
            assert self.host.ended.wait(5)
            raise Unreachable("ended")
        return RawOutput(0, b"1")

    def close(self) -> None:
        self.host.ended.set()
        self.keeper.closed(f"shell of {self.host.name}")

    def end_now(self, seconds: float) -> bool:
        self.close()
        return True


class Host:
    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = 0
        self.logons = 0
        self.down = False
        self.refuses = 0
        self.timeouts: list[float] = []
        self.discarded: list[str] = []
        self.busy: threading.Event | None = None
        self.ended = threading.Event()


class Guarded(GuardedTransport):
    name = "guarded"
    default_shell = "toy"

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self.hosts = hosts

    def options(self, host: str, variables: Mapping[str, Any]) -> ToyOptions:
        return ToyOptions(name=host)

    def open(self, options: ToyOptions, *, timeout: float, keeper: Keeper) -> Kept:
        host = self.hosts[options.name]
        if host.down:
            raise Unreachable("down")
        host.logons += 1
        if host.refuses:
            host.refuses -= 1
            raise AuthenticationFailed("401")
        host.timeouts.append(timeout)
        left = keeper.left_over()
        host.discarded += left
        keeper.gone(left[:1])
        return Kept(host, keeper)

    def credential(self, options: ToyOptions) -> Credential:
        return Credential("toy", "ops", Secret("pw"))

    def is_refusal(self, options: ToyOptions, error: AuthenticationFailed) -> bool:
        return True

    def reach(self, options: ToyOptions, *, timeout: float) -> socket.socket | None:
        self.hosts[options.name].reached += 1
        if self.hosts[options.name].down:
            raise Unreachable("down")
        return None

    def endpoint(self, options: ToyOptions) -> str:
        return f"toy://{options.name}"


class Book:
    """A ledger in memory."""

    def __init__(self, left: Sequence[LeftRecord] = ()) -> None:
        self.open: list[tuple[str, str, str]] = []
        self._left = list(left)
        self.is_gone: list[str] = []
        self.abandons: list[str] = []

    def opened(self, host: str, place: str, held: str) -> None:
        self.open.append((host, place, held))

    def closed(self, host: str, held: str) -> None:
        self.open = [entry for entry in self.open if (entry[0], entry[2]) != (host, held)]

    def abandoned(self, host: str, held: Sequence[str]) -> None:
        self.abandons += held

    def left(self, host: str, place: str) -> Sequence[LeftRecord]:
        return self._left

    def gone(self, left: Sequence[LeftRecord]) -> None:
        self.is_gone += [each.held for each in left]


class Site:
    def __init__(self, *names: str, pace: PaceSettings = PaceSettings(0)) -> None:  # noqa: B008
        self.hosts = {name: Host(name) for name in names}
        self.transport = Guarded(self.hosts)
        self.stop = Stop()
        self.access = Access(self.stop, pace)
        self.links = Links(lambda host, _way: self.link(host), self.access)

    def link(self, name: str) -> Link:
        options = self.transport.options(name, {})
        shell = ToyShell()
        return Link(name, self.transport, options, lambda _: shell, "toy", self.stop,
                    access=self.access)  # fmt: skip


def look(link: Link, timeout: float | None = None) -> None:
    Reader(link, timeout).drive(read(Exec("get", "k")))


def test_only_until_the_first_success_is_a_host_knocked_at_before_the_logon() -> None:
    site = Site("a", "b", "c")
    for name in "abc":
        look(site.links.get(name))
    assert [host.reached for host in site.hosts.values()] == [1, 0, 0]
    assert [host.logons for host in site.hosts.values()] == [1, 1, 1]


def test_hosts_that_are_off_do_not_cost_a_logon_and_hold_up_nobody() -> None:
    site = Site("a", "b")
    site.hosts["a"].down = True
    with pytest.raises(Unreachable, match="down"):
        look(site.links.get("a"))
    look(site.links.get("b"))
    assert site.hosts["a"].logons == 0


def test_waiting_for_a_turn_is_not_the_tasks_own_time() -> None:
    site = Site("a", "b", pace=PaceSettings(rate=4, burst=1))
    look(site.links.get("a"), 5.0)
    link = site.links.get("b")
    look(link, 1.2)
    assert link.waited > 0.2
    assert site.hosts["b"].timeouts[-1] > 1.1


def test_a_task_that_has_little_time_does_not_wait_long_for_a_connection() -> None:
    site = Site("a")
    look(site.links.get("a"), 3.0)
    assert site.hosts["a"].timeouts[0] <= 3.0


def test_what_a_host_holds_is_on_record_while_it_does() -> None:
    site = Site("a")
    book = site.access.ledger = Book()
    look(site.links.get("a"))
    assert book.open == [("a", "toy://a as ops", "shell of a")]
    site.links.close_all()
    assert book.open == []


def test_what_an_earlier_run_left_is_given_back_before_the_first_command() -> None:
    site = Site("a")
    book = Book([LeftRecord(1, "r1", "old shell"), LeftRecord(2, "r1", "not ours")])
    site.access.ledger = book
    link = site.links.get("a")
    link.open()
    assert site.hosts["a"].discarded == ["old shell", "not ours"]
    assert book.is_gone == ["old shell"], "what the host did not confirm stays on record"


def test_after_a_hard_stop_nobody_connects() -> None:
    site = Site("a")
    site.stop.ask(StopLevel.NOW)
    with pytest.raises(Unreachable, match="stopped"):
        look(site.links.get("a"))
    assert site.hosts["a"].logons == 0


def test_a_hard_stop_ends_what_runs_while_its_worker_still_waits() -> None:
    site = Site("a", "b")
    book = site.access.ledger = Book()
    host = site.hosts["a"]
    look(site.links.get("b"))
    host.busy = threading.Event()

    def work() -> None:
        with contextlib.suppress(Unreachable):
            look(site.links.get("a"))

    thread = threading.Thread(target=work)
    thread.start()
    assert host.busy.wait(5)
    site.stop.ask(StopLevel.NOW)
    site.links.end_now(5)
    thread.join(5)
    assert not thread.is_alive()
    assert book.open == []


def test_a_host_that_starts_up_and_does_not_know_us_yet_is_asked_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runner.engine.hosts.reconnecting.REFUSAL_PAUSE", 0.01)
    site = Site("a")
    link = site.links.get("a")
    link.open()
    site.hosts["a"].refuses = 2
    writer = Reader(link)
    from runner.engine.hosts.reconnecting import reconnect

    reconnect(link, Reconnect(timeout=5, pause=0.01), writer._sleep)
    assert site.hosts["a"].logons == 4
    site.hosts["a"].refuses = 99
    with pytest.raises(AuthenticationFailed):
        reconnect(link, Reconnect(timeout=5, pause=0.01), writer._sleep)
    assert site.hosts["a"].logons == 7
