"""The filters of tasklist and taskkill, such as `imagename eq x.exe`."""

from __future__ import annotations

from runner.lab.state.paths import wildcard
from runner.lab.state.process import Process
from runner.lab.state.processes import Running

__all__ = ["matches"]


def matches(process: Process, text: str, entry: Running) -> bool:
    """Whether a process passes a filter. Only imagename, pid and services are simulated."""
    words = text.split(None, 2)
    if len(words) != 3 or words[1].lower() not in ("eq", "ne"):
        process.not_simulated(f"task filter {text!r}")
    name, operator, value = words[0].lower(), words[1].lower(), words[2]
    if name == "imagename":
        result = wildcard(value).match(entry.name) is not None
    elif name == "pid":
        result = value == str(entry.pid)
    elif name == "services":
        names = (s.name.lower() for s in process.host.services if s.pid == entry.pid)
        result = value.lower() in names
    else:
        process.not_simulated(f"task filter {text!r}")
    return result == (operator == "eq")
