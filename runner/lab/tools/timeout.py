"""timeout.exe: refuses to work without a console, as it does over WinRM."""

from __future__ import annotations

from runner.lab.state.process import Process


def main(process: Process) -> int:
    """Over a remote shell standard input is never a console."""
    return process.fail(
        1, "ERROR: Input redirection is not supported, exiting the process immediately.\n"
    )
