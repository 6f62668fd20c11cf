"""Many reads as one line of cmd, and the way back from what it printed.

The line runs the commands one after the other. After each, ``call echo`` prints a mark with the
exit code on standard output (``call`` expands ``%errorlevel%`` when it runs, not when the line
is read), and a plain ``echo`` prints one on standard error. A mark carries a random word, which
is sent with a caret inside: cmd prints it without, so a listing of command lines never shows it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Output
from runner.interfaces.shell import Bundle, Invocation, RawOutput, Shell
from runner.shells.cmd_quoting import utf16_length
from runner.shells.text_decoding import certain_output

LONGEST_BUNDLE: Final = 7600
"""Characters of a bundle's line: below cmd's limit of 8191, with room to spare."""

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_NONCE_LENGTH: Final = 14
_LETTERS: Final = _ALPHABET.encode() * (256 // len(_ALPHABET))
"""A letter for each byte; all are equally frequent, as there are 32 of them."""
WITHOUT_CODE: Final = re.compile(rb"\.(\d{1,3})\.() ?\r?\n")
_WITH_CODE: Final = re.compile(rb"\.(\d{1,3})\.(-?\d{1,11})\. ?\r?\n")
BEGIN: Final = re.compile(rb"\.0\.([^\r\n]{1,20})\. ?\r?\n")
"""What makes a nonce a mark. A pattern with the nonce in it would be compiled for each answer."""
CANARY: Final = b"!OS!"
"""Printed as it is unless delayed expansion is on, which would change what data means."""


@dataclass(frozen=True, slots=True)
class Single(Bundle):
    """One command that cannot share a line. ``decides``: it is a program of Windows, asked by a
    module, so that a byte that is no text is an error."""

    shell: Shell
    invocation: Invocation
    decides: bool = False

    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """The decoded answer. Raises ModuleError as above."""
        if self.decides:
            return (certain_output(raw, encoding),)
        return (self.shell.decode(raw, encoding),)


@dataclass(frozen=True, slots=True)
class CmdBundle(Bundle):
    """Several commands in one line. ``count`` answers are expected between marks of ``nonce``."""

    invocation: Invocation
    nonce: str
    count: int

    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output per command, cut at the marks on the bytes of each stream.

        Raises ProtocolFailed unless every mark is there, once, in order; ModuleError for bytes
        that are no text on this host.
        """
        nonce = self.nonce.encode()
        body = _after_begin(raw.stdout, nonce)
        answers = _split(body, nonce, _WITH_CODE, range(1, self.count + 1), raw.stdout)
        errors = _split(raw.stderr, nonce, WITHOUT_CODE, range(self.count + 1), raw.stderr)[1:]
        return tuple(
            certain_output(RawOutput(int(code) & 0xFFFFFFFF, stdout, stderr), encoding)
            for (code, stdout), (_, stderr) in zip(answers, errors, strict=True)
        )


def new_nonce() -> str:
    """A word that no program prints by chance; it starts with a letter."""
    return "k" + secrets.token_bytes(_NONCE_LENGTH - 1).translate(_LETTERS).decode()


def pack(
    lines: Sequence[str], before: str = "", fits: Callable[[list[str]], bool] | None = None
) -> list[list[str]]:
    """The lines in order, in groups of which none is longer than LONGEST_BUNDLE when framed.

    ``fits`` says what else a group of more than one line must be.
    """
    start = utf16_length(head("x" * _NONCE_LENGTH) + before)
    groups: list[list[str]] = []
    used = 0
    for line in lines:
        size = utf16_length(_step("x" * _NONCE_LENGTH, 99, line))
        full = not groups or used + size > LONGEST_BUNDLE or len(groups[-1]) == 99
        if full or (fits is not None and not fits([*groups[-1], line])):
            groups.append([])
            used = start
        groups[-1].append(line)
        used += size
    return groups


def frame(lines: Sequence[str], before: str = "") -> CmdBundle:
    """One line that runs these lines of cmd and marks where each answer ends.

    ``before`` runs first and ends in ``&``: the variables that the lines are to find.
    """
    nonce = new_nonce()
    steps = (_step(nonce, number, line) for number, line in enumerate(lines, start=1))
    return CmdBundle(Invocation(before + head(nonce) + "".join(steps)), nonce, len(lines))


def head(nonce: str) -> str:
    """What runs before the commands: the begin marks, with what tells how this cmd reads."""
    # System32 first: tools are found there and not in a folder others may write to.
    # A variable named errorlevel would hide the real one.
    mark = sent(nonce)
    return f'cd /d %SystemRoot%\\System32&set "errorlevel="&echo {mark}.0.!OS!.&echo {mark}.0.>&2'


def _step(nonce: str, number: int, line: str) -> str:
    mark = sent(nonce)
    return f"&{line}&call echo {mark}.{number}.%^errorlevel%.&echo {mark}.{number}.>&2"


def sent(nonce: str) -> str:
    """The word as it stands in a line: cmd prints it without the caret."""
    return f"{nonce[:5]}^{nonce[5:]}"


def _split(
    body: bytes, nonce: bytes, mark: re.Pattern[bytes], numbers: range, data: bytes
) -> list[tuple[bytes, bytes]]:
    """(code, bytes before the mark) for each mark of one stream; ``data`` is all of that."""
    marks = list(marks_of(body, nonce, mark))
    found = [int(each[1]) for each in marks]
    if found != list(numbers):
        raise _broken(f"marks {found} of {numbers.start}..{numbers.stop - 1}", data)
    pieces: list[tuple[bytes, bytes]] = []
    start = 0
    for each in marks:
        pieces.append((each[2], body[start : each.start() - len(nonce)]))
        start = each.end()
    if any(nonce in text for _, text in pieces[1 - numbers.start :]) or nonce in body[start:]:
        raise _broken("a mark stands where none should", data)
    return pieces


def marks_of(data: bytes, nonce: bytes, mark: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """The marks: each place where the nonce stands and ``mark`` follows it.

    A match begins behind the nonce. A pattern with the nonce in it would have to be compiled for
    each answer, which takes longer than everything else about it.
    """
    at = data.find(nonce)
    while at >= 0:
        found = mark.match(data, at + len(nonce))
        if found is not None:
            yield found
        at = data.find(nonce, found.end() if found is not None else at + 1)


def _after_begin(data: bytes, nonce: bytes) -> bytes:
    begin = next(marks_of(data, nonce, BEGIN), None)
    if begin is None:
        raise ProtocolFailed(
            "the host did not run the bundled reads: no begin mark in the answer" + excerpt(data),
            hint="the login shell may not be cmd (set ansible_shell_type), or cmd refused the line",
        )
    if begin[1] != CANARY:
        raise ProtocolFailed(
            "delayed expansion of variables is on in cmd on this host",
            hint="remove DelayedExpansion from Software\\Microsoft\\Command Processor in the "
            "registry (HKLM and HKCU): with it, cmd changes values that hold an exclamation mark",
        )
    return data[begin.end() :]


def _broken(what: str, data: bytes) -> ProtocolFailed:
    return ProtocolFailed(
        f"the answer to bundled reads is not whole: {what}{excerpt(data)}",
        hint="the answer was cut or mixed with other output; nothing was changed by these reads",
    )


def excerpt(data: bytes) -> str:
    """The end of an answer, for people."""
    text = data[-200:].decode("ascii", "replace").strip()
    return f"; it ends in {text!r}" if text else "; it is empty"
