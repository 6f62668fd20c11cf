"""Several commands that users wrote as one line of cmd, each as if it had been sent alone.

A cmd of its own reads each of them (``cmd /d /s /c "COMMAND"``), as one would if it were sent
alone: what it does to its folder, its variables or its cmd (``exit``) ends with it. The outer cmd
hands the text on and reads nothing of it (``cmd_escape``). It sets no folder, unlike a script of
changes, and keeps the variable ``g`` empty while a command runs. ``/d``: AutoRun has been run by
the outer cmd, and what it has set is inherited.

All commands of a remote shell share its console, so a code page that a program sets stays for those
behind it, sent alone or not. Behind a command that says it does so, nothing goes in the same
line; see ``PARTING``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Output
from runner.interfaces.shell import Invocation, RawOutput, Series
from runner.shells.cmd_bundle import (
    BEGIN,
    CANARY,
    LONGEST_BUNDLE,
    WITHOUT_CODE,
    excerpt,
    marks_of,
    new_nonce,
    sent,
)
from runner.shells.cmd_quoting import cmd_escape, utf16_length
from runner.shells.cmd_script import MARK, MOST_STEPS, is_ended, step
from runner.shells.text_decoding import output_of

PARTING: Final = re.compile(
    # What sets the code page, ...
    r"\b(?:chcp|mode"
    # ... may cut the connection or end what runs the line, ...
    r"|(?:ps|ts)?shutdown|tsshutdn|logoff|tsdiscon|rwinsta|taskkill|tskill|pskill|netsh|wmic"
    r"|winrm|windows remote management|sshd|openssh|(?:stop|delete)\s+http|route|rasdial|netdom"
    r"|devcon|pnputil|sysprep|ipconfig[^&|]*/(?:release|renew)\w*"
    # ... can do any of it, as what is a script itself, or goes on behind the line's back.
    r"|powershell|pwsh|wscript|cscript|mshta|rundll32|psexec|psexec64|bash|wsl|python|perl|ruby)\b"
    r"|\.(?:bat|cmd|vbs|vbe|js|jse|wsf|hta|ps1|py)\b"
    r"|(?:^|[&|(@]|\bif\b.*\s|\b(?:do|else|call)\s|/[ck])[\s\",;=]*start\b(?!\s*=)",
    re.IGNORECASE,
)
"""Commands behind which nothing goes in the same line. Looked for where carets are taken away."""
LENGTHY: Final = re.compile(
    r"\b(?:ping|timeout|choice|waitfor|pause|msiexec|wusa|dism|pkgmgr|ocsetup|sfc|chkdsk|defrag"
    r"|robocopy|xcopy|vssadmin|wbadmin|systeminfo|gpupdate|mrt|[\w.-]*(?:setup|install)[\w.-]*)\b",
    re.IGNORECASE,
)
"""Commands that are likely to take long. They are sent alone: what comes before them is to be told
at once, and at Ctrl-C what comes behind them is not to be waited for."""
_SKIPPED: Final = frozenset('" \t,;=')
_CMD: Final = "%SystemRoot%\\System32\\cmd /d /s /c "


@dataclass(frozen=True, slots=True)
class CmdSeries(Series):
    """``count`` commands in one line, with marks of ``nonce``."""

    invocation: Invocation
    nonce: str
    count: int

    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output for each command that ran, cut at the marks on the bytes of each stream."""
        found = self.certain(raw, encoding)
        if raw.code and raw.stderr and not raw.stdout and self.border not in raw.stderr:
            # The marks at its beginning come before anything else, on both streams.
            raise ProtocolFailed("cmd did not take a script of commands: nothing was run")
        begin = next(marks_of(raw.stdout, self.nonce.encode(), BEGIN), None)
        if begin is not None and begin[1] != CANARY:
            raise ProtocolFailed("delayed expansion of variables is on in cmd: nothing was run")
        if found and found[-1].code != 0:
            return found
        if len(found) < self.count or not is_ended(raw.stdout, self.nonce):
            raise ProtocolFailed(
                f"the answer to a script of commands is not whole: {len(found)} of {self.count} "
                f"came to their end{excerpt(raw.stdout)}",
                hint="look at the host before running again; with --no-fuse each is sent alone",
                may_have_started=True,
            )
        return found

    @property
    def border(self) -> bytes:
        """What each mark begins with."""
        return self.nonce.encode()

    def certain(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """Those whose marks have come on both streams, in order, up to the first that failed."""
        nonce = self.nonce.encode()
        begin = next(marks_of(raw.stdout, nonce, BEGIN), None)
        errors = list(marks_of(raw.stderr, nonce, WITHOUT_CODE))
        if begin is None or begin[1] != CANARY or not errors or errors[0][1] != b"0":
            return ()
        found: list[Output] = []
        start, start_of_error = begin.end(), errors[0].end()
        marks = marks_of(raw.stdout, nonce, MARK)
        for number, (mark, error) in enumerate(zip(marks, errors[1:], strict=False), start=1):
            code = int(mark[2]) & 0xFFFFFFFF
            text = raw.stdout[start : mark.start() - len(nonce)]
            said = raw.stderr[start_of_error : error.start() - len(nonce)]
            if not int(mark[1]) == int(error[1]) == number <= self.count:
                break
            if (mark[3] == b"y") != (code == 0) or nonce in text + said:
                break
            found.append(output_of(RawOutput(code, text, said), encoding))
            start, start_of_error = mark.end(), error.end()
            if code != 0:
                break
        return tuple(found)


def series(lines: Sequence[str], head: str | None = None) -> CmdSeries | None:
    """One line that runs the first of these lines of cmd one after another, as many as fit; None
    when that are fewer than two. ``head`` is run before them, and counts as one of them; it is
    not the user's, so the cmd that runs them all reads it."""
    nonce = new_nonce()
    mark = sent(nonce)
    begin = f'set "errorlevel="&echo {mark}.0.!OS!.&echo {mark}.0.>&2&(if "!OS!"=="%OS%" exit)'
    begin, end = f"{begin}&set g=1", f"&(if defined g echo {mark}.end.)"
    parts: list[str] = []
    left = LONGEST_BUNDLE - utf16_length(begin + end)
    ours = [] if head is None else [head]
    for number, line in enumerate([*ours, *map(_apart, lines)][:MOST_STEPS], start=1):
        part = step(mark, number, line)
        left -= utf16_length(part)
        if left < 0:
            break
        parts.append(part)
    if len(parts) < 2:
        return None
    return CmdSeries(Invocation(begin + "".join(parts) + end), nonce, len(parts))


def reads_the_same(line: str) -> bool:
    """Whether a cmd of its own reads this line as the one that would read it alone.

    cmd puts variables in place of names in percent signs before anything else, and takes quotes
    away from a line that begins with one; it may pass over what stands before that.
    """
    return (
        "%" not in line
        and line[:1] not in _SKIPPED
        and not line.endswith("^")
        and line.count('"') % 2 == 0
    )


@lru_cache(maxsize=1024)
def may_join(line: str) -> bool:
    """Whether this line may share one with others: it reads the same, is short, and so is what it
    does, as far as that can be told."""
    if not reads_the_same(line) or utf16_length(line) > LONGEST_BUNDLE - 400:
        return False
    return LENGTHY.search(line.replace("^", "")) is None


@lru_cache(maxsize=1024)
def is_parting(line: str) -> bool:
    """Whether nothing may stand behind this line; see ``PARTING``."""
    return PARTING.search(line.replace("^", "")) is not None


@lru_cache(maxsize=1024)
def _apart(line: str) -> str:
    return _CMD + cmd_escape(f'"{line}"')
