"""call, start, exit, goto, setlocal: what steers other commands."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import TYPE_CHECKING

from runner.lab.cmd.batch import run_label
from runner.lab.cmd.control import ExitBatch, ExitShell, Goto, Streams, signed
from runner.lab.cmd.expand import percent
from runner.lab.cmd.syntax import parse
from runner.lab.cmd.tree import Simple, SyntaxFault
from runner.lab.faults import LabFault, NotSimulated
from runner.lab.state.streams import NullSink, Source

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter


def call(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Run a command after one more expansion of its variables.

    %errorlevel% becomes 0 unless the command sets it; a bare `call` without a blank makes it 1.
    """
    text = args.lstrip(" \t,;=")
    if not text:
        interpreter.errorlevel = 0 if args else 1
        return interpreter.errorlevel
    text = percent(text, interpreter.lookup, interpreter.arguments)
    # `call` doubles carets; outside quotes the parser that follows halves them again.
    text = text.replace("^", "^^")
    if text.startswith(":"):
        label, _, rest = text.partition(" ")
        return run_label(interpreter, label, rest, streams)
    try:
        node = parse(text)
    except SyntaxFault:
        node = None
    if not isinstance(node, Simple):
        interpreter.errorlevel = 1
        return 1
    return interpreter.run_called(node, streams)


def exit_(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """End the interpreter, or with /b the batch file."""
    words = args.split()
    only_batch = bool(words) and words[0].lower() == "/b"
    number = words[1:] if only_batch else words
    if number:
        match = re.match(r"[+-]?\d+", number[0])
        interpreter.errorlevel = signed(int(match[0])) if match else 0
    if only_batch and interpreter.arguments is not None:
        raise ExitBatch
    raise ExitShell(interpreter.errorlevel)


def goto(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Go on at a label of the batch file; on the command line it does nothing."""
    if interpreter.arguments is None:
        return 0
    raise Goto(args.split()[0] if args.split() else "")


def setlocal(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Keep the environment aside until `endlocal`; outside batch files nothing."""
    if interpreter.arguments is None:
        return 0
    words = args.lower().split()
    if unknown := set(words) - {"enabledelayedexpansion", "disabledelayedexpansion",
                                "enableextensions"}:  # fmt: skip
        raise NotSimulated(f"cmd: setlocal {' '.join(sorted(unknown))}")
    session = interpreter.session
    interpreter.locals.append((session.env.copy(), session.cwd, interpreter.delayed))
    if "enabledelayedexpansion" in words:
        interpreter.delayed = True
    elif "disabledelayedexpansion" in words:
        interpreter.delayed = False
    return 0


def endlocal(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Bring the environment back that `setlocal` kept."""
    if interpreter.locals:
        session = interpreter.session
        session.env, session.cwd, interpreter.delayed = interpreter.locals.pop()
    return 0


_START_WORD = re.compile(r'\s*("[^"]*"|\S+)')


def start(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Run a command in its own process; waits for it only with /wait."""
    rest, wait, first = args, False, True
    while match := _START_WORD.match(rest):
        word = match[1]
        if word.startswith("/"):
            if word.lower() in ("/w", "/wait"):
                wait = True
            elif word.lower() not in ("/b", "/min", "/max", "/low", "/normal", "/high", "/i"):
                raise NotSimulated(f"cmd: start {word}")
        elif not (first and word.startswith('"')):
            break
        first = False
        rest = rest[match.end() :]
    command = rest.strip()
    if not command:
        raise NotSimulated("cmd: start without a command")
    child = interpreter.fork()
    if wait:
        child.run_line(command, streams)
        interpreter.errorlevel = child.errorlevel
        return child.errorlevel
    child.session.cancelled = threading.Event()
    quiet = Streams(Source(), NullSink(), NullSink())

    def run() -> None:
        # The machine may go down, or the command say `exit`: nobody listens.
        with contextlib.suppress(LabFault, ExitShell):
            child.run_line(command, quiet)

    child.session.host.spawn(run)
    return 0
