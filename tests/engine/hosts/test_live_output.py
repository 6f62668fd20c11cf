"""Output while a command runs: decoded across chunks, masked across chunks, bounded, harmless."""

from __future__ import annotations

import itertools
import re
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.hosts.live_output import LiveOutput
from runner.interfaces.exchange import Exec
from runner.interfaces.listening import Stream
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Shell
from runner.model.secret import MASK, Redactor
from runner.shells import load

CMD, POWERSHELL, POSIX = load("cmd"), load("powershell"), load("posix")


@dataclass
class Watched:
    """A listener with a clock of its own, and what it gave out."""

    encoding: str = "utf-8"
    secrets: Sequence[str] = ()
    shell: Shell = CMD
    now: float = 0.0
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.output = LiveOutput(
            self.shell, lambda: self.encoding, Redactor(self.secrets), self.events.append,
            lambda: self.now,
        )  # fmt: skip

    def hear(self, *chunks: bytes, stream: Stream = "stdout", every: float = 0.1) -> Watched:
        for chunk in chunks:
            self.now += every
            self.output(stream, chunk)
        return self

    @property
    def lines(self) -> list[str]:
        return "\n".join(self.events).split("\n") if self.events else []

    def all(self) -> list[str]:
        self.output.end()
        return self.lines


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(ends)]


LINES = ["plain", "Grüße ß", "打印助手", "ソ表 ｶﾅ", "Привет ёж", "emoji 😀 end", "a\\b"]
PAGES = {
    "utf-8": LINES,
    "cp936": ["plain", "打印助手 嗯", "a\\b"],
    "cp932": ["plain", "ソ表 ｶﾅ"],
    "cp850": ["plain", "Grüße ß"],
    "cp866": ["plain", "Привет ёж"],
    "cp437": ["plain", "Café ½"],
    "utf-16-le": ["plain first", "打印助手", "emoji 😀"],
}


@pytest.mark.parametrize("page", PAGES)
@given(places=st.lists(st.integers(0, 200), max_size=20))
def test_characters_that_are_cut_anywhere_are_whole(page: str, places: list[int]) -> None:
    lines = PAGES[page]
    data = "\r\n".join([*lines, ""]).encode(page)
    link = "cp437" if page == "utf-16-le" else page
    assert Watched(link).hear(*cut(data, places)).all() == lines


@given(places=st.lists(st.integers(0, 300), max_size=30), crlf=st.booleans())
def test_a_secret_that_is_cut_anywhere_is_masked(places: list[int], crlf: bool) -> None:
    end = b"\r\n" if crlf else b"\n"
    text = end.join([b"before", b"the password is Tr0ub4dor&3!", b"key:", b"-- BEGIN",
                     b"abc", b"-- END", b"after Tr0ub4dor&3! again"])  # fmt: skip
    watched = Watched(secrets=["Tr0ub4dor&3!", "-- BEGIN\nabc\n-- END"])
    shown = "\n".join(watched.hear(*cut(text, places)).all())
    assert "Tr0ub" not in shown
    assert "dor&3" not in shown
    assert "abc" not in shown
    assert "before" in shown
    assert shown.count(MASK) >= 2


@dataclass(frozen=True)
class Case:
    name: str
    chunks: Sequence[bytes]
    shown: Sequence[str]
    shell: Shell = CMD
    encoding: str = "utf-8"
    secrets: Sequence[str] = ()


