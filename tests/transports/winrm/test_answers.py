"""Reading answers: by pattern and by parser it is the same, and as pywinrm reads them."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import ParseError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from winrm.protocol import Protocol

from runner.transports.winrm import answers
from runner.transports.winrm.answers import CreatedShell, Received
from runner.transports.winrm.guards import AnswerRefused

ID = "D8E84FD7-5CDC-4CE3-9E2C-E7C51A0A4F5A"
MESSAGE = "0d8e84fd-5cdc-4ce3-9e2c-e7c51a0a4f5a"
STATE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState"


def envelope(body: str, relates: str = f"uuid:{MESSAGE}") -> bytes:
    """An answer as Windows writes it."""
    told = f"<a:RelatesTo>{relates}</a:RelatesTo>" if relates else ""
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="x" xmlns:w="w" '
        'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>'
        f"<a:Action>urn:an-action</a:Action>{told}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def stream(name: str, data: bytes, attributes: str = "") -> str:
    text = base64.b64encode(data).decode()
    return f'<rsp:Stream Name="{name}" CommandId="{ID}"{attributes}>{text}</rsp:Stream>'


def state(word: str, code: int | None = None) -> str:
    inner = "" if code is None else f"<rsp:ExitCode>{code}</rsp:ExitCode>"
    return f'<rsp:CommandState CommandId="{ID}" State="{STATE}/{word}">{inner}</rsp:CommandState>'


def receipt(*parts: str) -> bytes:
    return envelope(f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>")


ENDS = [stream("stdout", b"", ' End="true"'), stream("stderr", b"", ' End="true"')]


class Deaf(Protocol):
    """pywinrm, with this answer to whatever it asks."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("http://h:5985/wsman", transport="kerberos")
        self.answer = answer

    def send_message(self, message: str) -> bytes:
        return self.answer


def pywinrms(answer: bytes) -> Received:
    out, err, code, done = Deaf(answer).get_command_output_raw("s", "c")
    return Received(out, err, code & 0xFFFFFFFF if done else None)


parts = st.lists(
    st.one_of(
        st.builds(stream, st.sampled_from(["stdout", "stderr"]), st.binary(max_size=40)),
        st.sampled_from([*ENDS, f'<rsp:Stream Name="stdout" CommandId="{ID}"/>']),
        # What others may write: the parser's business.
        st.sampled_from(
            [
                stream("stdout", b"odd", ' Unit="1"'),
                f'<rsp:Stream CommandId="{ID}" Name="stderr">b2Rk</rsp:Stream>',
                '<rsp:Stream Name="stdout" CommandId="x">\n b2Rk\n</rsp:Stream>',
                stream("pr", b"unknown"),
                "<!-- nothing -->",
            ]
        ),
    ),
    max_size=6,
)
states = st.one_of(
    st.just(""),
    st.just(state("Running")),
    st.just(state("Pending")),
    st.builds(lambda code: state("Done", code), st.integers(-(2**31), 2**32 - 1)),
)


@settings(max_examples=80, deadline=None)
@given(parts=parts, state=states, blanks=st.sampled_from(["", " ", "\n"]))
def test_output_is_read_as_pywinrm_reads_it(parts: list[str], state: str, blanks: str) -> None:
    answer = receipt(*parts, blanks, state)
    assert answers.received(answer) == pywinrms(answer)


def test_the_usual_shape_is_read_by_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_elements", lambda _: pytest.fail("it was parsed"))
    answer = receipt(stream("stdout", b"one"), *ENDS, state("Done", -1))
    assert answers.received(answer) == Received(b"one", b"", 0xFFFFFFFF)
    assert answers.received(receipt(state("Running"))) == Received(b"", b"", None)
    answer = envelope(f"<rsp:CommandResponse><rsp:CommandId>{ID}</rsp:CommandId>"
                      "</rsp:CommandResponse>")  # fmt: skip
    assert answers.command_id(answer) == ID
    answers.ended(envelope(""))


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>hi</html", b"<html>hi</html>", envelope("")[:-3], receipt(state("Done"))],
)
def test_what_cannot_be_read_is_never_taken_for_an_end(answer: bytes) -> None:
    for read in (answers.received, answers.command_id, answers.created):
        try:
            found = read(answer)
        except (ParseError, ValueError):
            continue
        assert found == Received(b"", b"", None), "nothing came, and it is not done"


@pytest.mark.parametrize(
    ("shell", "idle", "seconds"),
    [(ID, "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>", 7200), (f"uuid:{ID}", "", None)],
)
def test_a_created_shell(shell: str, idle: str, seconds: int | None) -> None:
    selector = f'<w:Selector Name="ShellId">{shell}</w:Selector>'
    usual = envelope(f"<x:ResourceCreated>{selector}</x:ResourceCreated>{idle}")
    other = envelope(f"<x:ResourceCreated>{selector.replace('w:', 'x:')}</x:ResourceCreated>{idle}")
    for answer in (usual, other):
        assert answers.created(answer) == CreatedShell(shell, seconds)
        assert Deaf(answer).open_shell() == shell


def test_a_command_id_in_another_shape() -> None:
    answer = envelope("<x:CommandResponse><x:CommandId>7</x:CommandId></x:CommandResponse>")
    assert answers.command_id(answer) == "7" == Deaf(answer).run_command("s", "dir")


@pytest.mark.parametrize("relates", [f"uuid:{MESSAGE}", MESSAGE.upper(), f"\n UUID:{MESSAGE}"])
def test_the_answer_to_our_request(relates: str) -> None:
    answers.check_related(envelope("", relates), MESSAGE, surely=True)


def test_the_answer_to_another_request() -> None:
    with pytest.raises(AnswerRefused, match="another request"):
        answers.check_related(envelope("", f"uuid:{ID}"), MESSAGE)
    answers.check_related(envelope("", ""), MESSAGE)
    with pytest.raises(AnswerRefused, match="to which request"):
        answers.check_related(envelope("", ""), MESSAGE, surely=True)
