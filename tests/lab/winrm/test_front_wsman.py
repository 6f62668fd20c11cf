"""WS-Management envelope by envelope: the shapes of answers, and generations of Windows."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lab.ports.loop import Loop
from runner.lab.winrm.wsman.request import duration
from runner.lab.winrm.wsman.service import Caller
from tests.lab.front_talk import NS, OPEN, SHELL, TRANSFER, talk_to


def test_the_answer_to_create_has_windows_shape(loop: Loop) -> None:
    answer = talk_to(loop).ask(f"{TRANSFER}/Create", OPEN)
    assert answer.status == 200
    assert answer.text.startswith('<s:Envelope xml:lang="en-US" xmlns:s=')
    assert answer.get(".//a:Action") == f"{TRANSFER}/CreateResponse"
    assert answer.get(".//a:RelatesTo") == "uuid:abc"
    assert answer.get(".//rsp:ShellId") == answer.get(".//w:Selector")
    assert answer.get(".//rsp:IdleTimeOut") == "PT7200.000S"
    assert answer.get(".//rsp:Owner") == "admin"
    assert answer.get(".//rsp:ClientIP") == "10.0.0.9"
    assert "<p:ActivityId>" in answer.text


def test_older_hosts_send_no_activity_id(loop: Loop) -> None:
    answer = talk_to(loop, "2012r2").ask(f"{TRANSFER}/Create", OPEN)
    assert "ActivityId" not in answer.text


def test_winrm_1_prefixes_the_shell_id_and_describes_nothing(loop: Loop) -> None:
    talk = talk_to(loop, "2003-sp2")
    answer = talk.ask(f"{TRANSFER}/Create", OPEN)
    shell = answer.get(".//w:Selector") or ""
    assert shell.startswith("uuid:")
    assert answer.get(".//rsp:Shell/rsp:ShellId") is None
    assert (answer.get(".//a:Address") or "").endswith("/role/anonymous")
    assert talk.command(shell, "say x").status == 200
    assert talk.delete(shell).status == 200


def test_the_final_receive_ends_every_stream_and_says_done(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    command = talk.start(shell, "both")
    answer = talk.receive(shell, command)
    streams = [
        (stream.get("Name"), base64.b64decode(stream.text or ""), stream.get("End"))
        for stream in answer.root.iterfind(".//rsp:Stream", NS)
    ]
    assert streams == [
        ("stdout", b"out\r\n", None),
        ("stderr", b"err\r\n", None),
        ("stdout", b"more\r\n", None),
        ("stdout", b"", "true"),
        ("stderr", b"", "true"),
    ]
    state = answer.root.find(".//rsp:CommandState", NS)
    assert state is not None
    assert state.get("State") == f"{SHELL}/CommandState/Done"
    assert answer.get(".//rsp:ExitCode") == "0"


def test_a_receive_without_end_says_running(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    answer = talk.receive(shell, talk.start(shell, "wait"))
    assert "CommandState/Running" in answer.text
    assert answer.get(".//rsp:ExitCode") is None
    talk.delete(shell)


def test_only_desired_streams_are_sent(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    answer = talk.receive(shell, talk.start(shell, "both"), "stdout")
    assert 'Name="stderr"' not in answer.text
    assert answer.get(".//rsp:ExitCode") == "0"


def test_receive_may_be_repeated_until_the_command_is_signalled(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    command = talk.start(shell, "exit 7")
    assert talk.receive(shell, command).get(".//rsp:ExitCode") == "7"
    assert talk.receive(shell, command).get(".//rsp:ExitCode") == "7"
    assert talk.signal(shell, command, "Terminate").status == 200
    assert talk.receive(shell, command).codes[2] == "2150858843"
    assert talk.signal(shell, command).codes[2] == "2150858843"


CHOSEN = "12345678-ABCD-1234-1234-123456789ABC"


@pytest.mark.parametrize(("os", "honoured"), [("2008r2-sp1", False), ("2012", True)])
def test_a_command_id_of_the_clients_choice(loop: Loop, os: str, honoured: bool) -> None:
    talk = talk_to(loop, os)
    shell = talk.open()
    answer = talk.command(shell, "say x", f'CommandId="{CHOSEN.lower()}"')
    assert (answer.get(".//rsp:CommandId") == CHOSEN) == honoured
    if honoured:
        assert talk.receive(shell, CHOSEN).status == 200
        assert talk.command(shell, "say x", f'CommandId="{CHOSEN}"').status == 500


def test_the_configuration_tells_quotas_to_newer_hosts_administrators(loop: Loop) -> None:
    answer = talk_to(loop, "2012r2").ask(f"{TRANSFER}/Get", resource=NS["cfg"])
    assert answer.get(".//cfg:MaxEnvelopeSizekb") == "500"
    assert answer.get(".//cfg:MaxConcurrentOperationsPerUser") == "1500"
    assert answer.get(".//cfg:Winrs/cfg:MaxShellsPerUser") == "30"
    assert answer.get(".//cfg:Winrs/cfg:IdleTimeout") == "7200000"


def test_the_configuration_of_2008_r2_is_denied(loop: Loop) -> None:
    answer = talk_to(loop, "2008r2-sp1").ask(f"{TRANSFER}/Get", resource=NS["cfg"])
    assert answer.codes == ("s:Sender", "w:AccessDenied", "5")


def test_a_shell_can_be_read(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    answer = talk.ask(f"{TRANSFER}/Get", "", shell, resource=SHELL)
    assert answer.get(".//rsp:ShellId") == shell
    assert answer.get(".//rsp:ShellInactivity") == "P0DT0H0M0S"


ENUMERATE = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
MARKED = (
    "<rsp:Shell><rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:Environment>"
    '<rsp:Variable Name="A&quot;">&lt;1&gt;</rsp:Variable></rsp:Environment></rsp:Shell>'
)


def test_shells_are_listed_with_who_opened_them_and_how(loop: Loop) -> None:
    talk = talk_to(loop, "2008r2-sp1")
    created = talk.ask(f"{TRANSFER}/Create", MARKED)
    talk.open()
    talk.caller = Caller("admin", "10.0.0.10", talk.caller.url)
    answer = talk.ask(ENUMERATE, resource=SHELL)
    first, second = answer.root.iterfind(".//rsp:Shell", NS)
    assert first.findtext("rsp:ShellId", "", NS) == created.get(".//w:Selector")
    assert first.findtext("rsp:ClientIP", "", NS) == "10.0.0.9", "not who asks now"
    (variable,) = first.iterfind("rsp:Environment/rsp:Variable", NS)
    assert (variable.get("Name"), variable.text) == ('A"', "<1>")
    assert second.find("rsp:Environment", NS) is None
    talk.caller = Caller("eve", "10.0.0.9", talk.caller.url)
    assert talk.ask(ENUMERATE, resource=SHELL).root.find(".//rsp:Shell", NS) is None


def test_winrm_1_lists_ids_and_streams_alone(loop: Loop) -> None:
    talk = talk_to(loop, "2003-sp2")
    created = talk.ask(f"{TRANSFER}/Create", MARKED)
    (shell,) = talk.ask(ENUMERATE).root.iterfind(".//rsp:Shell", NS)
    names = [element.tag.rpartition("}")[2] for element in shell]
    assert names == ["ShellId", "InputStreams", "OutputStreams"]
    assert shell.findtext("rsp:ShellId", "", NS) == created.get(".//w:Selector")
    assert talk.ask(ENUMERATE, resource=SHELL).status == 500


@given(
    st.integers(0, 9),
    st.integers(0, 30),
    st.integers(0, 90),
    st.floats(0, 1000).map(lambda x: round(x, 3)),
)
def test_durations(days: int, hours: int, minutes: int, seconds: Decimal) -> None:
    text = f"P{days}DT{hours}H{minutes}M{seconds}S"
    whole = ((days * 24 + hours) * 60 + minutes) * 60
    assert duration(text) == pytest.approx(whole + float(seconds))
