"""Batch files: lines, parentheses over several lines, labels, arguments, echo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lab.cmd.control import ExitBatch, Goto, Streams
from runner.lab.cmd.expand import percent
from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.streams import decode

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter

__all__ = ["run_batch", "run_label"]


def run_batch(
    interpreter: Interpreter, program: Entry, args: str, streams: Streams, *, called: bool
) -> int:
    """Run a batch file; without `call`, from within another one, control does not come back."""
    if program.content is None:
        raise NotSimulated(f"batch file {program.path}, of which the lab holds no bytes")
    text = decode(program.content, interpreter.session.codepage)
    nested = interpreter.arguments is not None
    words = split_batch_arguments(args)
    code = _run(interpreter, text, [program.path, *words], streams, "")
    if nested and not called:
        raise ExitBatch
    return code


def run_label(interpreter: Interpreter, label: str, args: str, streams: Streams) -> int:
    """`call :label`: the lines of the running batch file from the label on."""
    text = interpreter.batch_text
    if text is None:
        raise NotSimulated("cmd: call :label outside a batch file")
    return _run(interpreter, text, [label, *split_batch_arguments(args)], streams, label)


def split_batch_arguments(args: str) -> list[str]:
    """The words of a batch file's %1 to %9: quotes stay, `,;=` separate as blanks do."""
    words: list[str] = []
    word, quoted = "", False
    for char in args:
        if char == '"':
            quoted = not quoted
        if not quoted and char in " \t,;=":
            if word:
                words.append(word)
            word = ""
        else:
            word += char
    return [*words, word] if word else words


def _run(
    interpreter: Interpreter, text: str, arguments: list[str], streams: Streams, label: str
) -> int:
    saved = interpreter.arguments, interpreter.batch_text, interpreter.echo
    interpreter.arguments, interpreter.batch_text = arguments, text
    lines = [line.rstrip("\r") for line in text.split("\n")]
    try:
        _lines(interpreter, lines, streams, label)
    except ExitBatch:
        pass
    finally:
        interpreter.arguments, interpreter.batch_text, interpreter.echo = saved
    return interpreter.errorlevel


def _lines(interpreter: Interpreter, lines: list[str], streams: Streams, label: str) -> None:
    at = _find_label(lines, label) if label else 0
    while at < len(lines):
        block, at = _block(lines, at)
        line = block.strip()
        if not line or line.startswith(":"):
            continue
        quiet = line.startswith("@")
        expanded = percent(line, interpreter.lookup, interpreter.arguments)
        if interpreter.echo and not quiet:
            interpreter.write(streams.stdout, f"\n{interpreter.session.cwd}>{expanded} \n")
        try:
            interpreter.run_text(expanded, streams)
        except Goto as jump:
            if jump.label.lower() == ":eof":
                return
            at = _find_label(lines, jump.label)


def _block(lines: list[str], at: int) -> tuple[str, int]:
    """A line, with the following ones while a parenthesis is open."""
    block = lines[at]
    at += 1
    while at < len(lines) and not block.lstrip().lower().startswith(("rem", "::")):
        if _depth(block) <= 0:
            break
        block += "\n" + lines[at]
        at += 1
    return block, at


def _depth(text: str) -> int:
    depth, quoted, escaped = 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif char == '"':
            quoted = not quoted
        elif char == "\n":
            quoted = False
        elif not quoted:
            escaped = char == "^"
            depth += (char == "(") - (char == ")")
    return depth


def _find_label(lines: list[str], label: str) -> int:
    wanted = label.lstrip(":").lower()
    for at, line in enumerate(lines):
        words = line.strip().split()
        if words and words[0].startswith(":") and words[0][1:].lower() == wanted:
            return at + 1
    raise NotSimulated(f"batch file: label {label} is missing")
