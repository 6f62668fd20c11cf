"""Several changes as one line of cmd that stops at the first failure, and the way back.

Each command runs only if the variable ``g`` is defined, which the one before it left so by ending
with the exit code 0. After each, a mark with the exit code, and with what cmd made of it
(``y``, ``n``), goes to standard output, and one to standard error; after the last comes an end
mark. All of it is decided when it runs: ``if errorlevel`` and ``call echo`` look then, and neither
delayed expansion nor a second cmd is needed. A line that cmd cannot read does not run at all; one
that meets delayed expansion leaves before the first command (``if "!OS!"=="%OS%" exit``).

What the variables do: ``g`` is emptied before a command, and set behind it by an ``if`` in
brackets of its own, so that it is not in doubt what belongs to which ``if``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Output
from runner.interfaces.shell import Chain, Invocation, RawOutput
from runner.shells.cmd_bundle import (
    BEGIN,
    CANARY,
    LONGEST_BUNDLE,
    WITHOUT_CODE,
    excerpt,
    head,
    marks_of,
    new_nonce,
    sent,
)
from runner.shells.cmd_quoting import utf16_length
from runner.shells.text_decoding import output_of

MOST_STEPS: Final = 99
MARK: Final = re.compile(rb"\.(\d{1,3})\.(-?\d{1,11})\.([yn])\. ?\r?\n")
_END: Final = re.compile(rb"\.end\. ?\r?\n")
"""What follows a nonce."""


@dataclass(frozen=True, slots=True)
class CmdChain(Chain):
    """Changes in one line. At most ``count`` answers are expected between marks of ``nonce``."""

    invocation: Invocation
    nonce: str
    count: int

    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output for each command that ran, cut at the marks on the bytes of each stream."""
        body = self._after_begin(raw.stdout)
        nonce = self.nonce.encode()
        marks = list(marks_of(body, nonce, MARK))
        self._require_order([int(mark[1]) for mark in marks], raw.stdout)
        codes = [int(mark[2]) & 0xFFFFFFFF for mark in marks]
        for mark, code in zip(marks, codes, strict=True):
            if (mark[3] == b"y") != (code == 0):
                raise _broken(f"cmd took the exit code {code} for something else", raw.stdout)
        self._require_end(body[marks[-1].end() :] if marks else body, codes, raw.stdout)
        errors = self._errors(raw.stderr, len(marks))
        found: list[Output] = []
        start = 0
        for mark, code, stderr in zip(marks, codes, errors, strict=True):
            text = body[start : mark.start() - len(nonce)]
            if nonce in text + stderr:
                raise _broken("a mark stands where none should", raw.stdout)
            found.append(output_of(RawOutput(code, text, stderr), encoding))
            start = mark.end()
        return tuple(found)

    def _after_begin(self, data: bytes) -> bytes:
        begin = next(marks_of(data, self.nonce.encode(), BEGIN), None)
        if begin is None:
            raise _broken("there is no begin mark", data)
        if begin[1] != CANARY:
            raise ProtocolFailed(
                "delayed expansion of variables is on in cmd on this host: nothing was run",
                hint="remove DelayedExpansion from Software\\Microsoft\\Command Processor",
            )
        return data[begin.end() :]

    def _require_order(self, numbers: list[int], data: bytes) -> None:
        if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > self.count:
            raise _broken(f"marks {numbers} of 1..{self.count}", data)

    def _require_end(self, rest: bytes, codes: list[int], data: bytes) -> None:
        """All up to the first failure were run, and nothing behind it."""
        *before, last = codes or [-1]
        stopped = bool(codes) and last != 0
        if any(before) or not (stopped or len(codes) == self.count):
            raise _broken("it ends where it should not", data)
        nonce = self.nonce.encode()
        ended = rest.startswith(nonce) and _END.fullmatch(rest, len(nonce)) is not None
        if rest.strip() if stopped else not ended:
            raise _broken("something stands where it should end", data)

    def _errors(self, data: bytes, count: int) -> list[bytes]:
        nonce = self.nonce.encode()
        marks = list(marks_of(data, nonce, WITHOUT_CODE))
        if [int(mark[1]) for mark in marks] != list(range(count + 1)):
            raise _broken("its error stream is not whole", data)
        return [
            data[before.end() : mark.start() - len(nonce)]
            for before, mark in itertools.pairwise(marks)
        ]


def chain(lines: Sequence[str]) -> CmdChain | None:
    """One line that runs these lines of cmd one after another; None when it would be too long."""
    nonce = new_nonce()
    steps = (step(sent(nonce), number, line) for number, line in enumerate(lines, start=1))
    begin = head(nonce) + '&(if "!OS!"=="%OS%" exit)&set g=1'
    whole = begin + "".join(steps) + f"&(if defined g echo {sent(nonce)}.end.)"
    if len(lines) > MOST_STEPS or utf16_length(whole) > LONGEST_BUNDLE:
        return None
    return CmdChain(Invocation(whole), nonce, len(lines))


def step(mark: str, number: int, line: str) -> str:
    """The part of the script that runs one line, if all before it came out well."""
    return (
        f"&(if defined g (set g=&{line}&(if errorlevel 0 if not errorlevel 1 set g=0)"
        f"&(if not defined g call echo {mark}.{number}.%^errorlevel%.n.)"
        f"&(if defined g call echo {mark}.{number}.%^g%.y.)&echo {mark}.{number}.>&2))"
    )


def is_ended(data: bytes, nonce: str) -> bool:
    """Whether the mark behind the last step is there."""
    return next(marks_of(data, nonce.encode(), _END), None) is not None


def _broken(what: str, data: bytes) -> ProtocolFailed:
    return ProtocolFailed(
        f"the answer to a script of changes is not whole: {what}{excerpt(data)}",
        hint="look at the host before running again; with --no-fuse each change is sent alone",
        may_have_started=True,
    )
