"""cmd.exe started by another command."""

from __future__ import annotations

import re

from runner.lab.cmd.control import ExitShell, Streams
from runner.lab.cmd.interpreter import Interpreter, strip_quotes
from runner.lab.cmd.launch import find_program
from runner.lab.state.process import Process

RUNS_COMMANDS = True

_SWITCH = re.compile(r"\s*/([A-Za-z])(?::(\w+))?", re.IGNORECASE)


def main(process: Process) -> int:
    """`cmd [/d] [/q] [/s] [/v:on] /c TEXT`; an interactive cmd is not simulated."""
    tail = process.tail
    delayed = s_switch = False
    while match := _SWITCH.match(tail):
        letter, value = match[1].lower(), (match[2] or "").lower()
        tail = tail[match.end() :]
        if letter in "cr":
            break
        if letter == "s":
            s_switch = True
        elif letter == "v" and value in ("", "on", "off"):
            delayed = value != "off"
        elif letter not in "dqaef":
            process.not_simulated(f"cmd /{letter}")
    else:
        process.not_simulated("cmd without /c")
    text = tail.lstrip()
    quoted = re.match(r'"([^"]*)"', text)
    is_program = bool(quoted and find_program(process.session, quoted[1]))
    interpreter = Interpreter(process.session, process.line, delayed_expansion=delayed)
    streams = Streams(process.stdin, process.stdout, process.stderr)
    try:
        return interpreter.run_line(
            strip_quotes(text, s_switch=s_switch, is_program=is_program), streams
        )
    except ExitShell as end:
        return end.code
