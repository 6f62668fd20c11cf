"""The connection that sees whether a host is there, and how many there may be at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

import pytest

from runner.interfaces.access import Keeper
from tests.engine.hosts.test_access import Guarded, Host, Kept, Site, look
from tests.engine.toys import ToyOptions


class Reaching(Guarded):
    """Its connections are real sockets, which are told apart by who has the other end."""

    def __init__(self, hosts: Mapping[str, Host], *, takes: bool) -> None:
        super().__init__(hosts)
        self.takes = takes
        self.ends: list[socket.socket] = []

    def reach(self, options: ToyOptions, *, timeout: float) -> socket.socket:
        super().reach(options, timeout=timeout)
        ours, theirs = socket.socketpair()
        self.ends.append(theirs)
        return ours

    def open(self, options: ToyOptions, *, timeout: float, keeper: Keeper) -> Kept:
        if self.takes:
            sock = keeper.reached()
            assert sock is not None
            assert keeper.reached() is None, "it is given once"
            sock.sendall(b"logon")
            sock.close()
        return super().open(options, timeout=timeout, keeper=keeper)


@pytest.mark.parametrize(("takes", "sent"), [(True, b"logon"), (False, b"")])
def test_the_connection_of_the_knock_is_the_logons_or_is_closed(takes: bool, sent: bytes) -> None:
    site = Site("a")
    site.transport = transport = Reaching(site.hosts, takes=takes)
    look(site.links.get("a"))
    (end,) = transport.ends
    end.settimeout(30)
    assert end.recv(100) == sent
    assert end.recv(100) == b"", "nobody has it any more"
    end.close()


def test_a_connection_that_nobody_needs_makes_room_for_another() -> None:
    site = Site("a", "b", "c", "d")
    site.links.keep_at_most(2)
    for name in "abcd":
        look(site.links.get(name))
        links = [site.links.get(each) for each in "abcd"]
        assert sum(link.connection is not None for link in links) <= 2
    assert [host.logons for host in site.hosts.values()] == [1] * 4
    look(site.links.get("a"))
    assert site.hosts["a"].logons == 1, "the one that waits longest for its turn made way"
    look(site.links.get("b"))
    assert site.hosts["b"].logons == 2


def test_a_connection_that_is_worked_with_stays() -> None:
    site = Site("a", "b")
    site.links.keep_at_most(1)
    first = site.links.get("a")
    busy, leave = threading.Event(), threading.Event()

    def work() -> None:
        with first.lock:
            look(first)
            busy.set()
            assert leave.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(30)
    look(site.links.get("b"))
    assert first.connection is not None
    leave.set()
    thread.join(30)
