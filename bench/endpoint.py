"""A WinRM endpoint for many simulated hosts in one process: ``python -m bench.endpoint``.

Cheap enough that the client is what is measured, and honest: real TCP, HTTP/1.1, NTLM with sealed
messages or Basic, shells with the operations of [MS-WSMV] 3.1.4, commands run by the lab's cmd.
Each address of 127/8 that is called is a host of its own; one listening socket serves them all.
``latency`` holds back every answer by so many seconds (connecting itself is not slowed down).

It prints its port and then obeys lines of JSON on standard input: ``{"do": "begin", "latency":
0.02, "hosts": ["127.80.0.1"]}`` makes these hosts anew, ``{"do": "end"}`` is answered with the
counters. It ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import resource
import sys
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

from bench.hosts import Counters, Hosts
from bench.logon import SEALED_TYPE, LogonFailed, Negotiated, basic_is_right, write_users

_PLAIN_TYPE: Final = "application/soap+xml;charset=UTF-8"
_OFFERS: Final = 'WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm="WSMAN"\r\n'
_BACKLOG: Final = 4096


class Server:
    """What all connections share."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.hosts = Hosts(self.counters)
        self.latency = 0.0

    def obey(self, line: str) -> str | None:
        """Do what a line of standard input says; returns what to print."""
        order = json.loads(line)
        if order["do"] == "end":
            return json.dumps(asdict(self.counters))
        self.latency = float(order["latency"])
        self.hosts.prepare(order["hosts"])
        for field in fields(Counters):
            setattr(self.counters, field.name, 0)
        gc.collect()
        return json.dumps({})


class Connection(asyncio.Protocol):
    """One connection: requests come one after the other, answers go in their order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = bytearray()
        self._logon: Negotiated | None = None
        self._host = ""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio. Only loopback is served, whatever address the socket is bound to."""
        self._host = transport.get_extra_info("sockname")[0]
        if not self._host.startswith("127.") or not isinstance(transport, asyncio.Transport):
            transport.close()
            return
        self._transport = transport
        self._server.counters.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._server.counters.bytes_in += len(data)
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = _headers(bytes(self._buffer[:end]))
        length = int(head.get("content-length", "0"))
        if len(self._buffer) < end + 4 + length:
            return False
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        self._server.counters.exchanges += 1
        self._request(head, body)
        return True

    def _request(self, head: dict[str, str], body: bytes) -> None:
        scheme, _, token = head.get("authorization", "").partition(" ")
        answer = ""
        if scheme.lower() in {"negotiate", "ntlm"}:
            try:
                answer = self._negotiate(scheme, base64.b64decode(token))
            except LogonFailed:
                self._server.counters.refused_logons += 1
                self._logon = None
            if self._logon is None or not self._logon.complete:
                self._write(401, b"", answer or _OFFERS)
                return
            self._server.counters.logons += 1
        elif scheme.lower() == "basic" and not basic_is_right(token):
            self._server.counters.refused_logons += 1
            self._write(401, b"", _OFFERS)
            return
        elif not scheme and (self._logon is None or not self._logon.complete):
            self._write(401, b"", _OFFERS)
            return
        if not body:
            self._write(200, b"", answer)
            return
        self._envelope(head, body, answer)

    def _negotiate(self, scheme: str, token: bytes) -> str:
        if self._logon is None or self._logon.complete:
            self._logon = Negotiated(token)
        answer = self._logon.step(token)
        return f"WWW-Authenticate: {scheme} {base64.b64encode(answer).decode()}\r\n"

    def _envelope(self, head: dict[str, str], body: bytes, extra: str) -> None:
        sealer = self._logon
        if sealer is not None:
            if not head.get("content-type", "").startswith("multipart/encrypted"):
                self._write(500, b"", extra)  # AllowUnencrypted=false
                return
            try:
                body = sealer.unseal(body)
            except LogonFailed:
                self._write(400, b"", extra)
                return

        def reply(status: int, plain: bytes) -> None:
            sealed = plain if sealer is None else sealer.seal(plain)
            kind = _PLAIN_TYPE if sealer is None else SEALED_TYPE
            self._write(status, sealed, f"{extra}Content-Type: {kind}\r\n")

        self._server.hosts.serve(self._host, body, reply)

    def _write(self, status: int, body: bytes, headers: str) -> None:
        data = (
            f"HTTP/1.1 {status} \r\n{headers}Server: Microsoft-HTTPAPI/2.0\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        self._server.counters.bytes_out += len(data)
        if self._server.latency:
            asyncio.get_running_loop().call_later(self._server.latency, self._send, data)
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }


async def serve(server: Server, port: int) -> None:
    """Listen, obey standard input, return when that ends."""
    loop = asyncio.get_running_loop()
    # One socket for thousands of addresses; connections from elsewhere are closed at once.
    listening = await loop.create_server(
        lambda: Connection(server), "0.0.0.0", port, backlog=_BACKLOG
    )
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        said = server.obey(line.decode())
        if said is not None:
            print(said, flush=True)
    listening.close()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    port = parser.parse_args().port
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as directory, contextlib.suppress(KeyboardInterrupt):
        write_users(Path(directory))
        asyncio.run(serve(Server(), port))


if __name__ == "__main__":
    main()
