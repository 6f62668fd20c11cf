"""WS-Management envelope by envelope: faults with their codes, and quotas."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lab.ports.loop import Loop
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.request import Malformed, read_request
from runner.lab.winrm.wsman.service import Caller
from tests.lab.front_talk import NS, OPEN, SHELL, TRANSFER, Answer, Talk, talk_to


def test_send_to_a_command_that_has_ended_is_refused(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    command = talk.start(shell, "exit 0")
    talk.receive(shell, command)
    body = f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}">eA==</rsp:Stream></rsp:Send>'
    assert talk.ask(f"{SHELL}/Send", body, shell).codes[2] == "2150858843"


UNKNOWN = "00000000-0000-0000-0000-000000000000"
SELECTORS = ("s:Sender", "w:InvalidSelectors", "2150858843")


def test_unknown_shells_and_commands(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    no_command = talk.receive(shell, UNKNOWN)
    assert no_command.codes == SELECTORS
    assert no_command.status == 500
    assert (no_command.get(".//w:FaultDetail") or "").endswith("/UnexpectedSelectors")
    for answer in (talk.receive(UNKNOWN, UNKNOWN), talk.command(UNKNOWN, "x"), talk.delete("")):
        assert answer.codes == SELECTORS
        assert answer.root.find(".//f:ProviderFault[@provider='Shell provider']", NS) is not None


def test_receive_without_a_command_id(loop: Loop) -> None:
    talk = talk_to(loop)
    body = "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"
    answer = talk.ask(f"{SHELL}/Receive", body, talk.open())
    assert answer.codes == ("s:Sender", "w:InvalidParameter", "87")


def test_the_fault_of_a_silent_receive(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    command = talk.start(shell, "wait")
    talk.receive(shell, command)
    body = (
        f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout</rsp:DesiredStream>'
        "</rsp:Receive>"
    )
    timeout = "<w:OperationTimeout>PT0.050S</w:OperationTimeout>"
    answer = talk.ask(f"{SHELL}/Receive", body, shell, header=timeout)
    assert answer.codes == ("s:Receiver", "w:TimedOut", "2150858793")
    assert (answer.get(".//s:Text") or "").endswith("specified in OperationTimeout.  ")
    assert answer.get(".//a:RelatesTo") == "uuid:abc"
    talk.delete(shell)


@pytest.mark.parametrize("timeout", ["PT-1S", "20", "soon", "P"])
def test_a_timeout_that_is_no_duration(loop: Loop, timeout: str) -> None:
    header = f"<w:OperationTimeout>{timeout}</w:OperationTimeout>"
    answer = talk_to(loop).ask(f"{TRANSFER}/Create", OPEN, header=header)
    assert answer.codes == ("s:Sender", "a:InvalidMessageInformationHeader", "2150858767")
    assert answer.get(".//a:Action") == f"{NS['a']}/fault"


@pytest.mark.parametrize(("os", "limit"), [("2008r2-sp1", 5), ("2012r2", 30)])
def test_shells_of_a_user_are_limited(loop: Loop, os: str, limit: int) -> None:
    talk = talk_to(loop, os)
    shells = [talk.open() for _ in range(limit)]
    refused = talk.ask(f"{TRANSFER}/Create", OPEN)
    assert refused.codes == ("s:Sender", "w:QuotaLimit", "2150859173")
    assert f"{limit} concurrent shells" in refused.text
    newer = limit == 30
    assert (refused.root.find(".//wmi:MSFT_WmiError", NS) is not None) == newer
    assert (refused.get(".//a:RelatesTo") is None) == newer
    talk.delete(shells[0])
    assert talk.ask(f"{TRANSFER}/Create", OPEN).status == 200


def test_operations_come_back_with_the_end_of_their_shell_only(loop: Loop) -> None:
    talk = talk_to(loop, "2008r2-sp1")
    shell = talk.open()
    for _ in range(15):
        command = talk.start(shell, "exit 0")
        assert command
        talk.signal(shell, command)
    refused = talk.command(shell, "exit 0")
    assert refused.codes == ("s:Sender", "w:QuotaLimit", "2150859174")
    assert refused.root.find(".//f:WSManFault", NS) is not None
    talk.delete(shell)
    assert talk.command(talk.open(), "exit 0").status == 200


def test_the_newer_fault_of_too_many_operations(loop: Loop) -> None:
    talk = talk_to(loop, "2016", Limits(30, 2, 25, 60.0, 512000))
    shell = talk.open()
    for _ in range(2):
        talk.start(shell, "exit 0")
    refused = talk.command(shell, "exit 0")
    assert refused.codes == ("s:Receiver", "w:InternalError", "2150859174")
    assert refused.get(".//a:RelatesTo") is None


def test_processes_of_a_shell_are_limited(loop: Loop) -> None:
    talk = talk_to(loop, "2016", Limits(30, 1500, 2, 60.0, 512000))
    shell = talk.open()
    for _ in range(2):
        talk.start(shell, "wait")
    assert talk.command(shell, "wait").codes[2] == "2150859241"
    talk.delete(shell)


def test_a_shell_belongs_to_its_user(loop: Loop) -> None:
    talk = talk_to(loop)
    shell = talk.open()
    other = Talk(talk.service, "bob")
    assert other.command(shell, "say x").codes == ("s:Sender", "w:AccessDenied", "5")


@pytest.mark.parametrize(
    ("os", "line", "code"),
    [
        ("2008r2-sp1", "say x", "2147942402"),
        ("2008r2-sp1", "C:\\Windows\\System32\\sc.exe", None),
        ("2012r2", "say x", None),
    ],
)
def test_skipping_cmd_wants_a_full_path_on_old_hosts(
    loop: Loop, os: str, line: str, code: str | None
) -> None:
    talk = talk_to(loop, os)
    option = '<w:OptionSet><w:Option Name="WINRS_SKIP_CMD_SHELL">TRUE</w:Option></w:OptionSet>'
    answer = talk.command(talk.open(), line, header=option)
    assert answer.codes[2] == code


def test_a_line_beyond_what_windows_can_start(loop: Loop) -> None:
    talk = talk_to(loop)
    assert talk.command(talk.open(), "x" * 32767).codes[2] == "2147942606"


def test_other_resources_and_actions_are_refused(loop: Loop) -> None:
    talk = talk_to(loop)
    powershell = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
    assert talk.ask(f"{TRANSFER}/Create", OPEN, resource=powershell).codes[1] == (
        "a:DestinationUnreachable"
    )
    assert talk.ask(f"{TRANSFER}/Put").codes[1] == "a:ActionNotSupported"


@pytest.mark.parametrize("body", ["", "<rsp:Other/>"])
@pytest.mark.parametrize("action", [f"{TRANSFER}/Create", f"{SHELL}/Command", f"{SHELL}/Send"])
def test_a_body_of_another_kind_is_a_schema_error(loop: Loop, action: str, body: str) -> None:
    talk = talk_to(loop)
    answer = talk.ask(action, body, talk.open())
    assert answer.codes[1:] == ("w:SchemaValidationError", "2150858817")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><s:Envelope xmlns:s="x">&a;</s:Envelope>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        "<x>&undefined;</x>",
        "not xml",
        "",
        "<a><b></a>",
        "<a>\x1b</a>",
    ],
)
def test_dangerous_or_broken_xml_is_refused(loop: Loop, text: str) -> None:
    with pytest.raises(Malformed):
        read_request(text.encode())
    caller = Caller("admin", "::1", "x")
    answered = talk_to(loop).service.answer(text.encode(), "utf-8", caller)
    assert answered is not None
    assert Answer(answered[0], answered[1].decode()).codes[2] == "2150858817"


@given(st.binary())
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        read_request(data)
