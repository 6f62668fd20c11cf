"""attrib.exe: shows and changes file attributes."""

from __future__ import annotations

from dataclasses import replace

from runner.lab.state.paths import is_wild
from runner.lab.state.process import Process


def main(process: Process) -> int:
    """`attrib [+r|-r|+a|-a|+s|-s|+h|-h]... [FILE]`."""
    plus: set[str] = set()
    minus: set[str] = set()
    target = ""
    for word in process.args:
        if word[:1] in "+-" and word[1:].upper() in ("R", "A", "S", "H"):
            (plus if word[0] == "+" else minus).add(word[1:].upper())
        elif word.startswith("/"):
            process.not_simulated(f"attrib {word}")
        else:
            target = word
    path = process.absolute(target or "*")
    files = process.host.files
    entry = files.find(path)
    found = files.match(path) if is_wild(target or "*") else [entry] if entry else []
    if plus or minus:
        process.mutates()
    if not found:
        process.out(f"File not found - {target}\n")
        return 1
    for entry in found:
        if plus or minus:
            letters = (set(entry.attributes) | plus) - minus
            files.update(replace(entry, attributes="".join(sorted(letters))))
        elif not entry.is_dir:
            shown = "".join(c if c in entry.attributes else " " for c in "A  SHR")
            process.out(f"{shown:<13}{entry.path}\n")
    return 0
