"""Many reads as one script of the POSIX shell, and the way back from what it printed.

After each command a mark with its number and exit code goes to standard output, and one with the
number to standard error; one on each comes before the first command, so that whatever a login
prints of itself is no answer. A mark carries a random word, which the script holds in two parts:
a listing of command lines never shows it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Output
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.posix.quoting import quote
from runner.shells.cmd_bundle import Single, marks_of, new_nonce
from runner.shells.posix_setting import Dress

__all__ = ["PosixBundle", "Single", "frame", "pack", "text_of"]

LONGEST_BUNDLE: Final = 40_000
"""Bytes of a bundle's commands: quoting them again must not pass what a host takes."""
_WITH_CODE: Final = re.compile(rb"\.(\d{1,5})\.(\d{1,3})\.\n")
_WITHOUT_CODE: Final = re.compile(rb"\.(\d{1,5})()\.\n")
"""What follows a nonce."""


@dataclass(frozen=True, slots=True)
class PosixBundle(Bundle):
    """Several commands in one script. ``count`` answers are expected between marks of ``nonce``."""

    invocation: Invocation
    nonce: str
    count: int
    dress: Dress

    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output per command, cut at the marks on the bytes of each stream.

        Raises ProtocolFailed unless every mark is there, once, in order; ModuleError when the
        other user refused the commands.
        """
        inner = self.dress.off(raw)
        answers = _split(inner.stdout, self.nonce, _WITH_CODE, self.count)
        errors = _split(inner.stderr, self.nonce, _WITHOUT_CODE, self.count)
        return tuple(
            text_of(RawOutput(int(code), stdout, stderr), encoding)
            for (code, stdout), (_, stderr) in zip(answers, errors, strict=True)
        )


def text_of(raw: RawOutput, encoding: str) -> Output:
    """The decoded answer, line ends as they are; what is no text becomes U+FFFD."""
    try:
        stdout, stderr = (data.decode(encoding, "replace") for data in (raw.stdout, raw.stderr))
    except LookupError:
        stdout, stderr = (data.decode("utf-8", "replace") for data in (raw.stdout, raw.stderr))
    return Output(raw.code & 0xFFFFFFFF, stdout, stderr, raw.seconds)


def pack(lines: Sequence[str]) -> list[list[str]]:
    """The lines in order, in groups of which none is too long when framed."""
    groups: list[list[str]] = []
    used = 0
    for line in lines:
        size = len(line.encode()) + 32
        if not groups or used + size > LONGEST_BUNDLE:
            groups.append([])
            used = 0
        groups[-1].append(line)
        used += size
    return groups


def frame(lines: Sequence[str], dress: Dress) -> PosixBundle:
    """One script that runs these simple commands and marks where each answer ends."""
    nonce = new_nonce()
    word = f"{nonce[:5]}''{nonce[5:]}"
    script = [f'm() {{ echo {word}."$1.$2.";echo {word}."$1.">&2; }}', "m 0 0"]
    script += [f"{line} </dev/null;m {number} $?" for number, line in enumerate(lines, start=1)]
    shown = "; ".join(lines)
    invocation = dress.on(f"/bin/sh -c {quote(chr(10).join(script))}", None, shown)
    return PosixBundle(invocation, nonce, len(lines), dress)


def _split(
    data: bytes, nonce: str, mark: re.Pattern[bytes], count: int
) -> list[tuple[bytes, bytes]]:
    """(code, bytes before the mark) for each command, from one stream."""
    word = nonce.encode()
    marks = list(marks_of(data, word, mark))
    numbers = [int(each[1]) for each in marks]
    if numbers != list(range(count + 1)):
        raise _broken(f"marks {numbers} of 0..{count}", data)
    pieces = [
        (later[2], data[before.end() : later.start() - len(word)])
        for before, later in itertools.pairwise(marks)
    ]
    rest = data[marks[-1].end() :]
    if any(word in text for text in (*(text for _, text in pieces), rest)):
        raise _broken("a mark stands where none should", data)
    return pieces


def _broken(what: str, data: bytes) -> ProtocolFailed:
    text = data[-200:].decode("ascii", "replace").strip()
    tail = f"; it ends in {text!r}" if text else "; it is empty"
    return ProtocolFailed(
        f"the answer to bundled reads is not whole: {what}{tail}",
        hint="is it a Unix host with /bin/sh (else set ansible_shell_type), and may this account "
        "run commands? Nothing was changed by these reads",
    )
