"""A program of which the lab knows only how much memory it takes (``memory_mb`` of its file)."""

from __future__ import annotations

from runner.lab.state.process import Process

NO_MEMORY = 0xC0000017
"""STATUS_NO_MEMORY: how a native program ends that does not look whether it was given memory
(Microsoft, [MS-ERREF] 2.3.1)."""


def main(process: Process) -> int:
    """Take the memory and be done with it; without enough of it end without a word."""
    process.mutates()
    entry = process.host.files.find(process.path)
    allowed = process.session.memory_mb
    if entry is not None and allowed is not None and entry.memory_mb > allowed:
        return NO_MEMORY
    process.out("done\n")
    return 0