CASES = [
    Case("a progress bar shows how far it is", [b"10 %\r20 %\r", b"30 %\r", b"done\n"],
         ["20 %", "30 %", "done"]),
    Case("a line end that is cut", [b"one\r", b"\ntwo\r\r\n"], ["one", "two"]),
    Case("escape sequences and controls are gone",
         [b"\x1b[31mred\x1b[0m\x07 \x1b]0;title\x07x\x08\x00y\n"], ["red xy"]),
    Case("a secret cannot hide behind an escape", [b"pass: Tr0ub\x1b[0m4dor\n"],
         [f"pass: {MASK}"], secrets=["Tr0ub4dor"]),
    Case("what never ends is shown at the end", [b"no line end"], ["no line end"]),
    Case("bytes that are no text are replaced", [b"a\xff\xfeb\n"], ["a\ufffd\ufffdb"]),
    Case("a cut surrogate pair of UTF-16",
         ["emoji 😀\r\n".encode("utf-16-le")[:14], "emoji 😀\r\n".encode("utf-16-le")[14:]],
         ["emoji 😀"]),
    Case("a byte order mark", ["\ufeffmarked\n".encode("utf-8-sig")[3:]], ["marked"]),
    Case("PowerShell prints UTF-8 whatever the page", ["Grüße\n".encode()], ["Grüße"],
         POWERSHELL, "cp850"),
    Case("or what the page says", ["Grüße\n".encode("cp850")], ["Grüße"], POWERSHELL, "cp850"),
    Case("and UTF-8 that is cut", ["Grü".encode()[:3], "Grüße\n".encode()[3:]], ["Grüße"],
         POWERSHELL, "cp850"),
    Case("a page that nobody knows", [b"caf\xc3\xa9\n"], ["café"], encoding="cp99999"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case) -> None:
    watched = Watched(case.encoding, case.secrets, case.shell)
    assert [line.lstrip("\ufeff") for line in watched.hear(*case.chunks).all()] == case.shown


def test_lines_come_as_soon_as_they_are_whole() -> None:
    watched = Watched()
    assert watched.hear(b"one\ntw").lines == ["one"]
    assert watched.hear(b"o\n").lines == ["one", "two"]


def test_streams_do_not_mix_in_a_line() -> None:
    watched = Watched().hear(b"out").hear(b"err", stream="stderr").hear(b"put\n")
    assert watched.hear(b"or\n", stream="stderr").all() == ["output", "error"]


def test_marks_of_a_shell_and_clixml_are_not_shown() -> None:
    shell = POSIX.under(Setting(become="sudo"))
    found = re.search(r"echo (k\w{4})\W+(\w{9})", shell.render(Exec("id")).line)
    assert found
    mark = (found[1] + found[2]).encode()
    heard = Watched(shell=shell).hear(b"Password: " + mark + b"\nreal\n")
    assert heard.all() == ["real"]
    error = b'#< CLIXML\r\n<Objs Version="1.1"><S S="Error">no</S></Objs>'
    assert Watched(shell=POWERSHELL).hear(error, stream="stderr").all() == []


def test_a_line_without_end_is_cut_and_its_secret_masked() -> None:
    secret = "s" * 5000
    watched = Watched(secrets=[secret])
    watched.hear(b"head " + secret[:3000].encode(), secret[3000:].encode() + b"x" * 9000)
    assert watched.lines[0].startswith(f"head {MASK}x")
    assert len(watched.lines[0]) <= 500
    assert watched.hear(b"tail of it\nnext\n").all()[1:] == ["next"]


def flood(megabytes: int, listener: Callable[[Stream, bytes], None] | None) -> tuple[float, int]:
    """CPU seconds and the peak of memory for so much output in chunks of a transport's size."""
    chunk = (b"x" * 78 + b"\r\n") * 819
    tracemalloc.start()
    begun = time.process_time()
    for _ in range(megabytes * 1_000_000 // len(chunk)):
        if listener is not None:
            listener("stdout", chunk)
    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def test_a_flood_costs_little_and_grows_nothing() -> None:
    watched = Watched()
    real = time.monotonic
    watched.output._clock = real
    seconds, peak = flood(100, watched.output)
    assert seconds < 2.0
    assert peak < 3_000_000
    assert sum(map(len, watched.events)) < 1_000_000
    watched.output("stdout", b"\nlast\n")
    watched.output.end()
    assert any("bytes left out" in event for event in watched.events)
    assert watched.lines[-1] == "last", "the end of a flood is what is shown"


def test_many_small_pieces_are_few_events() -> None:
    watched = Watched()
    for _ in range(10_000):
        watched.hear(b"x\n", every=0.0001)
    watched.output.end()
    assert len(watched.events) < 200
