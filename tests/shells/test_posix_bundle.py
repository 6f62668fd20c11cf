"""Reads that share a line: exact codes, separate streams, nothing lost, in real shells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.shell import RawOutput
from runner.shells import load
from runner.shells.posix_bundle import PosixBundle, pack
from tests.shells.posix_hosts import SHELLS, ask_all, run

POSIX = load("posix")


@pytest.mark.parametrize("login", SHELLS)
def test_answers_come_back_one_by_one(login: str) -> None:
    answers = ask_all(
        POSIX,
        Exec("echo", "a b"),
        Script("posix", "printf x; printf y >&2; exit 255"),
        Exec("no-such-program"),
        Script("posix", "if"),
        Script("posix", "kill -9 $$"),
        Script("posix", "cat; cd /; exit"),
        Script("posix", "cat", stdin="given"),
        Script("posix", "pwd", chdir="/usr"),
        Exec("true"),
        login=login,
    )
    assert [out.code for out in answers[:3]] == [0, 255, 127]
    assert answers[3].code == 2
    assert [out.code for out in answers[4:]] == [137, 0, 0, 0, 0]
    assert [out.stdout for out in answers] == ["a b\n", "x", "", "", "", "", "given", "/usr\n", ""]
    assert answers[1].stderr == "y"
    assert "no-such-program" in answers[2].stderr


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_bytes_and_codes(answers: list[tuple[bytes, int]]) -> None:
    def script(data: bytes, code: int) -> Script:
        octal = "".join(f"\\{byte:03o}" for byte in data)
        return Script("posix", f"printf '%b' '{octal}'; printf '%b' '{octal}' >&2; exit {code}")

    # %b wants a zero before the octal digits
    commands = [
        Script("posix", script(data, code).text.replace("\\", "\\0")) for data, code in answers
    ]
    (bundle,) = POSIX.bundle(commands) or ()
    outputs = bundle.outputs(run(bundle.invocation), "latin-1")
    assert [(out.stdout.encode("latin-1"), out.code) for out in outputs] == answers
    assert [out.stderr.encode("latin-1") for out in outputs] == [data for data, _ in answers]


def test_much_output_and_many_commands() -> None:
    commands = [Script("posix", "head -c 300000 /dev/zero | tr '\\0' z")] * 3
    assert [len(out.stdout) for out in ask_all(POSIX, *commands)] == [300_000] * 3
    many = ask_all(POSIX, *[Exec("echo", str(n), "'" * 40) for n in range(300)])
    assert [out.stdout.split()[0] for out in many] == [str(n) for n in range(300)]


def test_long_reads_are_shared_out() -> None:
    groups = pack(["x" * 15_000] * 7)
    assert [len(group) for group in groups] == [2, 2, 2, 1]
    assert pack([]) == []


def test_a_listing_of_command_lines_does_not_break_the_frame() -> None:
    answers = ask_all(POSIX, Script("posix", "cat /proc/[0-9]*/cmdline"), Exec("true"))
    assert len(answers) == 2


def framed() -> tuple[PosixBundle, bytes, bytes]:
    (bundle,) = POSIX.bundle([Exec("echo", "1"), Exec("echo", "2")]) or ()
    assert isinstance(bundle, PosixBundle)
    raw = run(bundle.invocation)
    return bundle, raw.stdout, raw.stderr


def test_a_cut_answer_is_never_a_wrong_one() -> None:
    bundle, stdout, stderr = framed()
    for cut in range(len(stdout)):
        with pytest.raises(ProtocolFailed):
            bundle.outputs(RawOutput(0, stdout[:cut], stderr), "utf-8")
    for cut in range(len(stderr)):
        with pytest.raises(ProtocolFailed):
            bundle.outputs(RawOutput(0, stdout, stderr[:cut]), "utf-8")


def test_what_a_login_prints_first_is_no_answer() -> None:
    bundle, stdout, stderr = framed()
    raw = RawOutput(0, b"Welcome!\n" + stdout, b"motd\n" + stderr)
    assert [out.stdout for out in bundle.outputs(raw, "utf-8")] == ["1\n", "2\n"]


def test_a_host_that_is_no_unix_is_told() -> None:
    bundle, _, _ = framed()
    with pytest.raises(ProtocolFailed, match="is it a Unix host"):
        bundle.outputs(RawOutput(1, b"", b"'/bin/sh' is not recognized"), "utf-8")
