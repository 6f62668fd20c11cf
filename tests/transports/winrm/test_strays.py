"""Shells that a host opened for us without our learning of their names: found, and given back."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.app.wiring.held import Held
from runner.engine.hosts.access import Access, Place
from runner.engine.stop import Stop
from runner.errors import Unreachable
from runner.interfaces.access import Keeper
from runner.interfaces.shell import Invocation
from runner.journal.journal import Journal
from runner.lab.winrm.wsman import opening as wsman_open
from runner.lab.winrm.wsman import service as wsman
from runner.transports.winrm import strays
from runner.transports.winrm.again import TRIES
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.foothold import Foothold
from tests.journal.support import a_run
from tests.transports.conftest import TRANSPORT, Serve, Site, hello
from tests.transports.failing import VERBS, answer_with
from tests.transports.tcp_proxy import Kind, Proxy, Trouble
from tests.transports.winrm.test_quota import Notes

OLD = "2008r2-sp1"
OLD_SHELLS = 5


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "_NEW_SECONDS", 0)


@pytest.fixture
def secretive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that do not tell with which variables a shell was opened."""
    told = wsman_open.described

    def described(shell: Any, *, old: bool = False) -> str:
        return told(dataclasses.replace(shell, env={}), old=old)

    monkeypatch.setattr(wsman, "described", described)


def before(site: Site, verb: str, times: int, call: Callable[[], None]) -> None:
    """Call that when the host has done what it was asked, before it says so."""
    handlers: Any = site.front._served.service._handlers
    what, handler = handlers[VERBS[verb]]
    left = [times]

    def handling(request: Any, caller: Any) -> bytes:
        done: bytes = handler(request, caller)
        if left[0]:
            left[0] -= 1
            call()
        return done

    handlers[VERBS[verb]] = (what, handling)


def lose_a_shell(site: Site, stack: contextlib.ExitStack, times: int = 1) -> int:
    """The port of a proxy that cuts the connection before the answer to the next Create."""
    proxy = stack.enter_context(Proxy(site.front.port))
    before(site, "Create", times, lambda: proxy.plan(Trouble(Kind.CUT, False, 0)))
    return proxy.port


class Recorded(Notes):
    """A run before this one had these on record."""

    def __init__(self, *left: str) -> None:
        super().__init__()
        self.left = left
        self.are_gone: list[str] = []
        self.asked: list[str] = []

    def opened(self, held: str) -> None:
        super().opened(held)
        self.asked.append(held)

    def left_over(self) -> Sequence[str]:
        return self.left

    def gone(self, held: Sequence[str]) -> None:
        self.are_gone += held


@pytest.mark.usefixtures("impatient", "at_once")
@pytest.mark.parametrize(("os", "listed"), [(OLD, 1), ("2016", 0)])
def test_a_shell_whose_answer_was_lost(serve: Serve, os: str, listed: int) -> None:
    site = serve(os)
    with contextlib.ExitStack() as stack:
        port = lose_a_shell(site, stack)
        link = site.connect(ansible_port=port)
        assert site.count("creates") == 2
        assert site.count("open_shells") == 1, "the other one was found before a new one was opened"
        assert hello(link) == b"hello\r\n"
        link.close()
    assert site.count("open_shells") == 0
    assert site.count("enumerates") == listed
    assert site.machine.ran == ["out hello"]


@pytest.mark.usefixtures("impatient")
def test_a_host_from_which_no_answer_comes(serve: Serve) -> None:
    """Three shells are opened, none is told of; the run ends with nothing left there."""
    site = serve(OLD)
    notes = Recorded()
    with contextlib.ExitStack() as stack:
        port = lose_a_shell(site, stack, TRIES)
        options = TRANSPORT.options("web01", {**site.variables(), "ansible_port": port})
        with pytest.raises(Unreachable):
            TRANSPORT.open(options, timeout=30, keeper=notes)
    assert site.count("creates") == TRIES
    assert site.count("open_shells") == 0
    assert notes.open == []


@pytest.mark.usefixtures("impatient", "secretive")
def test_a_host_that_lists_no_variables(serve: Serve) -> None:
    """Then what is like our own is waited for, until nobody else can be about to use it."""
    site = serve(OLD)
    with contextlib.ExitStack() as stack:
        link = site.connect(ansible_port=lose_a_shell(site, stack))
        assert site.count("open_shells") == 2
        assert hello(link) == b"hello\r\n"
        link.close()
    assert site.count("open_shells") == 0


@pytest.mark.usefixtures("impatient")
def test_what_an_earlier_run_never_learned_of(serve: Serve) -> None:
    """It has the name on record that the host did not take. All shells that there may be are ours,
    but for one: they are given back before one is opened."""
    site = serve(OLD)
    options = TRANSPORT.options("web01", site.variables())
    names = []
    for _ in range(OLD_SHELLS - 1):
        killed = Recorded()  # nobody comes back to it
        Foothold(options, killed).open(Deadline(30))
        names.append(killed.asked[0])
    other = site.connect()
    assert site.count("open_shells") == OLD_SHELLS
    notes = Recorded(*names)
    link = TRANSPORT.open(options, timeout=30, keeper=notes)
    assert site.count("enumerates") == 1
    assert sorted(notes.are_gone) == sorted(names)
    assert site.count("open_shells") == 2, "the new one, and that of somebody else"
    assert hello(link) == hello(other) == b"hello\r\n"
    link.close()
    other.close()
    assert site.count("open_shells") == 0
    assert site.count("enumerates") == 1


