"""The messages of a remote shell, as pywinrm words them; see ``winrm.recording``.

``message`` is a new id for each one, in small letters. ``seconds`` is how long the host may hold
the request. Values are escaped here; characters that XML does not have are refused before.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from random import getrandbits
from typing import Final

RECORDED: Final = Path(__file__).with_suffix(".json")
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_QUOTES: Final = {
    **_IN_TEXT,
    **str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}),
}
"""As xml.sax.saxutils does it, which loads half of an HTTP client."""
MARK: Final = "RUNNER_SHELL"
"""The environment variable of a shell whose value is the name that we gave it: a host that chooses
the name itself lists the shells with their variables."""
_HOLE: Final = "\0"
"""Stands where a value goes that is new each time; no XML has it."""


def new_id() -> str:
    """A random UUID (RFC 9562, version 4), in small letters; uuid4 takes four times as long.

    It is to be another one than all others, and no secret: asking the kernel for each would hand
    the interpreter to another thread each time. A process that forks gets other numbers.
    """
    digits = f"{getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def create(message: str, seconds: int, codepage: int, name: str, mark: str = "") -> bytes:
    """Open a shell, which is to be called ``name``; empty leaves that to the host.

    ``mark`` is set as the variable MARK, unless it is empty.
    """
    begin, middle, late, end = _pieces("create", seconds, codepage=codepage)
    called, variables = _named("ShellId", name), _marked(mark) if mark else ""
    return _joined(begin, message, middle, called, late, variables, end)


def command(message: str, seconds: int, shell: str, line: str, name: str) -> bytes:
    """Start a command line; ``name`` as in ``create``."""
    begin, middle, late, end = _pieces("command", seconds, shell)
    called = _named("CommandId", name)
    return _joined(begin, message, middle, called, late, _in_text(line), end)


def send(message: str, seconds: int, shell: str, command: str, data: bytes, *, end: bool) -> bytes:
    """Hand over input; ``end`` closes it."""
    begin, middle, late, rest = _pieces("send_last" if end else "send", seconds, shell)
    text = b64encode(data).decode("ascii")
    return _joined(begin, message, middle, _in_quotes(command), late, text, rest)


def receive(message: str, seconds: int, shell: str, command: str) -> bytes:
    """Ask for output."""
    begin, middle, end = _pieces("receive", seconds, shell)
    return _joined(begin, message, middle, _in_quotes(command), end)


def signal(message: str, seconds: int, shell: str, command: str) -> bytes:
    """End a command, or acknowledge its end."""
    begin, middle, end = _pieces("signal", seconds, shell)
    return _joined(begin, message, middle, _in_quotes(command), end)


def delete(message: str, seconds: int, shell: str) -> bytes:
    """Close a shell."""
    begin, end = _pieces("delete", seconds, shell)
    return _joined(begin, message, end)


def configuration(message: str, seconds: int) -> bytes:
    """Ask for ``winrm/config``."""
    begin, end = _pieces("configuration", seconds)
    return _joined(begin, message, end)


def shells(message: str, seconds: int) -> bytes:
    """Ask for the shells that there are."""
    begin, end = _pieces("shells", seconds)
    return _joined(begin, message, end)


def _named(attribute: str, name: str) -> str:
    return f' {attribute}="{_in_quotes(name)}"' if name else ""


def _marked(mark: str) -> str:
    variable = f'<rsp:Variable Name="{MARK}">{_in_text(mark)}</rsp:Variable>'
    return f"<rsp:Environment>{variable}</rsp:Environment>"


def _in_text(text: str) -> str:
    """A tenth of the time that ``translate`` takes with a long script."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _joined(*pieces: str) -> bytes:
    return "".join(pieces).encode("utf-8")


@lru_cache(maxsize=1024)
def _in_quotes(identifier: str) -> str:
    return identifier.translate(_IN_QUOTES)


@lru_cache(maxsize=4096)
def _pieces(verb: str, seconds: int, shell: str = "", codepage: int = 0) -> list[str]:
    """What stands between the values that are new in each message, in their order."""
    text = templates()[verb].format(
        seconds=seconds,
        shell=_in_text(shell),
        codepage=codepage,
        message=_HOLE,
        command=_HOLE,
        name=_HOLE,
        mark=_HOLE,
        line=_HOLE,
        data=_HOLE,
    )
    return text.split(_HOLE)


@cache
def templates() -> Mapping[str, str]:
    """One for each message; those of the pywinrm that is installed."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    if recorded["pywinrm"] == version("pywinrm"):
        return dict(recorded["templates"])
    from runner.transports.winrm.recording import record  # loads pywinrm and requests

    return record()
