"""The program in a service's ImagePath, as CreateProcess finds it in a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.lab.state.files import Entry

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["place_program", "program_exists"]


def program_exists(host: Host, command_line: str) -> bool:
    """Whether the machine has the program.

    Without quotes a path with blanks is tried word by word, with `.exe` where it has no extension
    (Microsoft, CreateProcessW, lpCommandLine).
    """
    line = re.sub("(?i)%systemroot%", lambda _: host.system_root, command_line).strip()
    for path in _candidates(line):
        place = path if re.match(r"[A-Za-z]:\\", path) else rf"{host.system_root}\System32\{path}"
        for tried in (place, f"{place}.exe"):
            entry = host.files.find(tried)
            if entry is not None and not entry.is_dir:
                return True
    return False


def place_program(host: Host, command_line: str) -> None:
    """Put a program where a service that the machine is found with says that it is."""
    found = re.match(r'(?i)"?([a-z]:\\[^"]*?\.exe)', command_line)
    if found and host.files.find(found[1]) is None:
        host.files.make_dirs(found[1].rpartition("\\")[0], host.clock.now())
        host.files.put(Entry(found[1], content=None, size=65536))


def _candidates(line: str) -> Iterator[str]:
    if quoted := re.match('"([^"]*)"', line):
        yield quoted[1]
        return
    words = line.split(" ")
    for count in range(1, len(words) + 1):
        yield " ".join(words[:count])
