"""echo, set, cd and the other small commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.lab.cmd.control import Streams
from runner.lab.faults import NotSimulated
from runner.lab.state.paths import absolute, is_wild
from runner.lab.state.streams import decode

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter


def echo(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Print a text: everything after the one character that follows the command."""
    word = args.strip(" \t").lower()
    if not word and not args.startswith((".", "(", ":", "/", "\\", "+", "[", "]")):
        state = "on" if interpreter.echo else "off"
        interpreter.write(streams.stdout, f"ECHO is {state}.\n")
    elif word in ("on", "off") and args[:1] in (" ", "\t"):
        interpreter.echo = word == "on"
    else:
        interpreter.write(streams.stdout, args[1:] + "\n")
    return 0


def set_(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Show, set or remove a variable."""
    text = args.lstrip(" \t,;=")
    switch = text[:2].lower()
    if switch == "/a":
        raise NotSimulated("cmd: set /a")
    if switch == "/p":
        return _prompt(interpreter, _unquoted(text[2:].lstrip()), streams)
    text = _unquoted(text)
    name, equals, value = text.partition("=")
    env = interpreter.session.env
    if not equals:
        return _show(interpreter, text.rstrip(), streams)
    if not name:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    if value:
        env.set(name, value)
        return 0
    return 0 if env.remove(name) else 1


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    last = text.rfind('"')
    return text[1:last] if last > 0 else text[1:]


def _show(interpreter: Interpreter, prefix: str, streams: Streams) -> int:
    found = False
    for name, value in interpreter.session.env.items():
        if name.upper().startswith(prefix.upper()):
            interpreter.write(streams.stdout, f"{name}={value}\n")
            found = True
    if not found:
        interpreter.complain(streams.stderr, f"Environment variable {prefix} not defined\n")
    return 0 if found else 1


def _prompt(interpreter: Interpreter, text: str, streams: Streams) -> int:
    name, _, prompt = text.partition("=")
    interpreter.write(streams.stdout, prompt.strip('"'))
    answer = _read_line(interpreter, streams)
    if not answer:
        return 1
    interpreter.session.env.set(name, answer)
    return 0


def _read_line(interpreter: Interpreter, streams: Streams) -> str:
    session = interpreter.session
    if not streams.stdin.blocking:
        return decode(streams.stdin.read_line(), session.codepage).rstrip("\r\n")
    with session.host.released():
        data = streams.stdin.read_line()
    session.host.check(session)
    return decode(data, session.codepage).rstrip("\r\n")


def confirm(interpreter: Interpreter, question: str, streams: Streams) -> bool:
    """Ask on standard output; the end of input means no."""
    interpreter.write(streams.stdout, question)
    answer = _read_line(interpreter, streams)
    interpreter.write(streams.stdout, "\n")
    return answer.strip().lower()[:1] in ("y", "a")


def cd(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Show or change the working directory. Only drive C: exists."""
    text = args.strip(" \t,;=")
    if text[:2].lower() == "/d":
        text = text[2:].strip(" \t")
    text = text.strip().replace('"', "")
    session = interpreter.session
    if not text or re.fullmatch(r"[A-Za-z]:", text):
        if text and text.upper() != session.cwd[:2].upper():
            raise NotSimulated(f"cmd: the working directory of drive {text}")
        interpreter.write(streams.stdout, session.cwd + "\n")
        return 0
    target = absolute(text, session.cwd)
    if target.startswith("\\\\"):
        interpreter.complain(
            streams.stderr, f"'{text}'\nCMD does not support UNC paths as current directories.\n"
        )
        return 1
    files = session.host.files
    entry = files.find(target)
    if is_wild(text) or entry is None:
        interpreter.complain(streams.stderr, "The system cannot find the path specified.\n")
        return 1
    if not entry.is_dir:
        interpreter.complain(streams.stderr, "The directory name is invalid.\n")
        return 1
    session.cwd = entry.path
    return 0


def pushd(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Change the directory and remember the old one."""
    before = interpreter.session.cwd
    code = cd(interpreter, args, streams) if args.strip() else 0
    if code == 0 and args.strip():
        interpreter.directories.append(before)
    return code


def popd(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Go back to the directory that `pushd` left."""
    if not interpreter.directories:
        return 1
    interpreter.session.cwd = interpreter.directories.pop()
    return 0


def ver(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """The version line; builds from 17763 on show their revision."""
    profile = interpreter.session.host.profile
    revision = f".{interpreter.session.host.revision()}" if profile.build >= 17763 else ""
    text = f"{profile.nt_version}.{profile.build}{revision}"
    interpreter.write(streams.stdout, f"\nMicrosoft Windows [Version {text}]\n")
    return 0


def rem(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Nothing (also `title`: there is no window)."""
    return 0


def cls(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """A form feed, when the output is not a console."""
    interpreter.write(streams.stdout, "\x0c")
    return 0


def pause(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Wait for a key, or for the end of input."""
    interpreter.write(streams.stdout, "Press any key to continue . . . ")
    _read_line(interpreter, streams)
    interpreter.write(streams.stdout, "\n")
    return 0
