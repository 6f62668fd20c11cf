"""A socket whose calls end in time, whether the kernel keeps it or Python."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from runner.transports.winrm import socket as winrm_socket
from runner.transports.winrm.socket import TimedSocket

Pair = tuple[TimedSocket, socket.socket]


@pytest.fixture(params=[False, True], ids=["by the kernel", "by Python, as with TLS"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(30)
        yield TimedSocket(ours, tls=request.param), theirs


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def test_what_was_sent_comes_back(pair: Pair) -> None:
    timed, theirs = pair
    timed.send(b"hello", soon())
    assert theirs.recv(100) == b"hello"
    theirs.sendall(b"good day")
    assert timed.receive(soon()) == b"good day"
    theirs.shutdown(socket.SHUT_WR)
    assert timed.receive(soon()) == b""


def test_a_silent_host_holds_nobody(pair: Pair) -> None:
    timed, theirs = pair
    for _ in range(2):
        end = soon(0.05)
        with pytest.raises(TimeoutError):
            timed.receive(end)
        assert time.monotonic() >= end
    theirs.sendall(b"late")
    assert timed.receive(soon()) == b"late"


def test_a_host_that_takes_nothing_holds_nobody(pair: Pair) -> None:
    timed, _ = pair
    with pytest.raises(TimeoutError):
        timed.send(b"x" * 10_000_000, soon(0.1))


def test_a_moment_that_has_passed_is_not_begun(pair: Pair) -> None:
    timed, theirs = pair
    theirs.sendall(b"too late")
    with pytest.raises(TimeoutError):
        timed.receive(soon(-1))


def test_it_waits_longer_than_the_kernel_looks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winrm_socket, "_GLANCE", 0.01)
    timed, theirs = pair
    looks: list[float] = []
    limit = TimedSocket._limit

    def counted(self: TimedSocket, end: float) -> None:
        looks.append(end)
        if len(looks) == 5 or (looks and self is timed and not timed._by_kernel):
            theirs.sendall(b"after some looks")
        limit(self, end)

    monkeypatch.setattr(TimedSocket, "_limit", counted)
    assert timed.receive(soon()) == b"after some looks"


def test_much_is_sent_in_pieces(pair: Pair) -> None:
    timed, theirs = pair
    text = bytes(range(256)) * 4000
    got = bytearray()

    def read() -> None:
        while len(got) < len(text):
            got.extend(theirs.recv(65536))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    timed.send(text, soon())
    reader.join(30)
    assert got == text
