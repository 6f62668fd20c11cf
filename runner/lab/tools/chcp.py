"""chcp.com: shows the console code page; the remote shell fixes it."""

from __future__ import annotations

from runner.lab.process import Process


def main(process: Process) -> int:
    """`chcp`, or `chcp N` where N is the code page that the shell has already."""
    args, current = process.args, process.session.codepage
    if args and args[0] != str(current):
        process.not_simulated(f"chcp {args[0]}: open the shell with that code page")
    process.out(f"Active code page: {current}\n")
    return 0
