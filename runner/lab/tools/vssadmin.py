"""vssadmin.exe: `delete shadows /shadow={ID} /quiet`. Exit codes: 0, 1 not there, 2 usage."""

from __future__ import annotations

from runner.lab.state.process import Process

_HEAD = (
    "vssadmin 1.1 - Volume Shadow Copy Service administrative command-line tool\n"
    "(C) Copyright 2001-2013 Microsoft Corp.\n\n"
)


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = [word.lower() for word in process.args]
    if words[:2] != ["delete", "shadows"]:
        process.not_simulated(f"vssadmin {' '.join(process.args)}")
    options = {word.partition("=")[0]: word.partition("=")[2] for word in words[2:]}
    if set(options) - {"/shadow", "/quiet"} or not options.get("/shadow"):
        process.not_simulated(f"vssadmin {' '.join(process.args)}")
    process.out(_HEAD)
    process.mutates()
    if "/quiet" not in options:
        process.out("Do you really want to delete 1 shadow copies (Y/N): [N]? ")
        if process.read_line().strip().lower() != "y":
            return 2
    if not process.host.shadows.delete(options["/shadow"]):
        process.out("Error: No items found that satisfy the query.\n")
        return 1
    if "/quiet" not in options:
        process.out("Successfully deleted 1 shadow copies.\n")
    return 0
