"""In which code page the programs in a shell really print: asked of the host, never guessed.

A shell is opened with 65001, and everything is UTF-8. Two kinds of hosts do otherwise. WinRM 1.1
may print nothing at all in 65001, so its shell gets the host's own OEM code page, which stands in
the registry. And a host may not honour the page that it was asked for: when the first byte comes
that is not ASCII, ``chcp`` tells which one it is. Both answers are ASCII in every language but for
words that are not looked at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from runner.interfaces.shell import RawOutput
from runner.transports.winrm.options import encoding_of

Run: TypeAlias = Callable[[str], RawOutput]
"""Runs one line of cmd; raises LinkFailure."""

_OEMCP: Final = r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage /v OEMCP <nul"
_OEM_VALUE: Final = re.compile(rb"OEMCP\s+REG_SZ\s+(\d{3,5})\s*$", re.MULTILINE)
_CHCP: Final = "chcp <nul"
_LAST_NUMBER: Final = re.compile(rb"(\d{3,5})\D*\Z")


def oem_page(run: Run) -> int | None:
    """The host's OEM code page; None when it cannot be told, or is none that we can read."""
    found = _OEM_VALUE.search(run(_OEMCP).stdout)
    page = int(found[1]) if found else 0
    return page if _is_known(page) else None


def active_encoding(run: Run) -> str | None:
    """How programs print in this shell, by ``chcp``; None when it does not say."""
    found = _LAST_NUMBER.search(run(_CHCP).stdout)
    page = int(found[1]) if found else 0
    return encoding_of(page) if _is_known(page) else None


def is_plain(raw: RawOutput) -> bool:
    """Whether the answer reads the same in every code page."""
    return raw.stdout.isascii() and raw.stderr.isascii()


def _is_known(page: int) -> bool:
    try:
        codecs.lookup(encoding_of(page))
    except LookupError:
        return False
    return True
