"""del, mkdir and rd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lab.cmd.builtins.shell import confirm
from runner.lab.cmd.builtins.words import split_words
from runner.lab.cmd.control import Streams
from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute, base_name, is_wild, parent_of, wildcard

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter


def delete(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Remove files. As in cmd, a file that is missing or cannot go is said, but no failure."""
    words = split_words(args)
    host = interpreter.session.host
    unknown = {s for s in words.switches if s[:2] != "/a"} - {"/f", "/q", "/s"}
    if unknown:
        raise NotSimulated(f"cmd: del {' '.join(sorted(unknown))}")
    if not words.operands:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    for operand in words.operands:
        path = absolute(operand, interpreter.session.cwd)
        host.counters.writes += not interpreter.session.is_scratch(path)
        entries = _victims(interpreter, path, deep="/s" in words.switches)
        if not any(switch.startswith("/a") for switch in words.switches):
            entries = [entry for entry in entries if not entry.is_hidden]
        if not entries:
            interpreter.complain(streams.stderr, f"Could Not Find {path}\n")
            continue
        everything = host.files.is_dir(path) or base_name(path) in ("*", "*.*")
        if everything and "/q" not in words.switches:
            place = path if host.files.is_dir(path) else parent_of(path) + "\\*"
            if not confirm(interpreter, f"{place}, Are you sure (Y/N)? ", streams):
                continue
        for entry in entries:
            _delete_one(interpreter, entry, words.switches, streams)
    return 0


def _victims(interpreter: Interpreter, path: str, *, deep: bool) -> list[Entry]:
    files = interpreter.session.host.files
    pattern = "*" if files.is_dir(path) else base_name(path)
    directory = path if files.is_dir(path) else parent_of(path)
    matches = wildcard(pattern)
    places = [place.path for place in files.below(directory)] if deep else [directory]
    return [
        entry
        for place in places
        for entry in files.children(place)
        if not entry.is_dir
        and (
            matches.match(entry.name) if is_wild(pattern) else entry.name.lower() == pattern.lower()
        )
    ]


def _delete_one(
    interpreter: Interpreter, entry: Entry, switches: frozenset[str], streams: Streams
) -> None:
    host = interpreter.session.host
    if ("R" in entry.attributes and "/f" not in switches) or host.processes.runs_from(entry.path):
        interpreter.complain(streams.stderr, f"{entry.path}\nAccess is denied.\n")
    else:
        host.files.remove(entry.path)
        if "/s" in switches:
            interpreter.write(streams.stdout, f"Deleted file - {entry.path}\n")


def make_directory(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Make directories with their parents."""
    host = interpreter.session.host
    operands = split_words(args).operands
    if not operands:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    code = 0
    for operand in operands:
        host.counters.writes += 1
        path = absolute(operand, interpreter.session.cwd)
        if host.files.find(path) is not None:
            message = f"A subdirectory or file {operand} already exists.\n"
            interpreter.complain(streams.stderr, message)
            code = 1
            continue
        try:
            host.files.make_dirs(path, host.clock.now())
        except (FileNotFoundError, FileExistsError):
            interpreter.complain(streams.stderr, "The system cannot find the path specified.\n")
            code = 1
    return code


def remove_directory(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Remove directories; with /s all that is in them."""
    words = split_words(args)
    host = interpreter.session.host
    code = 0
    for operand in words.operands:
        host.counters.writes += 1
        path = absolute(operand, interpreter.session.cwd)
        entry = host.files.find(path)
        if entry is None:
            interpreter.complain(streams.stderr, "The system cannot find the file specified.\n")
            code = 2
        elif not entry.is_dir:
            interpreter.complain(streams.stderr, "The directory name is invalid.\n")
            code = 267
        elif "/s" not in words.switches:
            if host.files.children(path):
                interpreter.complain(streams.stderr, "The directory is not empty.\n")
                code = 145
            else:
                host.files.remove(path)
        elif "/q" in words.switches or confirm(
            interpreter, f"{operand}, Are you sure (Y/N)? ", streams
        ):
            host.files.remove(path)
    return code
