"""One TCP or TLS connection on which HTTP requests go out and answers come back.

Blocking, for one thread. A request leaves in one piece, and the whole answer must be there by a
moment that is told beforehand: a host that sends a byte now and then holds nobody. What is not
HTTP/1.1 as RFC 9112 has it is refused, never guessed.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import time
from typing import Final, NamedTuple

from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.socket import TimedSocket

_LONGEST_HEAD: Final = 65536
_LONGEST_BODY: Final = 32 * 1024 * 1024
"""A host answers with at most MaxEnvelopeSize, which we ask to be 150 kB."""
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?\r\n")
_FIELD: Final = re.compile(
    rb"^(content-length|content-type|content-encoding|transfer-encoding|connection"
    rb"|www-authenticate):[ \t]*([^\r\n]*?)[ \t]*\r$",
    re.IGNORECASE | re.MULTILINE,
)
_USUAL: Final = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*\r\n"
    rb"(?:Content-Type: (?P<type>[^\r\n]+)\r\n"
    rb"|Content-Length: (?P<length>\d{1,7})\r\n"
    rb"|(?:Server|Date|Cache-Control): [^\r\n]*\r\n){2,8}+\r\n"
)
"""An answer of HTTP.sys, with nothing but these headers."""
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Closed(ConnectionError):
    """The other side ended the connection before a whole answer was there."""


class NotHttp(ConnectionError):
    """What came back does not begin as HTTP does; ``began`` is how it does."""

    def __init__(self, began: bytes) -> None:
        super().__init__(f"not HTTP: {began[:40]!r}")
        self.began = began


class Answer(NamedTuple):
    """``type`` is the Content-Type, ``offers`` are all WWW-Authenticate headers."""

    status: int
    type: bytes
    offers: str
    body: bytes


class Pipe:
    """Made without contact. ``name`` is the host, for TLS; ``context`` None is plain TCP."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext | None) -> None:
        self._name = name
        self._port = port
        self._context = context
        self._sock: socket.socket | None = None
        self._timed: TimedSocket | None = None
        self._poll: select.poll | None = None
        self._left = bytearray()
        self._answered = 0
        self._is_last = False

    @property
    def usable(self) -> bool:
        """Whether the connection is open, as far as can be seen without sending."""
        if self._sock is None or self._poll is None:
            return False
        if self._is_last:
            return False
        # A TLS host may send session tickets before its first answer.
        if self._answered == 0:
            return True
        return not self._poll.poll(0)

    @property
    def number(self) -> int:
        """The connection's descriptor; -1 where there is none."""
        return -1 if self._sock is None else self._sock.fileno()

    def connect(self, seconds: float, reached: socket.socket | None = None) -> None:
        """Open the TCP connection, or take the one that is there.

        Raises OSError (TimeoutError, gaierror).
        """
        self.close()
        self._sock = reached or socket.create_connection(
            (self._name, self._port), max(seconds, 0.001)
        )
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is None:
            self._timed = TimedSocket(self._sock, tls=False)
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        self._left.clear()
        self._answered = 0
        self._is_last = False

    def secure(self, seconds: float) -> bytes:
        """The TLS handshake, where there is TLS; returns the host's certificate (DER).

        Raises ssl.SSLError, OSError.
        """
        if self._context is None or self._sock is None:
            return b""
        self._sock.settimeout(max(seconds, 0.001))
        secure = self._context.wrap_socket(self._sock, server_hostname=self._name)
        self._sock, self._timed = secure, TimedSocket(secure, tls=True)
        return secure.getpeercert(binary_form=True) or b""

    def close(self) -> None:
        """Close it for good or until the next ``connect``. Never raises."""
        sock, self._sock, self._timed, self._poll = self._sock, None, None, None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()

    def __del__(self) -> None:
        self.close()

    def exchange(self, request: bytes, seconds: float) -> Answer:
        """Send a request and read its answer, within that time in all.

        Raises OSError (TimeoutError, Closed, NotHttp), AnswerRefused.
        """
        timed = self._timed
        if timed is None:
            raise Closed("there is no connection")
        end = time.monotonic() + seconds
        timed.send(request, end)
        data = timed.receive(end)
        usual = _USUAL.match(data)
        if usual is not None:
            at, length = usual.end(), usual["length"]
            # One length, and all of it is here: as it nearly always is.
            if data.count(b"Content-Length:", 0, at) == 1 and len(data) - at == int(length):
                self._answered += 1
                return Answer(int(usual[1]), usual["type"] or b"", "", data[at:])
        self._left += data
        if not data:
            raise Closed("the host closed the connection without an answer")
        return self._read(end)

    def _read(self, end: float) -> Answer:
        head = self._read_head(end)
        began = _STATUS.match(head)
        if began is None:
            raise NotHttp(head)
        fields: dict[bytes, list[str]] = {}
        for name, value in _FIELD.findall(head):
            fields.setdefault(name.lower(), []).append(value.decode("latin-1"))
        body, open_still = self._body(int(began[2]), fields, end)
        if not open_still or began[1] == b"0" or _says(fields, b"connection", "close"):
            self._is_last = True
        self._answered += 1
        if self._left:
            raise AnswerRefused("more came than one answer")
        return Answer(
            int(began[2]),
            ", ".join(fields.get(b"content-type", ())).encode("latin-1"),
            ", ".join(fields.get(b"www-authenticate", ())),
            body,
        )

    def _read_head(self, end: float) -> bytes:
        try:
            while (size := self._left.find(b"\r\n\r\n") + 4) < 4:
                if len(self._left) > _LONGEST_HEAD:
                    raise AnswerRefused("its HTTP headers do not end")
                self._check_begin()
                self._more(end)
        except Closed:
            self._check_begin(is_all=True)
            raise
        head = bytes(self._left[:size])
        del self._left[:size]
        return head

    def _check_begin(self, *, is_all: bool = False) -> None:
        """Whether it may become an HTTP answer; of a TLS alert that shows at once."""
        begins = bytes(self._left[:5])
        judged = is_all or b"\n" in self._left or begins[:1] < b" "
        if judged and begins and not b"HTTP/".startswith(begins):
            raise NotHttp(bytes(self._left[:80]))

    def _body(self, status: int, fields: dict[bytes, list[str]], end: float) -> tuple[bytes, bool]:
        """The body, and whether the connection goes on after it."""
        if status < 200:
            raise AnswerRefused(f"HTTP {status}, which was not asked for")
        if any(value.lower() != "identity" for value in fields.get(b"content-encoding", ())):
            raise AnswerRefused("it is compressed, which was not asked for")
        lengths = set(fields.get(b"content-length", ()))
        if codings := fields.get(b"transfer-encoding"):
            if lengths or [value.lower() for value in codings] != ["chunked"]:
                raise AnswerRefused("nobody can tell where its HTTP body ends")
            return self._chunks(end), True
        if status in (204, 304):
            return b"", True
        if not lengths:
            return self._until_closed(end), False
        (length, *others) = lengths
        if others or not (length.isascii() and length.isdigit()) or int(length) > _LONGEST_BODY:
            raise AnswerRefused(f"its Content-Length is {', '.join(sorted(lengths))[:60]!r}")
        return self._take(int(length), end), True

    def _chunks(self, end: float) -> bytes:
        body = bytearray()
        while True:
            size = int(self._line(_CHUNK, end)[1], 16)
            if len(body) + size > _LONGEST_BODY:
                raise AnswerRefused("it is too large")
            if size == 0:
                break
            body += self._take(size, end)
            self._line(_LINE_END, end)
        while self._line(_TRAILER, end)[0] != b"\r\n":
            pass
        return bytes(body)

    def _line(self, shape: re.Pattern[bytes], end: float) -> re.Match[bytes]:
        while (size := self._left.find(b"\n") + 1) == 0:
            if len(self._left) > _LONGEST_HEAD:
                raise AnswerRefused("a line of its HTTP chunks does not end")
            self._more(end)
        line = bytes(self._left[:size])
        del self._left[:size]
        found = shape.fullmatch(line)
        if found is None:
            raise AnswerRefused("its HTTP chunks are broken")
        return found

    def _take(self, size: int, end: float) -> bytes:
        while len(self._left) < size:
            self._more(end)
        body = bytes(self._left[:size])
        del self._left[:size]
        return body

    def _until_closed(self, end: float) -> bytes:
        with contextlib.suppress(Closed):
            while len(self._left) <= _LONGEST_BODY:
                self._more(end)
            raise AnswerRefused("it is too large")
        body = bytes(self._left)
        self._left.clear()
        return body

    def _more(self, end: float) -> None:
        if self._timed is None:
            raise Closed("there is no connection")
        data = self._timed.receive(end)
        if not data:
            raise Closed("the host closed the connection under its answer")
        self._left += data


_LINE_END: Final = re.compile(rb"\r\n")
_TRAILER: Final = re.compile(rb"[^\n]*\r\n")


def _says(fields: dict[bytes, list[str]], name: bytes, word: str) -> bool:
    return any(word in value.lower() for value in fields.get(name, ()))
