"""A secret is masked in every form in which it can show."""

from __future__ import annotations

import json
import shlex
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.model.secret import MASK, Redactor, Secret
from runner.shells.cmd_quoting import command_line

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=8, max_size=20)


@given(TEXTS)
def test_a_quoted_secret_is_masked(secret: str) -> None:
    redactor = Redactor([secret])
    shown = [
        secret, f"<{secret}>", repr(secret), json.dumps(secret), shlex.quote(secret),
        json.dumps(secret, ensure_ascii=False), "'" + secret.replace("'", "''") + "'",
    ]  # fmt: skip
    for text in shown:
        assert MASK in redactor.text(text)
        assert secret.strip() not in redactor.text(text).replace(MASK, "") or not secret.strip()


@given(TEXTS)
def test_a_secret_on_a_command_line_is_masked(secret: str) -> None:
    try:
        line = command_line(("net", "user", "joe", secret))
    except ModuleError:
        return
    masked = Redactor([secret]).text(line)
    assert MASK in masked


def test_lines_of_a_secret() -> None:
    redactor = Redactor(["first line\r\n  second line\nshort\n"])
    assert redactor.text("a first line b second line c short") == f"a {MASK} b {MASK} c short"
    assert redactor.text("first line\r\n  second line\nshort\n!") == f"{MASK}!"


def test_white_space_around_a_secret_does_not_hide_it() -> None:
    assert Redactor(["geheim\n"]).text("pw geheim, geheim\n") == f"pw {MASK}, {MASK}"


@pytest.mark.parametrize("secret", ["", "a", "abc", "  ab  \n"])
def test_what_is_too_short_is_no_secret(secret: str) -> None:
    assert Redactor([secret]).text("abc ab a") == "abc ab a"


def test_values() -> None:
    redactor = Redactor(["geheim"])
    value = {"geheim": ["a geheim", 1, None, ("geheim",)], "s": Secret("other")}
    assert redactor.value(value) == {MASK: [f"a {MASK}", 1, None, (MASK,)], "s": MASK}


def test_the_longest_goes_first() -> None:
    redactor = Redactor()
    redactor.add("geheim")
    redactor.add("geheim-lang")
    assert redactor.text("geheim-lang geheim") == f"{MASK} {MASK}"


def test_no_secret_is_lost_between_threads() -> None:
    redactor = Redactor()
    names = [[f"secret-{thread}-{n}" for n in range(50)] for thread in range(8)]

    def learn(secrets: list[str]) -> None:
        for secret in secrets:
            redactor.add(secret)

    threads = [threading.Thread(target=learn, args=(part,)) for part in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(redactor.text(s) == MASK for part in names for s in part)


@pytest.mark.parametrize(
    "between",
    ["\x1b[0m", "\x1b]0;title\x07", "\x00", "\x08", "\u200b", "\u202e", "\ufeff", "\x9b31m"],
)
def test_a_secret_is_masked_though_a_terminal_would_only_show_it_then(between: str) -> None:
    redactor = Redactor(["Tr0ub4dor"])
    assert redactor.text(f"a Tr0ub{between}4dor\nb") == f"a {MASK}\nb"
    plain = f"Tr0{between}, nothing"
    assert redactor.text(plain) == plain, "what holds no secret stays as it is"


def test_where_a_secret_of_several_lines_begins_that_is_not_whole_yet() -> None:
    redactor = Redactor(["-- BEGIN\nabc\n-- END", "single"])
    whole = "x\n-- BEGIN\nabc\n-- END\n"
    for end in range(len(whole)):
        found = redactor.unfinished(whole[:end], end)
        begun = len("x\n-- BEGIN") <= end < len(whole) - 1
        assert found == (2 if begun else end), end
    assert redactor.longest == len("-- BEGIN\\nabc\\n-- END")
