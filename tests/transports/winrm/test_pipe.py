"""Our HTTP reader: answers as they come, in pieces, odd ones, and those that never end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.pipe import Answer, Closed, NotHttp, Pipe

OK = b"HTTP/1.1 200 \r\n"
USUAL = OK + b"Content-Type: a/b\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 5\r\n\r\nhello"
HELLO = Answer(200, b"a/b", "", b"hello")
EMPTY = Answer(200, b"", "", b"hello")

Serve = Callable[[socket.socket], None]


@contextmanager
def talking(serve: Serve) -> Iterator[Pipe]:
    """A pipe to a server that does this when it was sent something."""
    listener = socket.create_server(("127.0.0.1", 0))

    def attend() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(30)
            try:
                while sock.recv(65536):
                    serve(sock)
            except OSError:
                pass

    thread = threading.Thread(target=attend, daemon=True)
    thread.start()
    pipe = Pipe("127.0.0.1", listener.getsockname()[1], None)
    pipe.connect(30)
    try:
        yield pipe
    finally:
        pipe.close()
        thread.join(30)
        listener.close()


def says(*pieces: bytes, close: bool = False) -> Serve:
    def serve(sock: socket.socket) -> None:
        for piece in pieces:
            sock.sendall(piece)
        if close:
            sock.shutdown(socket.SHUT_WR)

    return serve


def asked(*pieces: bytes, close: bool = False, seconds: float = 30) -> Answer:
    with talking(says(*pieces, close=close)) as pipe:
        return pipe.exchange(b"POST", seconds)


OFFERS = (
    b"HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n"
    b"WWW-Authenticate: Basic x=y\r\n\r\n"
)
READABLE = {
    "usual": (USUAL, HELLO),
    "other names": (OK + b"content-length:5 \r\n\r\nhello", EMPTY),
    "a reason": (USUAL.replace(b"200 ", b"200 OK"), HELLO),
    "none": (USUAL.replace(b"200 ", b"200"), HELLO),
    "the same length twice": (
        OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", EMPTY
    ),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", EMPTY
    ),
    "chunks with a trailer": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", EMPTY
    ),
    "two offers": (OFFERS, Answer(401, b"", "Negotiate, Basic x=y", b"")),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, b"", "", b"")),
}  # fmt: skip

ODD = {
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two lengths, all else usual": USUAL.replace(b"Server: M", b"Content-Length: 50\r\nServer: M"),
    "length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    "no number": OK + b"Content-Length: five\r\n\r\nhello",
    "negative": OK + b"Content-Length: -5\r\n\r\nhello",
    "huge": OK + b"Content-Length: 99999999999\r\n\r\nhello",
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\nhello",
    "compressed": OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "chunks without a size": OK + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n",
    "chunks that do not end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    "a huge chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nh",
    "headers without end": OK + b"X: y\r\n" * 20000,
    "more than one answer": USUAL + USUAL,
    "one byte more": OK + b"Content-Length: 5\r\n\r\nhello!",
}


@pytest.mark.parametrize("name", READABLE)
def test_answers(name: str) -> None:
    sent, wanted = READABLE[name]
    assert asked(sent) == wanted


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_refused(name: str) -> None:
    with pytest.raises(AnswerRefused):
        asked(ODD[name])


@settings(max_examples=25, deadline=None)
@given(
    sent=st.sampled_from(sorted(READABLE)),
    cuts=st.lists(st.integers(0, 200), max_size=6).map(sorted),
)
def test_pieces_make_no_difference(sent: str, cuts: list[int]) -> None:
    data, wanted = READABLE[sent]
    edges = [0, *cuts, len(data)]
    assert asked(*(data[a:b] for a, b in pairwise(edges))) == wanted


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    with talking(says(OK + b"\r\nhel", b"lo", close=True)) as pipe:
        assert pipe.exchange(b"POST", 30) == EMPTY
        assert not pipe.usable


@pytest.mark.parametrize("sent", [b"", USUAL[:10], USUAL[:-1], USUAL[:60]])
def test_an_answer_that_is_cut_off(sent: bytes) -> None:
    with pytest.raises(Closed):
        asked(sent, close=True)


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x03\x00\x02\x02F",
        b"HTTP/2 200\r\n\r\n",
        b"hi\r\n\r\n",
    ],
)
def test_what_is_no_http(sent: bytes) -> None:
    with pytest.raises(NotHttp) as caught:
        asked(sent)
    assert caught.value.began.startswith(sent[:5])


def test_many_exchanges_on_one_connection() -> None:
    with talking(says(USUAL)) as pipe:
        for _ in range(5):
            assert pipe.usable
            assert pipe.exchange(b"POST" * 10, 30) == HELLO
        assert pipe.usable


@pytest.mark.parametrize("word", [b"close", b"Close", b"keep-alive, close"])
def test_a_host_that_says_it_closes_is_not_asked_again(word: bytes) -> None:
    said = OK + b"Connection: " + word + b"\r\nContent-Length: 5\r\n\r\nhello"
    with talking(says(said)) as pipe:
        assert pipe.exchange(b"POST", 30) == EMPTY
        assert not pipe.usable


def test_a_connection_that_was_closed_meanwhile_is_seen_before_anything_is_sent() -> None:
    with talking(says(USUAL, close=True)) as pipe:
        assert pipe.exchange(b"POST", 30) == HELLO
        end = time.monotonic() + 30
        while pipe.usable and time.monotonic() < end:
            time.sleep(0.002)
        assert not pipe.usable


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 O", OK + b"Content-Length: 900\r\n\r\n"])
def test_a_host_that_sends_a_byte_now_and_then_is_given_up(head: bytes) -> None:
    stop = threading.Event()

    def drip(sock: socket.socket) -> None:
        sock.sendall(head)
        while not stop.wait(0.01):
            sock.sendall(b"x")

    begun = time.monotonic()
    with talking(drip) as pipe:
        with pytest.raises(TimeoutError):
            pipe.exchange(b"POST", 0.3)
        stop.set()
    assert time.monotonic() - begun < 30


def test_a_host_that_says_nothing_is_given_up() -> None:
    with talking(lambda sock: None) as pipe, pytest.raises(TimeoutError):
        pipe.exchange(b"POST", 0.1)


def test_a_closed_pipe_sends_nothing() -> None:
    with talking(says(USUAL)) as pipe:
        pipe.close()
        assert not pipe.usable
        with pytest.raises(Closed):
            pipe.exchange(b"POST", 1)
