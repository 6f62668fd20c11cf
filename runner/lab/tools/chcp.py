"""chcp.com: shows the console code page, and sets it where no remote shell fixes it."""

from __future__ import annotations

import codecs

from runner.lab.state.process import Process


def main(process: Process) -> int:
    """`chcp`, or `chcp N`: in a remote shell only with the code page that it has already."""
    args, console = process.args, process.session.console
    if args and args[0] != str(console.codepage):
        if console.fixed or not is_known(args[0]):
            process.not_simulated(f"chcp {args[0]}: open the shell with that code page")
        console.codepage = int(args[0])
    process.out(f"Active code page: {console.codepage}\n")
    return 0


def is_known(codepage: str) -> bool:
    """Whether there is such a code page."""
    try:
        codecs.lookup("utf-8" if codepage == "65001" else f"cp{codepage}")
    except LookupError:
        return False
    return codepage.isdigit()
