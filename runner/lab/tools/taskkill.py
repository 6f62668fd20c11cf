"""taskkill.exe: ends processes. Exit codes: 0, 128 no such process, 1 not all could be ended."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.state.processes import Running
from runner.lab.toolkit.taskfilter import matches

_CRITICAL = {"system", "system idle process", "csrss.exe", "smss.exe", "wininit.exe",
             "services.exe", "lsass.exe"}  # fmt: skip


def main(process: Process) -> int:
    """`taskkill [/f] [/t] /im NAME | /pid N | /fi FILTER`."""
    force = False
    names: list[str] = []
    numbers: list[str] = []
    filters: list[str] = []
    words = list(process.args)
    while words:
        word = words.pop(0).lower()
        if word == "/f":
            force = True
        elif word == "/t":
            continue  # the lab's processes have no children
        elif word in ("/im", "/pid", "/fi") and words:
            {"/im": names, "/pid": numbers, "/fi": filters}[word].append(words.pop(0))
        else:
            process.not_simulated(f"taskkill {word}")
    if not (names or numbers or filters):
        return process.fail(
            1, "ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified.\n"
        )
    process.mutates()
    code = 0
    for name in names:
        victims = [entry for entry in process.host.processes.named(name)
                   if all(matches(process, text, entry) for text in filters)]  # fmt: skip
        code = max(code, _end(process, victims, f'"{name}"', force=force))
    for number in numbers:
        found = process.host.processes.find(int(number)) if number.isdigit() else None
        if found and not all(matches(process, text, found) for text in filters):
            process.out("INFO: No tasks running with the specified criteria.\n")
            continue
        victims = [found] if found else []
        code = max(code, _end(process, victims, f'"{number}"', force=force))
    if filters and not names and not numbers:
        victims = [entry for entry in process.host.processes
                   if all(matches(process, text, entry) for text in filters)]  # fmt: skip
        if not victims:
            process.out("INFO: No tasks running with the specified criteria.\n")
            return 0
        code = _end(process, victims, "", force=force)
    return code


def _end(process: Process, victims: list[Running], what: str, *, force: bool) -> int:
    if not victims:
        return process.fail(128, f"ERROR: The process {what} not found.\n")
    code = 0
    for entry in victims:
        if entry.name.lower() in _CRITICAL or (entry.service and not force):
            reason = (
                "Access is denied."
                if force
                else ("This process can only be terminated forcefully (with /F option).")
            )
            process.err(
                f'ERROR: The process "{entry.name}" with PID {entry.pid} could not be '
                f"terminated.\nReason: {reason}\n"
            )
            code = 1
            continue
        process.host.processes.ended(entry.pid)
        process.host.services.killed(entry.pid)
        process.out(f'SUCCESS: The process "{entry.name}" with PID {entry.pid} '
                    "has been terminated.\n")  # fmt: skip
    return code
