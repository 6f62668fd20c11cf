"""Our messages are pywinrm's, to the last byte: each one against what its Protocol sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.metadata import version
from xml.etree.ElementTree import canonicalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from winrm.protocol import Protocol

from runner.transports.winrm import envelopes as ours
from runner.transports.winrm.recording import record

SHELL = "4F1B4B1C-8F0B-4A0A-9C56-0123456789AB"
COMMAND = "D8E84FD7-5CDC-4CE3-9E2C-E7C51A0A4F5A"
OLD_SHELL = f"uuid:{SHELL}"
MESSAGE_ID = re.compile(r"MessageID>uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})<")


class Sent(Exception):
    pass


class Theirs(Protocol):
    """pywinrm's own, up to the moment of sending."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "http://h:5985/wsman",
            transport="kerberos",
            operation_timeout_sec=seconds,
            read_timeout_sec=seconds + 10,
        )

    def send_message(self, message: str) -> bytes:
        raise Sent(message)


def theirs(seconds: int, call: Callable[[Theirs], object]) -> tuple[str, str]:
    """What pywinrm would have sent, and the id of that message."""
    with pytest.raises(Sent) as caught:
        call(Theirs(seconds))
    message = str(caught.value)
    found = MESSAGE_ID.search(message)
    assert found
    return message, found[1]


Case = tuple[Callable[[Theirs], object], Callable[[str, int], bytes]]
CASES: dict[str, Case] = {
    "create": (lambda p: p.open_shell(codepage=65001), lambda i, s: ours.create(i, s, 65001, "")),
    "create in 437": (lambda p: p.open_shell(), lambda i, s: ours.create(i, s, 437, "")),
    "command": (
        lambda p: p.run_command(SHELL, 'a & "b" <c> \u00e9', console_mode_stdin=False),
        lambda i, s: ours.command(i, s, SHELL, 'a & "b" <c> \u00e9', ""),
    ),
    "input": (
        lambda p: p.send_command_input(SHELL, COMMAND, b"\0\xff", end=False),
        lambda i, s: ours.send(i, s, SHELL, COMMAND, b"\0\xff", end=False),
    ),
    "last input": (
        lambda p: p.send_command_input(SHELL, COMMAND, b"", end=True),
        lambda i, s: ours.send(i, s, SHELL, COMMAND, b"", end=True),
    ),
    "receive": (
        lambda p: p.get_command_output_raw(SHELL, COMMAND),
        lambda i, s: ours.receive(i, s, SHELL, COMMAND),
    ),
    "signal": (
        lambda p: p.cleanup_command(OLD_SHELL, COMMAND),
        lambda i, s: ours.signal(i, s, OLD_SHELL, COMMAND),
    ),
    "delete": (
        lambda p: p.close_shell(SHELL, close_session=False),
        lambda i, s: ours.delete(i, s, SHELL),
    ),
}


@pytest.mark.parametrize("seconds", [1, 20])
@pytest.mark.parametrize("name", CASES)
def test_each_message_is_pywinrms(name: str, seconds: int) -> None:
    call, make = CASES[name]
    wanted, message = theirs(seconds, call)
    assert make(message, seconds) == wanted.encode()


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=60
)


@settings(max_examples=40, deadline=None)
@given(line=TEXT, shell=TEXT.filter(bool), command=TEXT)
def test_whatever_the_values_are(line: str, shell: str, command: str) -> None:
    wanted, message = theirs(9, lambda p: p.run_command(shell, line, console_mode_stdin=False))
    assert ours.command(message, 9, shell, line, "") == wanted.encode()
    wanted, message = theirs(9, lambda p: p.get_command_output_raw(shell, command))
    made = ours.receive(message, 9, shell, command).decode()
    assert canonicalize(made) == canonicalize(wanted), "quotes may differ"


def test_a_name_is_an_attribute_of_what_it_names() -> None:
    assert f'<rsp:Shell ShellId="{SHELL}">'.encode() in ours.create("i", 9, 65001, SHELL)
    made = ours.command("i", 9, SHELL, "dir", COMMAND)
    assert f'<rsp:CommandLine CommandId="{COMMAND}">'.encode() in made


def test_what_lies_recorded_is_what_would_be_recorded_now() -> None:
    """If this fails, pywinrm has changed: look at what, then record it with RECORD below."""
    kept = json.loads(ours.RECORDED.read_text(encoding="utf-8"))
    assert kept == {"pywinrm": version("pywinrm"), "templates": record()}


def test_another_pywinrm_is_recorded_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "version", lambda name: f"another {name}")
    assert ours.templates.__wrapped__() == record()


def test_ids_are_random_uuids() -> None:
    made = {ours.new_id() for _ in range(200)}
    assert len(made) == 200
    shape = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")
    assert all(shape.fullmatch(each) for each in made)


RECORD = "python -m tests.transports.winrm.test_envelopes"

if __name__ == "__main__":
    told = {"pywinrm": version("pywinrm"), "templates": record()}
    ours.RECORDED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
