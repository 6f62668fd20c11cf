"""where.exe: the places of a program. Exit codes: 0 found, 1 not found."""

from __future__ import annotations

from runner.lab.state.paths import absolute, is_wild, wildcard
from runner.lab.state.process import Process


def main(process: Process) -> int:
    """`where [/q] NAME...`: in the working directory and along PATH."""
    words = [word for word in process.args if word.lower() != "/q"]
    quiet = len(words) != len(process.args)
    if not words or any(word.startswith("/") or ":" in word for word in words):
        process.not_simulated(f"where {' '.join(process.args)}")
    env = process.session.env
    places = [process.session.cwd, *(env.get("PATH") or "").split(";")]
    endings = ["", *(env.get("PATHEXT") or "").lower().split(";")]
    code = 0
    for word in words:
        found = _find(process, word, places, endings)
        if not found:
            code = 1
            if not quiet:
                process.err("INFO: Could not find files for the given pattern(s).\n")
        elif not quiet:
            process.out("".join(f"{path}\n" for path in found))
    return code


def _find(process: Process, word: str, places: list[str], endings: list[str]) -> list[str]:
    files = process.host.files
    found: list[str] = []
    for place in places:
        directory = absolute(place, process.session.cwd) if place else process.session.cwd
        for ending in endings:
            if is_wild(word):
                pattern = wildcard(word + ending)
                hits = [e for e in files.children(directory) if pattern.match(e.name)]
            else:
                entry = files.find(absolute(word + ending, directory))
                hits = [entry] if entry else []
            found += [e.path for e in hits if not e.is_dir and e.path not in found]
    return found