@pytest.mark.usefixtures("impatient", "at_once", "secretive")
def test_what_an_earlier_run_left_on_a_host_that_lists_no_variables(serve: Serve) -> None:
    site = serve(OLD)
    options = TRANSPORT.options("web01", site.variables())
    Foothold(options, Keeper()).open(Deadline(30))
    notes = Recorded("11111111-2222-3333-4444-555555555555")
    link = TRANSPORT.open(options, timeout=30, keeper=notes)
    assert notes.are_gone == list(notes.left)
    assert site.count("open_shells") == 1, "the new one"
    link.close()


@pytest.mark.usefixtures("impatient")
def test_what_could_not_be_looked_for_stays_on_record(serve: Serve) -> None:
    site = serve(OLD)
    notes = Recorded("11111111-2222-3333-4444-555555555555")
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(site.front.port))
        before(site, "Enumerate", 9, lambda: proxy.plan(Trouble(Kind.RESET, False, 0)))
        options = TRANSPORT.options("web01", {**site.variables(), "ansible_port": proxy.port})
        link = TRANSPORT.open(options, timeout=30, keeper=notes)
        assert hello(link) == b"hello\r\n"
        link.close()
    assert notes.are_gone == []
    assert site.count("open_shells") == 0


@pytest.mark.usefixtures("impatient", "at_once", "secretive")
def test_shells_in_use_stay(serve: Serve) -> None:
    site = serve(OLD)
    other = site.connect()
    assert hello(other) == b"hello\r\n"
    shells = site.front._served.service.shells
    (theirs,) = shells.of_user("admin")
    theirs.opened -= 60  # it was used a minute after it was opened
    with contextlib.ExitStack() as stack:
        link = site.connect(ansible_port=lose_a_shell(site, stack))
        assert hello(link) == b"hello\r\n"
        link.close()
    assert [each.id for each in shells.of_user("admin")] == [theirs.id]
    assert other.run(Invocation("out hello"), timeout=30).stdout == b"hello\r\n"
    other.close()


@pytest.mark.usefixtures("impatient", "at_once")
def test_a_host_that_lists_nothing_is_left_in_peace(serve: Serve) -> None:
    site = serve(OLD)
    answer_with(site, "Enumerate", 5, 9)
    with contextlib.ExitStack() as stack:
        link = site.connect(ansible_port=lose_a_shell(site, stack))
        assert hello(link) == b"hello\r\n"
        link.close()
    assert site.count("open_shells") == 1, "until the host finds it idle"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("os", [OLD, "2016"])
def test_a_shell_that_is_replaced_while_the_network_breaks(serve: Serve, os: str) -> None:
    """It is opened again, as at the start, and what was opened unseen is given back at once."""
    site = serve(os)
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(site.front.port))
        link = site.connect(ansible_port=proxy.port)
        link._foothold.shell().commands_left = 0  # type: ignore[attr-defined]
        before(site, "Create", TRIES - 1, lambda: proxy.plan(Trouble(Kind.RESET, False, 0)))
        assert hello(link) == b"hello\r\n"
        assert site.count("creates") == 1 + TRIES
        assert site.count("open_shells") == 1
        link.close()
    assert site.count("open_shells") == 0
    assert site.machine.ran == ["out hello"]


@pytest.mark.usefixtures("impatient")
def test_a_shell_that_cannot_be_replaced(serve: Serve) -> None:
    """The task fails, and nothing is left all the same: somebody answers there."""
    site = serve(OLD)
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(site.front.port))
        link = site.connect(ansible_port=proxy.port)
        link._foothold.shell().commands_left = 0  # type: ignore[attr-defined]
        before(site, "Create", TRIES, lambda: proxy.plan(Trouble(Kind.RESET, False, 0)))
        with pytest.raises(Unreachable) as caught:
            hello(link)
    assert not caught.value.may_have_started
    assert site.count("open_shells") == 0
    assert site.machine.ran == []


def test_what_a_connection_could_not_give_back_the_next_one_of_the_run_does(
    serve: Serve, tmp_path: Path
) -> None:
    site = serve(OLD)
    place = Place("web01", TRANSPORT, TRANSPORT.options("web01", site.variables()))
    with Journal.open(tmp_path / "journal.db") as journal:
        run = a_run("web01")
        journal.begin(run)
        access = Access(Stop())
        access.ledger = Held(journal, run.id)
        link, _ = access.connect(place, 30)
        answer_with(site, "Delete", 5)
        link.close()
        assert site.count("open_shells") == 1
        link, _ = access.connect(place, 30)
        assert site.count("open_shells") == 1, "the new one"
        other, _ = access.connect(place, 30)
        assert site.count("open_shells") == 2, "what is in use stays"
        link.close()
        other.close()
    assert site.count("open_shells") == 0
    assert site.count("deletes") == 4
