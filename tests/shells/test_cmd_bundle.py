"""Framing of many reads in one line: whole answers come apart rightly, cut ones never do."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ModuleError, ProtocolFailed
from runner.interfaces.exchange import Command, Exec, Output, Script, Verbatim
from runner.interfaces.shell import RawOutput
from runner.shells import load
from runner.shells.cmd_bundle import LONGEST_BUNDLE, CmdBundle, Single, frame

CMD = load("cmd")
Answer = tuple[int, bytes, bytes]


def play(bundle: CmdBundle, answers: list[Answer], canary: bytes = b"!OS!") -> RawOutput:
    """What cmd prints for a bundle whose commands answer this: read from the line, not built."""
    out, err = bytearray(b"\r\n"), bytearray()
    steps = bundle.invocation.line.replace("^", "").split("&echo ")[1:]
    word = steps[0].split(".0.")[0].encode()
    out += word + b".0." + canary + b".\r\n"
    err += word + b".0.\r\n"
    for number, (code, stdout, stderr) in enumerate(answers, start=1):
        signed = code - (1 << 32) if code >= 1 << 31 else code
        out += stdout + b"%s.%d.%d.\r\n" % (word, number, signed)
        err += stderr + b"%s.%d.\r\n" % (word, number)
    return RawOutput(0, bytes(out), bytes(err))


def bundle_of(count: int) -> CmdBundle:
    return frame([f"<nul sc query s{number}" for number in range(count)])


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1060, 3010, 9009, 0xFFFFFFFF, 0xC0000005, 0x80240017]),
        st.binary(max_size=30),
        st.one_of(st.just(b""), st.binary(max_size=20)),
    ),
    min_size=1,
    max_size=5,
)


def test_the_line() -> None:
    reads = [Exec("sc", "query", "LanmanServer"), Exec("reg", "query", "HKLM\\A B")]
    (bundle,) = CMD.bundle(reads) or ()
    assert isinstance(bundle, CmdBundle)
    nonce = bundle.nonce
    sent = f"{nonce[:5]}^{nonce[5:]}"
    assert len(nonce) == 14
    assert bundle.invocation.line == (
        'cd /d %SystemRoot%\\System32&set "errorlevel="'
        f"&echo {sent}.0.!OS!.&echo {sent}.0.>&2"
        f"&<nul sc query LanmanServer&call echo {sent}.1.%^errorlevel%.&echo {sent}.1.>&2"
        f'&<nul reg query "HKLM\\A B"&call echo {sent}.2.%^errorlevel%.&echo {sent}.2.>&2'
    )
    assert nonce not in bundle.invocation.line


def test_each_bundle_has_a_word_of_its_own() -> None:
    assert len({bundle_of(1).nonce for _ in range(50)}) == 50


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
def test_whole_answers_come_apart(answers: list[Answer]) -> None:
    bundle = bundle_of(len(answers))
    outputs = bundle.outputs(play(bundle, answers), "latin-1")
    single = [CMD.decode(RawOutput(*answer), "latin-1") for answer in answers]
    assert list(outputs) == single


def test_an_answer_cut_anywhere_is_a_fault_and_never_a_wrong_code() -> None:
    answers = [(0, b"a\r\n", b""), (1060, b"no newline", b"x\r\n"), (0xC0000005, b"", b"")]
    bundle = bundle_of(3)
    whole = play(bundle, answers)
    for cut in range(len(whole.stdout)):
        with pytest.raises(ProtocolFailed):
            bundle.outputs(RawOutput(0, whole.stdout[:cut], whole.stderr), "utf-8")
    for cut in range(len(whole.stderr)):
        with pytest.raises(ProtocolFailed):
            bundle.outputs(RawOutput(0, whole.stdout, whole.stderr[:cut]), "utf-8")


def test_lost_writes_are_a_fault_or_lose_text_only() -> None:
    """A host sends each write of a program as a piece; pieces may be lost, marks are one piece."""
    answers = [(7, b"a\r\n", b""), (1060, b"b", b""), (0, b"", b"")]
    bundle = bundle_of(3)
    whole = play(bundle, answers)
    pieces = re.split(rb"(?=%s)|(?<=\.\r\n)" % bundle.nonce.encode(), whole.stdout)
    assert b"".join(pieces) == whole.stdout
    for kept in itertools.product([True, False], repeat=len(pieces)):
        stdout = b"".join(piece for piece, keep in zip(pieces, kept, strict=True) if keep)
        try:
            outputs = bundle.outputs(RawOutput(0, stdout, whole.stderr), "utf-8")
        except ProtocolFailed:
            continue
        assert [output.code for output in outputs] == [7, 1060, 0]


def test_marks_out_of_order_or_twice_are_faults() -> None:
    bundle = bundle_of(2)
    whole = play(bundle, [(0, b"a\r\n", b""), (0, b"b\r\n", b"")])
    first, second = (f"{bundle.nonce}.{n}.0.".encode() for n in (1, 2))
    swapped = whole.stdout.replace(first, b"#").replace(second, first).replace(b"#", second)
    twice = whole.stdout.replace(first, first + b"\r\n" + first)
    for stdout in (swapped, twice, whole.stdout + whole.stdout, whole.stdout + second):
        with pytest.raises(ProtocolFailed, match="not whole"):
            bundle.outputs(RawOutput(0, stdout, whole.stderr), "utf-8")


def test_delayed_expansion_is_noticed() -> None:
    bundle = bundle_of(1)
    with pytest.raises(ProtocolFailed, match="delayed expansion"):
        bundle.outputs(play(bundle, [(0, b"", b"")], canary=b"Windows_NT"), "utf-8")


def test_no_begin_mark_says_so() -> None:
    with pytest.raises(ProtocolFailed, match="did not run") as caught:
        bundle_of(1).outputs(RawOutput(1, b"", b"The syntax is incorrect.\r\n"), "utf-8")
    assert "ansible_shell_type" in caught.value.hint


def test_another_bundles_answer_is_a_fault() -> None:
    with pytest.raises(ProtocolFailed):
        bundle_of(1).outputs(play(bundle_of(1), [(0, b"", b"")]), "utf-8")


def test_a_blank_after_a_mark_is_allowed() -> None:
    bundle = bundle_of(1)
    whole = play(bundle, [(5, b"x", b"")])
    blank = RawOutput(0, whole.stdout.replace(b".\r\n", b". \r\n"), whole.stderr)
    assert bundle.outputs(blank, "utf-8") == (Output(5, "x"),)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=120))
def test_no_line_is_too_long_and_order_is_kept(lengths: list[int]) -> None:
    commands = [Exec("reg", f"{number}" + "x" * size) for number, size in enumerate(lengths)]
    bundles = CMD.bundle(commands)
    assert bundles is not None
    sent = [
        line
        for bundle in bundles
        for line in re.findall(r"<nul reg (\d+)x", bundle.invocation.line)
    ]
    assert [int(number) for number in sent] == list(range(len(commands)))
    assert all(len(bundle.invocation.line) <= LONGEST_BUNDLE for bundle in bundles)


def test_fifty_probes_of_usual_length_fit_one_line() -> None:
    assert len(CMD.bundle([Exec("reg", "query", "x" * 50)] * 50) or ()) == 1


@pytest.mark.parametrize(
    "alone",
    [
        Exec("reg", "add", "HKCU\\x", "/d", "100%"),
        Exec("shutdown", "/r", disconnects=True),
        Exec("reg", "x" * 7590),
        Exec("wmic", Verbatim('where "x')),
        Script("cmd", "echo hi"),
        Script("powershell", "Get-Item x"),
    ],
)
def test_what_cannot_share_a_line_goes_alone_in_its_place(alone: Command) -> None:
    before, after = Exec("sc", "query", "a"), Exec("sc", "query", "b")
    bundles = CMD.bundle([before, alone, after])
    assert bundles is not None
    assert [type(bundle) for bundle in bundles] == [CmdBundle, Single, CmdBundle]
    assert bundles[1].invocation == CMD.render(alone)
    assert bundles[1].outputs(RawOutput(3, b"a\r\n"), "utf-8") == (Output(3, "a\n"),)


def test_a_command_that_cannot_be_quoted_fails_before_anything_is_sent() -> None:
    with pytest.raises(ModuleError):
        CMD.bundle([Exec("sc", "query", "a"), Exec("sc", "query", "a\nb")])


def test_nothing_to_read() -> None:
    assert CMD.bundle([]) == []
