"""Shells that a host opened for us without our learning of their names: found, and given back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from runner.interfaces.access import Keeper
from runner.interfaces.shell import Invocation
from runner.transports import winrm_strays
from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_foothold import Foothold
from runner.transports.winrm_strays import Listed, read, strays
from tests.transports.conftest import TRANSPORT, Serve, Site, hello
from tests.transports.failing import VERBS, answer_with
from tests.transports.tcp_proxy import Kind, Proxy, Trouble
from tests.transports.test_winrm_quota import Notes

CMD = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
OLD = "2008r2-sp1"


def shell(name: str, **more: Any) -> Listed:
    values = {"resource": CMD, "owner": "CORP\\ops", "client": "10.0.0.9", "age": 30, "idle": 30}
    return Listed(name, **{**values, **more})


OURS = shell("OURS", age=40, idle=0)
LEFT_ALONE = {
    "ours": OURS,
    "one that we know of": shell("known"),
    "another user's": shell("x", owner="CORP\\eve"),
    "another controller's": shell("x", client="10.0.0.8"),
    "PowerShell remoting": shell("x", resource="http://schemas.microsoft.com/powershell/x"),
    "one that was used": shell("x", age=30, idle=10),
    "one that is only just opened": shell("x", age=1, idle=1),
}


def test_what_was_opened_unseen() -> None:
    assert strays([OURS, shell("A"), shell("B", age=3, idle=2)], "ours", ()) == ["A", "B"]


@pytest.mark.parametrize("other", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_what_is_left_alone(other: Listed) -> None:
    assert strays([OURS, other], "OURS", ["KNOWN"]) == []


def test_without_our_own_shell_nobody_can_tell() -> None:
    assert strays([shell("A")], "OURS", ()) == []
    assert strays([shell("OURS", owner=""), shell("A", owner="")], "OURS", ()) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("P0DT0H0M9S", 9),
        ("P1DT2H3M4S", 93784),
        ("PT7200.000S", 7200),
        ("PT1M", 60),
        ("P2D", 172800),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    found = read(
        b'<a xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><rsp:Shell>'
        b"<rsp:ShellId>A</rsp:ShellId><rsp:ShellRunTime>%b</rsp:ShellRunTime>"
        b"<rsp:ShellInactivity>PT0S</rsp:ShellInactivity></rsp:Shell></a>" % text.encode()
    )
    assert found == [Listed("A", "", "", "", seconds, 0)]


def test_what_is_no_duration() -> None:
    with pytest.raises(ValueError, match="no duration"):
        read(b"<a><x:Shell xmlns:x='x'><x:ShellRunTime>long</x:ShellRunTime></x:Shell></a>")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winrm_strays, "_NEW_SECONDS", 0)


def lose_a_shell(site: Site, stack: contextlib.ExitStack) -> int:
    """The port of a proxy that cuts the connection before the answer to the next Create."""
    proxy = stack.enter_context(Proxy(site.front.port))
    handlers: Any = site.front._served.service._handlers
    what, handler = handlers[VERBS["Create"]]
    left = [1]

    def creating(request: Any, caller: Any) -> bytes:
        done: bytes = handler(request, caller)
        if left[0]:
            left[0] -= 1
            proxy.plan(Trouble(Kind.CUT, False, 0))
        return done

    handlers[VERBS["Create"]] = (what, creating)
    return proxy.port


class Recorded(Notes):
    """A run before this one had these on record."""

    def __init__(self, *left: str) -> None:
        super().__init__()
        self.left = left
        self.are_gone: list[str] = []

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
        assert hello(link) == b"hello\r\n"
        assert site.count("creates") == 2
        assert site.count("open_shells") == (2 if os == OLD else 1)
        link.close()
    assert site.count("open_shells") == 0
    assert site.count("enumerates") == listed
    assert site.machine.ran == ["out hello"]


@pytest.mark.usefixtures("impatient", "at_once")
def test_what_an_earlier_run_never_learned_of(serve: Serve) -> None:
    """It has the name on record that the host did not take."""
    site = serve(OLD)
    options = TRANSPORT.options("web01", site.variables())
    name = "11111111-2222-3333-4444-555555555555"
    Foothold(options, Keeper()).open(Deadline(30))  # nobody comes back to it
    assert site.count("open_shells") == 1
    notes = Recorded(name)
    link = TRANSPORT.open(options, timeout=30, keeper=notes)
    assert site.count("enumerates") == 1
    assert notes.are_gone == [name]
    assert site.count("open_shells") == 1, "the new one"
    assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("open_shells") == 0
    assert site.count("enumerates") == 1


@pytest.mark.usefixtures("impatient", "at_once")
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
    with contextlib.ExitStack() as stack:
        link = site.connect(ansible_port=lose_a_shell(site, stack))
        answer_with(site, "Enumerate", 5, 9)
        assert hello(link) == b"hello\r\n"
        link.close()
    assert site.count("open_shells") == 1, "until the host finds it idle"
