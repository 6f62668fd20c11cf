"""The commands that are part of cmd.exe itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runner.lab.cmd.builtins import flow, listing, shell, trees
from runner.lab.cmd.builtins import transfer as transfers
from runner.lab.cmd.control import Streams
from runner.lab.faults import NotSimulated

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter

__all__ = ["run_builtin", "split_builtin"]

Builtin = Callable[["Interpreter", str, Streams], int]

_NESTING: dict[str, Builtin] = {
    "call": flow.call,
    "start": flow.start,
    "exit": flow.exit_,
    "goto": flow.goto,
}
"""Commands that run other commands or end this one: they do not hold the machine meanwhile."""

_PLAIN: dict[str, Builtin] = {
    "cd": shell.cd, "chdir": shell.cd, "cls": shell.cls, "echo": shell.echo,
    "endlocal": flow.endlocal, "pause": shell.pause, "popd": shell.popd, "pushd": shell.pushd,
    "rem": shell.rem, "set": shell.set_, "setlocal": flow.setlocal, "title": shell.rem,
    "ver": shell.ver,
    "dir": listing.dir_, "type": listing.type_,
    "copy": transfers.copy, "move": transfers.move, "ren": transfers.rename,
    "rename": transfers.rename,
    "del": trees.delete, "erase": trees.delete, "md": trees.make_directory,
    "mkdir": trees.make_directory, "rd": trees.remove_directory, "rmdir": trees.remove_directory,
}  # fmt: skip

_UNKNOWN = frozenset(
    {"assoc", "break", "color", "date", "dpath", "ftype", "keys", "mklink", "path", "prompt",
     "shift", "time", "verify", "vol"}
)  # fmt: skip

_PRESERVES = frozenset(
    {"cls", "echo", "endlocal", "pause", "popd", "rd", "rem", "rmdir", "set", "start", "title",
     "call", "goto", "exit"}
)  # fmt: skip
"""Commands whose success leaves %errorlevel% as it was; the others set it to 0."""

_NAMES = frozenset(_NESTING) | frozenset(_PLAIN) | _UNKNOWN
_ENDS = frozenset('.\\/:+([]"')


def split_builtin(name: str, args: str) -> tuple[str, str] | None:
    """The built-in command that a word starts, and its arguments; None for other programs.

    `echo.x`, `cd..` and `dir/b` need no blank after the command.
    """
    lower = name.lower()
    if lower in _NAMES:
        return lower, args
    for at, char in enumerate(lower):
        if char in _ENDS:
            if lower[:at] in _NAMES:
                return lower[:at], name[at:] + args
            break
    return None


def run_builtin(interpreter: Interpreter, name: str, args: str, streams: Streams) -> int:
    """Run a built-in command and set %errorlevel% as that command does."""
    nesting = _NESTING.get(name)
    if nesting is not None:
        return nesting(interpreter, args, streams)
    plain = _PLAIN.get(name)
    if plain is None:
        raise NotSimulated(f"cmd: {name}")
    with interpreter.session.host.lock:
        code = plain(interpreter, args, streams)
    if code != 0:
        if name not in ("rd", "rmdir"):  # their failure shows only to && and ||
            interpreter.errorlevel = code
    elif name not in _PRESERVES:
        interpreter.errorlevel = 0
    return code
