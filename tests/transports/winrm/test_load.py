"""Many connections that break at the same moment, and commands that are ended from outside."""

from __future__ import annotations

import threading
import time

import pytest

from runner.errors import TransportError
from runner.interfaces.shell import Invocation, RawOutput
from runner.transports.winrm.connection import WinrmConnection
from tests.transports.conftest import TRANSPORT, Serve, Site, until
from tests.transports.winrm.test_quota import Notes

HOSTS = 12


class Visitor:
    """Runs one command on a thread of its own."""

    def __init__(self, site: Site, line: str, timeout: float = 20) -> None:
        self.site, self.notes = site, Notes()
        options = TRANSPORT.options("web01", site.variables())
        self.link: WinrmConnection = TRANSPORT.open(options, timeout=10, keeper=self.notes)
        self.raw: RawOutput | None = None
        self.error: TransportError | None = None
        self.thread = threading.Thread(target=self._run, args=(line, timeout))
        self.thread.start()

    def _run(self, line: str, timeout: float) -> None:
        try:
            self.raw = self.link.run(Invocation(line), timeout=timeout)
        except TransportError as error:
            self.error = error


def receiving(sites: list[Site]) -> bool:
    """Whether every host holds a Receive."""
    return all(site.count("receives") for site in sites)


@pytest.mark.usefixtures("impatient")
def test_a_network_that_breaks_under_all_is_waited_for_and_nothing_runs_twice(
    serve: Serve,
) -> None:
    sites = [serve(name=f"web{number:02}") for number in range(HOSTS)]
    visitors = [Visitor(site, "rest 2") for site in sites]
    assert until(lambda: receiving(sites), 10)
    for site in sites:
        for connection in list(site.front._connections):
            connection.abort()
    for visitor in visitors:
        visitor.thread.join(20)
    for visitor in visitors:
        assert visitor.error is not None, "an answer may have been lost with its output"
        assert "ended with exit code 0" in visitor.error.message
    assert all(site.machine.ran == ["rest 2"] for site in sites)
    assert all(visitor.notes.admitted >= 1 for visitor in visitors), "they wait for their turn"
    assert all(visitor.notes.open == [] for visitor in visitors)
    assert all(site.count("open_shells") == 0 for site in sites)


def test_commands_are_ended_from_another_thread_in_time(serve: Serve) -> None:
    sites = [serve(name=f"web{number:02}") for number in range(HOSTS)]
    visitors = [Visitor(site, "wait") for site in sites]
    assert until(lambda: receiving(sites), 10)
    begun = time.monotonic()
    enders = [threading.Thread(target=visitor.link.end_now, args=(8,)) for visitor in visitors]
    for thread in enders:
        thread.start()
    for thread in enders:
        thread.join(10)
    assert time.monotonic() - begun < 8
    for visitor in visitors:
        visitor.thread.join(5)
        assert visitor.error is not None
        assert visitor.error.may_have_started
        assert "does not go on" in visitor.error.message
        assert visitor.notes.open == []
    assert until(lambda: all(site.machine.ended == ["wait"] for site in sites))
    assert all(site.count("open_shells") == 0 for site in sites)


def test_an_idle_connection_is_ended_from_another_thread_and_stays_dead(site: Site) -> None:
    link = TRANSPORT.open(TRANSPORT.options("web01", site.variables()), timeout=10, keeper=Notes())
    assert link.end_now(5)
    assert site.count("open_shells") == 0
    with pytest.raises(TransportError, match="closed") as caught:
        link.run(Invocation("out hello"), timeout=5)
    assert not caught.value.may_have_started
    assert link.end_now(5), "it may be repeated"
    link.close()


def test_a_shell_that_is_opened_while_all_is_being_ended_is_given_back(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes while the shell is replaced: the new one must not be forgotten."""
    site, notes = serve(), Notes()
    link = TRANSPORT.open(TRANSPORT.options("web01", site.variables()), timeout=10, keeper=notes)
    link._foothold.shell().commands_left = 0
    create = type(link._foothold.link).create_named

    def and_stop(self: object, *arguments: object) -> object:
        threading.Thread(target=link.end_now, args=(3,)).start()
        time.sleep(0.3)
        return create(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(link._foothold.link), "create_named", and_stop)
    with pytest.raises(TransportError, match="stopped"):
        link.run(Invocation("out hello"), timeout=5)
    assert site.machine.ran == []
    assert site.count("open_shells") == 0
    assert notes.open == []
