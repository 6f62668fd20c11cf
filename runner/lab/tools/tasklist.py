"""tasklist.exe: the processes. Exit code 0 also when nothing matches."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.toolkit.taskfilter import matches

_RULE = "========================= ======== ================ =========== ============"
_HEAD = "Image Name                     PID Session Name        Session#    Mem Usage"


def main(process: Process) -> int:
    """`tasklist [/fo table|csv|list] [/nh] [/fi FILTER]... [/svc]`."""
    form, header, filters, services = "table", True, [], False
    words = list(process.args)
    while words:
        word = words.pop(0).lower()
        if word == "/fo" and words:
            form = words.pop(0).lower()
        elif word == "/fi" and words:
            filters.append(words.pop(0))
        elif word == "/nh":
            header = False
        elif word == "/svc":
            services = True
        else:
            process.not_simulated(f"tasklist {word}")
    if form not in ("table", "csv") or (services and form != "csv"):
        process.not_simulated(f"tasklist /fo {form}{' /svc' if services else ''}")
    found = [
        entry for entry in process.host.processes
        if all(matches(process, text, entry) for text in filters)
    ]  # fmt: skip
    if not found:
        process.out("INFO: No tasks are running which match the specified criteria.\n")
        return 0
    lines: list[str] = []
    for entry in found:
        if services:
            names = [s.name for s in process.host.services if s.pid == entry.pid]
            lines.append(f'"{entry.name}","{entry.pid}","{",".join(names) or "N/A"}"')
        elif form == "csv":
            memory = f"{entry.memory_kb:,} K"
            lines.append(f'"{entry.name}","{entry.pid}","Services","0","{memory}"')
        else:
            memory = f"{entry.memory_kb:,} K"
            lines.append(
                f"{entry.name[:25]:<25} {entry.pid:>8} {'Services':<16} {0:>11} {memory:>12}"
            )
    if header:
        csv_head = '"Image Name","PID","Session Name","Session#","Mem Usage"'
        service_head = '"Image Name","PID","Services"'
        lines[:0] = (
            ["", _HEAD, _RULE] if form == "table" else [service_head if services else csv_head]
        )
    process.out("\n".join(lines) + "\n")
    return 0
