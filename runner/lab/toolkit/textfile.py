"""Text of files and streams as find, findstr and more read it."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.state.streams import decode

__all__ = ["file_lines", "lines_of"]


def lines_of(process: Process, data: bytes) -> list[str]:
    """Bytes in the console code page as lines without their ends."""
    text = decode(data, process.session.codepage).replace("\r\n", "\n")
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def file_lines(process: Process, name: str) -> list[str] | None:
    """The lines of a file; None if there is no such file."""
    entry = process.host.files.find(process.absolute(name))
    if entry is None or entry.is_dir:
        return None
    if entry.content is None:
        process.not_simulated(f"reading {entry.path}, of which the lab holds no bytes")
    return lines_of(process, entry.content)
