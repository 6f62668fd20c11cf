"""How programs are called, and what is made of their complaints."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.posix import tools


def test_values_are_quoted_and_the_language_is_set() -> None:
    call = tools.tool("useradd", "-c", "a 'b' $(c)", "x", env={"A": "1 2"})
    assert call.text == (
        "LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin A='1 2' "
        "useradd -c 'a '\"'\"'b'\"'\"' $(c)' x"
    )
    script = tools.script('echo "$1"', "a b", tools.Expanded("~/x y"))
    assert script.text.splitlines()[1:] == ["set -- 'a b' ~/'x y'", 'echo "$1"']


@pytest.mark.parametrize(
    ("output", "message", "hint"),
    [
        (
            Output(1, "", "x: Permission denied\n"),
            "could not do it: exit code 1: x: Perm",
            "become",
        ),
        (Output(127, "", ""), "exit code 127", "not on this host"),
        (Output(100, "", "W: a\nE: b\nE: c\n"), "exit code 100: E: b; E: c", ""),
        (Output(1, "said on stdout\n", ""), "said on stdout", ""),
    ],
)
def test_complaints(output: Output, message: str, hint: str) -> None:
    with pytest.raises(ModuleError) as error:
        tools.expect(output, "do it")
    assert message in error.value.message
    assert hint in error.value.hint


def test_expected_codes() -> None:
    assert tools.expect(Output(2, "x"), "do it", (0, 2)).stdout == "x"
