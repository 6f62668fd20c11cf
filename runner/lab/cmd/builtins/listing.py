"""dir and type."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runner.lab.cmd.builtins.words import split_words
from runner.lab.cmd.control import Streams
from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute, base_name, is_wild, parent_of, wildcard
from runner.lab.state.streams import encode

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter


def dir_(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """List files: /b bare, /s with subdirectories, /a[-]d[h...] by attribute."""
    words = split_words(args)
    wanted = _attribute_filter(words.switches)
    bare, deep = "/b" in words.switches, "/s" in words.switches
    unknown = {s for s in words.switches if s[:2] != "/a"} - {"/b", "/s", "/-c", "/on", "/o"}
    if unknown:
        raise NotSimulated(f"cmd: dir {' '.join(sorted(unknown))}")
    found = False
    for operand in words.operands or ("",):
        for directory, entries in _matches(interpreter, operand, deep=deep, dots=not bare):
            entries = [entry for entry in entries if wanted(entry)]
            if not entries:
                continue
            found = True
            text = (
                "".join(f"{e.path if deep else e.name}\n" for e in entries)
                if bare
                else _long(directory, entries, interpreter.session.host.spec.disk_free)
            )
            interpreter.write(streams.stdout, text)
    if not found:
        interpreter.complain(streams.stderr, "File Not Found\n")
    return 0 if found else 1


class _Filter:
    def __init__(self, required: str, excluded: str, *, everything: bool) -> None:
        self._required, self._excluded, self._everything = required, excluded, everything

    def __call__(self, entry: Entry) -> bool:
        if not self._everything and set("HS") & set(entry.attributes):
            return False
        attributes = set(entry.attributes)
        return attributes >= set(self._required) and not attributes & set(self._excluded)


def _attribute_filter(switches: frozenset[str]) -> _Filter:
    required = excluded = ""
    everything = False
    for switch in switches:
        if switch.startswith("/a"):
            everything = True
            negative = False
            for char in switch[2:].lstrip(":").upper():
                if char == "-":
                    negative = True
                    continue
                if negative:
                    excluded += char
                else:
                    required += char
                negative = False
    return _Filter(required, excluded, everything=everything)


def _matches(
    interpreter: Interpreter, operand: str, *, deep: bool, dots: bool
) -> list[tuple[str, list[Entry]]]:
    """Directories and what matches in them; the long form also lists `.` and `..`."""
    files = interpreter.session.host.files
    path = absolute(operand, interpreter.session.cwd) if operand else interpreter.session.cwd
    if files.is_dir(path) and not is_wild(operand):
        directory, pattern = path, "*"
    else:
        directory, pattern = parent_of(path), base_name(path)
    matches = wildcard(pattern)
    places = [place.path for place in files.below(directory)] if deep else [directory]
    found = []
    for place in places:
        entries = [entry for entry in files.children(place) if matches.match(entry.name)]
        if dots and files.is_dir(place) and len(place) > 3 and matches.match("."):
            entries[:0] = [Entry(name, is_dir=True, attributes="D") for name in (".", "..")]
        found.append((place, entries))
    return found


def _long(directory: str, entries: list[Entry], free: int) -> str:
    lines = [" Volume in drive C has no label.", " Volume Serial Number is 4C41-4221", ""]
    lines += [f" Directory of {directory}", ""]
    for entry in entries:
        when = time.strftime("%m/%d/%Y  %I:%M %p", time.localtime(entry.modified))
        size = "<DIR>         " if entry.is_dir else f"{entry.size:>17,}"
        lines.append(f"{when}    {size.ljust(14) if entry.is_dir else size} {entry.name}")
    sizes = [entry.size for entry in entries if not entry.is_dir]
    lines.append(f"{len(sizes):>16} File(s) {sum(sizes):>14,} bytes")
    lines.append(f"{len(entries) - len(sizes):>16} Dir(s)  {free:,} bytes free")
    return "\n".join(lines) + "\n"


def type_(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Write files to standard output; UTF-16 text with a byte order mark is converted."""
    operands = split_words(args).operands
    if not operands:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    files = interpreter.session.host.files
    code = 0
    for operand in operands:
        path = absolute(operand, interpreter.session.cwd)
        if operand.lower() == "nul":
            continue
        entries = files.match(path) if is_wild(operand) else [files.find(path)]
        if not entries or entries[0] is None:
            interpreter.complain(streams.stderr, "The system cannot find the file specified.\n")
            code = 1
            continue
        for entry in entries:
            if entry is None or entry.is_dir:
                interpreter.complain(streams.stderr, "Access is denied.\n")
                code = 1
                continue
            if len(operands) > 1 or is_wild(operand):
                interpreter.complain(streams.stderr, f"\n{entry.name}\n\n\n")
            streams.stdout.write(_text_of(entry, interpreter.session.codepage))
    return code


def _text_of(entry: Entry, codepage: int) -> bytes:
    if entry.content is None:
        raise NotSimulated(f"cmd: type {entry.path}, of which the lab holds no bytes")
    if entry.content.startswith(b"\xff\xfe"):
        return encode(entry.content[2:].decode("utf-16-le", "replace"), codepage)
    return entry.content
