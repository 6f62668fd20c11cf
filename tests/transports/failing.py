"""Ways to make a host, or the way to it, fail at one verb: for real, on the wire."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from runner.lab.winrm.connection import Connection as FrontConnection
from runner.lab.winrm.wsman import names as wsman_names
from runner.lab.winrm.wsman.faults import Fault
from tests.transports.certificates import Issuer, server_context
from tests.transports.conftest import Site
from tests.transports.tcp_proxy import Proxy, Trouble

VERBS = {
    "Create": wsman_names.CREATE,
    "Command": wsman_names.COMMAND,
    "Send": wsman_names.SEND,
    "Receive": wsman_names.RECEIVE,
    "Signal": wsman_names.SIGNAL,
    "Delete": wsman_names.DELETE,
    "Enumerate": wsman_names.ENUMERATE,
}


Tinker = Callable[[Site, contextlib.ExitStack], Mapping[str, Any] | None]
"""Does something to the site, and may return inventory variables."""


def answer_with(
    site: Site, verb: str, code: int, times: int = 1, *, after: bool = False, wmi: bool = False
) -> None:
    """Have the host answer a verb with a fault, so many times; ``after`` it has carried it out."""
    service = site.front._served.service
    handlers: Any = service._handlers
    what, handler = handlers[VERBS[verb]]
    left = [times]

    def failing(request: Any, caller: Any) -> bytes:
        if left[0] <= 0:
            done: bytes = handler(request, caller)
            return done
        left[0] -= 1
        if after:
            handler(request, caller)
        raise Fault(code, f"Fault {code}. ", "s:Receiver", "w:InternalError", wmi=wmi)

    handlers[VERBS[verb]] = (what, failing)


def lose_shell_after(site: Site, verb: str) -> None:
    """The shell is gone as soon as that verb was answered, once."""
    service = site.front._served.service
    handlers: Any = service._handlers
    what, handler = handlers[VERBS[verb]]
    left = [1]

    def losing(request: Any, caller: Any) -> bytes:
        done: bytes = handler(request, caller)
        if left[0]:
            left[0] -= 1
            service.shells.clear()
        return done

    handlers[VERBS[verb]] = (what, losing)


@contextmanager
def canned(head: str, body: bytes = b"") -> Iterator[int]:
    """A server that gives every request the same answer; the port that it listens on."""
    answer = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    def serve(sock: socket.socket) -> None:
        sock.settimeout(2)
        if sock.recv(65536):
            sock.sendall(answer + body)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass

    with _listening(serve) as port:
        yield port


@contextmanager
def silent() -> Iterator[int]:
    """A port whose connections are never accepted, and whose queue is full: SYNs are dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def _listening(serve: Callable[[socket.socket], None], *, at_once: bool = False) -> Iterator[int]:
    """Serve connections one after the other, or ``at_once``; the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def attend(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            serve(sock)

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            if at_once:
                threading.Thread(target=attend, args=(sock,), daemon=True).start()
            else:
                attend(sock)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def fault(
    verb: str, code: int, times: int = 1, *, after: bool = False, wmi: bool = False
) -> Tinker:
    return lambda site, _stack: answer_with(site, verb, code, times, after=after, wmi=wmi)


def at(when: str, tinker: Tinker) -> dict[str, Any]:
    """The tinkering, before the connection or under it."""
    return {when: tinker}


def inject(kind: str, times: int = 1) -> Tinker:
    return lambda site, _stack: site.front.inject(kind, times)


def says(**variables: Any) -> Tinker:
    return lambda _site, _stack: variables


def answers(head: str, body: bytes = b"") -> Tinker:
    return lambda _site, stack: {"ansible_port": stack.enter_context(canned(head, body))}


def on_the_way(*troubles: Trouble) -> Tinker:
    """A proxy in front, with these troubles from the first byte on."""

    def tinker(site: Site, stack: contextlib.ExitStack) -> Mapping[str, Any]:
        proxy = stack.enter_context(Proxy(site.front.port))
        proxy.plan(*troubles)
        PROXY.append(proxy)
        return {"ansible_port": proxy.port}

    return tinker


PROXY: list[Proxy] = []


def meanwhile(*troubles: Trouble) -> Tinker:
    """The same proxy gets in the way of what is sent from now on."""

    def tinker(_site: Site, _stack: contextlib.ExitStack) -> None:
        PROXY[-1].plan(*troubles)

    return tinker


def impatiently(site: Site, stack: contextlib.ExitStack) -> Mapping[str, Any]:
    """By way of a proxy, and waiting two seconds for each answer."""
    variables = on_the_way()(site, stack) or {}
    seconds = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 2}
    return {**variables, **seconds}


def off(site: Site, _stack: contextlib.ExitStack) -> None:
    site.machine.power_off()


def full(_site: Site, stack: contextlib.ExitStack) -> Mapping[str, Any]:
    return {"ansible_port": stack.enter_context(silent())}


def refuse_for_good(site: Site, stack: contextlib.ExitStack) -> None:
    """The same, and the new logon that follows is refused, too: the password was changed."""
    refuse_once(site, stack)
    site.front.inject("refuse_logon", 99)


def unreadable(verb: str) -> Tinker:
    """The answer to that verb is a web page, sealed as it should be."""

    def tinker(site: Site, _stack: contextlib.ExitStack) -> None:
        handlers: Any = site.front._served.service._handlers
        what, _handler = handlers[VERBS[verb]]
        handlers[VERBS[verb]] = (what, lambda _request, _caller: b"<html>hi</html")

    return tinker


def ends_tls(site: Site, stack: contextlib.ExitStack) -> Mapping[str, Any]:
    """Somebody in between ends TLS with a certificate of his own, which the client trusts."""
    issuer, folder = Issuer(), site.folder
    context = server_context(issuer.issue("127.0.0.1", "127.0.0.1"), folder, "middle")
    authority = folder / "middle-ca.pem"
    authority.write_bytes(issuer.papers.pem)
    onward = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    onward.check_hostname, onward.verify_mode = False, ssl.CERT_NONE

    def serve(raw: socket.socket) -> None:
        there = socket.create_connection(("127.0.0.1", site.front.port), 5)
        client, host = context.wrap_socket(raw, server_side=True), onward.wrap_socket(there)
        with client, host:
            client.settimeout(0.05)
            host.settimeout(0.05)
            while not (_carried(client, host) or _carried(host, client)):
                pass

    port = stack.enter_context(_listening(serve, at_once=True))
    return {"ansible_port": port, "ansible_winrm_ca_trust_path": str(authority)}


def _carried(source: ssl.SSLSocket, sink: ssl.SSLSocket) -> bool:
    """Pass on what there is; whether it was the end."""
    try:
        data = source.recv(65536)
    except TimeoutError:
        return False
    sink.settimeout(5)
    sink.sendall(data)
    sink.settimeout(0.05)
    return not data


def refuse_once(site: Site, stack: contextlib.ExitStack) -> None:
    """The next message on a connection that is logged on is answered 401."""
    real = FrontConnection._sealed
    left = [1]

    def sealed(self: FrontConnection, *arguments: Any) -> None:
        if left[0]:
            left[0] -= 1
            self._unauthorized(["Negotiate"])
        real(self, *arguments)

    patch = stack.enter_context(pytest.MonkeyPatch.context())
    patch.setattr(FrontConnection, "_sealed", sealed)
