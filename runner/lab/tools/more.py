"""more.com: copies its input when the output is not a console."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.toolkit.textfile import file_lines, lines_of


def main(process: Process) -> int:
    """Standard input or files; tabs become eight columns."""
    if any(word.startswith(("/", "+")) for word in process.args):
        process.not_simulated(f"more {' '.join(process.args)}")
    sources: list[str | None] = [*process.args] or [None]
    for name in sources:
        lines = lines_of(process, process.read()) if name is None else file_lines(process, name)
        if lines is None:
            return process.fail(1, f"Cannot access file {process.absolute(name or '')}\n")
        process.out("".join(line.expandtabs(8) + "\n" for line in lines))
    return 0
