"""The controller runs out of file descriptors: it says so, and blames no host."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from runner.interfaces import shortage
from tests.transports.conftest import Serve

PROGRAM = """
import json, os, resource, socket, sys
SOCKETS = []
dial = socket.create_connection
def dialled(*words, **more):
    SOCKETS.append(dial(*words, **more))
    return SOCKETS[-1]
socket.create_connection = dialled
from runner import shells, transports
from runner.engine.hosts.access import Access
from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader
from runner.engine.stop import Stop
from runner.errors import TransportError
from runner.interfaces.shell import Invocation

LIMIT = 100
name, language, line, breaks, variables = json.loads(sys.argv[1])
transport = transports.load(name)
options = transport.options("web01", variables)
taken = []

def new_link():
    stop = Stop()
    return Link("web01", transport, options, shells.load, language, stop, access=Access(stop))

def take(down_to):
    while True:
        try:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return
        if taken[-1] >= LIMIT - down_to:
            return

def go(link):
    try:
        return Reader(link, 60.0)._exchange(shells.load(language), Invocation(line), None).code
    except TransportError as error:
        return [type(error).__name__, error.message, error.hint, error.may_have_started]

first = new_link()
assert go(first) == 0, "all that a visit loads is loaded"
first.drop()
resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
link = new_link()
take(30)
if breaks:
    link.open()
    ours = [sock for sock in SOCKETS if sock.fileno() >= 0]
    take(0)
    for sock in ours:
        sock.shutdown(socket.SHUT_RDWR)
else:
    take(0)
said = go(link)
for each in taken:
    os.close(each)
link.drop()
print(json.dumps(said))
"""


def out_of_files(
    name: str, language: str, line: str, breaks: bool, variables: dict[str, Any]
) -> Any:
    """What a command comes to in a process that can open no more files; ``breaks``: under its
    connection, which was there before."""
    words = json.dumps([name, language, line, breaks, variables])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, words],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def expect(said: Any) -> None:
    assert isinstance(said, list), "it found descriptors all the same"
    kind, message, hint, may_have_started = said
    assert kind in ("Unreachable", "ConnectionLost")
    assert "cannot open any more files (limit 100)" in message
    assert hint == shortage.ADVICE
    assert "ulimit -n" in hint
    assert "--forks" in hint
    assert may_have_started is False


WAYS = pytest.mark.parametrize(("scheme", "logon"), [("http", "ntlm"), ("https", "basic")])


@WAYS
def test_nothing_is_left_to_connect_with(serve: Serve, scheme: str, logon: str) -> None:
    site = serve(scheme=scheme)
    variables = site.variables(ansible_winrm_transport=logon)
    expect(out_of_files("winrm", "cmd", "out hello", False, variables))
    assert site.count("failed_logons") == 0


@WAYS
def test_a_connection_that_breaks_is_made_anew_with_what_it_leaves(
    serve: Serve, scheme: str, logon: str
) -> None:
    """What tells one failure from the other was loaded while it could be."""
    site = serve(scheme=scheme)
    variables = site.variables(ansible_winrm_transport=logon)
    assert out_of_files("winrm", "cmd", "out hello", True, variables) == 0
    assert site.machine.ran == ["out hello", "out hello"]


def test_a_local_program() -> None:
    expect(out_of_files("local", "posix", "true", False, {}))
