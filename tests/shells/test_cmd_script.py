"""The change line of cmd: what it looks like, what a lab machine's cmd makes of it, and what an
answer that was cut or mixed with other text is taken for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Exec, Script, Verbatim
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Chain, Invocation, RawOutput
from runner.shells import load
from tests.modules.labhost import LabHost

KEY = r"HKLM\SOFTWARE\T"
NOT_THERE = Exec("reg", "delete", KEY, "/v", "nosuch", "/f")


def add(name: str, data: str = "x") -> Exec:
    return Exec("reg", "add", KEY, "/v", name, "/d", data, "/f")


def chain(*commands: Exec) -> Chain:
    found = load("cmd").chain(commands)
    assert found is not None
    return found


def run(host: LabHost, made: Chain) -> RawOutput:
    return host.link.open().run(made.invocation, timeout=30)


@pytest.fixture(scope="module")
def host() -> LabHost:
    return LabHost("2012r2")


def test_all_are_run_in_order(host: LabHost) -> None:
    made = chain(add("a"), add("b", 'x) & "y" (^|<z>!'), Exec("sc", "query", "Spooler"))
    outputs = made.outputs(run(host, made), "cp437")
    assert [output.code for output in outputs] == [0, 0, 0]
    assert "SERVICE_NAME: Spooler" in outputs[2].stdout
    assert "SERVICE_NAME" not in outputs[1].stdout
    assert host.machine.snapshot()["state"]["registry"][r"HKEY_LOCAL_MACHINE\SOFTWARE\T"]["b"][-1] \
        == 'x) & "y" (^|<z>!'  # fmt: skip


@given(st.lists(st.booleans(), min_size=1, max_size=8))
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
def test_nothing_runs_behind_the_first_failure(found: list[bool]) -> None:
    host = LabHost("2012r2")
    made = chain(*(add(f"v{n}") if well else NOT_THERE for n, well in enumerate(found)))
    outputs = made.outputs(run(host, made), "cp437")
    expected = found[: found.index(False) + 1] if False in found else found
    assert [output.code == 0 for output in outputs] == expected
    keys = host.machine.snapshot()["state"]["registry"]
    there = keys.get(r"HKEY_LOCAL_MACHINE\SOFTWARE\T", {})
    assert set(there) == {f"v{n}" for n, well in enumerate(expected) if well}


def test_an_exit_code_and_both_streams_belong_to_their_command(host: LabHost) -> None:
    made = chain(add("a"), Exec("sc", "config", "nosuch", "start=", "auto"), add("never"))
    first, second = made.outputs(run(host, made), "cp437")
    assert (first.code, second.code) == (0, 1060)
    assert "does not exist as an installed service" in second.stdout
    made = chain(NOT_THERE)
    (only,) = made.outputs(run(host, made), "cp437")
    assert (only.code, only.stdout) == (1, "")
    assert only.stderr.startswith("ERROR: ")


def test_no_cut_of_an_answer_is_taken_for_a_whole_one(host: LabHost) -> None:
    made = chain(add("a"), add("b"), NOT_THERE)
    whole = run(host, made)
    expected = made.outputs(whole, "cp437")
    for end in range(len(whole.stdout)):
        cut = RawOutput(0, whole.stdout[:end], whole.stderr)
        with pytest.raises(ProtocolFailed) as caught:
            made.outputs(cut, "cp437")
        assert caught.value.may_have_started
    for end in range(len(whole.stderr)):
        with pytest.raises(ProtocolFailed):
            made.outputs(RawOutput(0, whole.stdout, whole.stderr[:end]), "cp437")
    assert [output.code for output in expected] == [0, 0, 1]


NONCE = "kabcdefghijkmn"


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        ("", "no begin mark"),
        ("N.0.Windows_NT.\r\n", "delayed expansion"),
        ("N.0.!OS!.\r\n", "ends where it should not"),
        ("N.0.!OS!.\r\nN.1.0.y.\r\n", "ends where it should not"),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.2.0.y.\r\n", "something stands"),
        ("N.0.!OS!.\r\nN.2.0.y.\r\nN.1.0.y.\r\nN.end.\r\n", r"marks \[2, 1\]"),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.1.0.y.\r\nN.end.\r\n", r"marks \[1, 1\]"),
        ("N.0.!OS!.\r\nN.1.5.y.\r\n", "took the exit code 5"),
        ("N.0.!OS!.\r\nN.1.0.n.\r\n", "took the exit code 0"),
        ("N.0.!OS!.\r\nN.1.5.n.\r\nN.2.0.y.\r\nN.end.\r\n", "ends where it should not"),
        ("N.0.!OS!.\r\nN.1.5.n.\r\nmore", "something stands"),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.2.0.y.\r\nN.end.\r\nmore", "something stands"),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.2.0.y.\r\nN.3.0.y.\r\nN.end.\r\n", r"marks \[1, 2, 3\]"),
        ("N.0.!OS!.\r\nN.7 N.1.0.y.\r\nN.2.0.y.\r\nN.end.\r\n", "where none should"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(stdout: str, why: str) -> None:
    from runner.shells.cmd_script import CmdChain

    text = stdout.replace("N", NONCE) if "Windows" not in stdout else f"{NONCE}{stdout[1:]}"
    marks = [0, *(int(n) for n in re.findall(rf"{NONCE}\.(\d)\.-?\d+\.[yn]\.", text))]
    errors = "".join(f"{NONCE}.{n}.\r\n" for n in marks)
    made = CmdChain(Invocation(""), NONCE, 2)
    with pytest.raises(ProtocolFailed, match=why) as caught:
        made.outputs(RawOutput(0, text.encode(), errors.encode()), "cp437")
    assert caught.value.may_have_started is ("delayed" not in why)


def test_delayed_expansion_leaves_before_the_first_command() -> None:
    host = LabHost(
        "2012r2",
        registry={r"HKLM\SOFTWARE\Microsoft\Command Processor": {"DelayedExpansion": 1}},
    )
    before = host.state
    made = chain(add("a"))
    raw = run(host, made)
    with pytest.raises(ProtocolFailed, match="nothing was run") as caught:
        made.outputs(raw, "cp437")
    assert not caught.value.may_have_started
    assert host.state == before


def test_what_does_not_fit_or_cannot_be_sure_is_no_chain() -> None:
    shell = load("cmd")
    assert shell.chain([add(f"v{n}", "x" * 200) for n in range(40)]) is None
    assert not shell.together(add("a", "100%"))
    assert not shell.together(Exec("wmic", Verbatim("os get caption")))
    assert not shell.together(Exec("shutdown", "/r", disconnects=True))
    assert not shell.together(Script("cmd", "ver"))
    assert not shell.under(Setting(environment={"A": "b"})).together(add("a"))
    assert shell.chain([add("a"), add("b", "100%")]) is None


def test_the_mark_never_stands_in_the_line() -> None:
    made = chain(add("a"), add("b"))
    assert getattr(made, "nonce") not in made.invocation.line  # noqa: B009
