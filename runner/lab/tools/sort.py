"""sort.exe: the lines of standard input in order."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.toolkit.textfile import lines_of


def main(process: Process) -> int:
    """`sort [/r]`."""
    words = [word.lower() for word in process.args]
    if set(words) - {"/r"}:
        process.not_simulated(f"sort {' '.join(words)}")
    lines = sorted(lines_of(process, process.read()), key=str.lower, reverse="/r" in words)
    process.out("".join(line + "\n" for line in lines))
    return 0
