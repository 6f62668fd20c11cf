"""Which of the shells that a host lists were opened for us."""

from __future__ import annotations

from typing import Any

import pytest

from runner.transports.winrm.strays import Listed, read, strays

CMD = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"


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


def test_the_mark_of_a_shell() -> None:
    found = read(
        b"<a xmlns:r='x'><r:Shell><r:ShellId>A</r:ShellId><r:Environment>"
        b"<r:Variable Name='X'>1</r:Variable><r:Variable Name='RUNNER_SHELL'>B </r:Variable>"
        b"</r:Environment></r:Shell><r:Shell><r:ShellId>C</r:ShellId></r:Shell></a>"
    )
    assert [(each.id, each.mark) for each in found] == [("A", "B"), ("C", "")]


@pytest.mark.parametrize("text", ["", "<x:ShellRunTime>long</x:ShellRunTime>"])
def test_who_does_not_say_how_old_it_is_is_left_alone(text: str) -> None:
    (found,) = read(f"<a><x:Shell xmlns:x='x'>{text}</x:Shell></a>".encode())
    assert found.age == found.idle == -1
    assert strays([OURS, shell("x", age=-1, idle=-1)], "OURS", (), age=0) == []
