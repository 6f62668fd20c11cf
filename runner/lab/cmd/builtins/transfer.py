"""copy, move and ren."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.lab.cmd.builtins.shell import confirm
from runner.lab.cmd.builtins.words import split_words
from runner.lab.cmd.control import Streams
from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute, base_name, is_wild, parent_of

if TYPE_CHECKING:
    from runner.lab.cmd.interpreter import Interpreter

_NOT_FOUND = "The system cannot find the file specified.\n"
_NO_PATH = "The system cannot find the path specified.\n"


def copy(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Copy files, or join them (`copy /b a+b c`)."""
    words = split_words(args)
    unknown = words.switches - {"/y", "/b", "/a", "/v", "/z", "/-y"}
    if unknown:
        raise NotSimulated(f"cmd: copy {' '.join(sorted(unknown))}")
    operands = _join_plus(words.operands)
    if not 1 <= len(operands) <= 2:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    host = interpreter.session.host
    host.counters.writes += 1
    if operands[0].endswith("+") and len(operands) == 1:
        return _touch(interpreter, operands[0][:-1], streams)
    sources = [
        entry for part in operands[0].split("+") for entry in _sources(interpreter, part, streams)
    ]
    if not sources:
        interpreter.write(streams.stdout, "        0 file(s) copied.\n")
        return 1
    target = absolute(operands[1] if len(operands) == 2 else ".", interpreter.session.cwd)
    joined = "+" in operands[0]
    if joined:
        content = b"".join(_bytes_of(entry) for entry in sources)
        sources = [replace(sources[0], content=content, size=len(content), package=None)]
    done = 0
    for entry in sources:
        place = absolute(base_name(entry.path), target) if host.files.is_dir(target) else target
        if not host.files.is_dir(parent_of(place)):
            interpreter.complain(streams.stderr, _NO_PATH)
            break
        if not joined and place.lower() == entry.path.lower():
            interpreter.write(streams.stdout, "The file cannot be copied onto itself.\n")
            continue
        if not _may_overwrite(interpreter, place, words.switches, streams):
            continue
        host.files.copy(entry, place, host.clock.now())
        done += 1
    interpreter.write(
        streams.stdout, f"        {min(done, 1) if joined else done} file(s) copied.\n"
    )
    return 0 if done else 1


def _touch(interpreter: Interpreter, operand: str, streams: Streams) -> int:
    """`copy /b NAME+,,`: the file gets the present time."""
    sources = _sources(interpreter, operand, streams)
    host = interpreter.session.host
    for entry in sources:
        host.files.update(replace(entry, modified=host.clock.now()))
    interpreter.write(streams.stdout, f"        {len(sources)} file(s) copied.\n")
    return 0 if sources else 1


def _join_plus(operands: tuple[str, ...]) -> list[str]:
    joined: list[str] = []
    for operand in operands:
        if joined and (operand.startswith("+") or joined[-1].endswith("+")):
            joined[-1] += operand
        else:
            joined.append(operand)
    return joined


def _sources(interpreter: Interpreter, operand: str, streams: Streams) -> list[Entry]:
    files = interpreter.session.host.files
    if operand.lower() == "nul":
        return [Entry("nul")]
    path = absolute(operand, interpreter.session.cwd)
    entry = files.find(path)
    if entry is not None and entry.is_dir:
        found = [e for e in files.children(path) if not e.is_dir and not e.is_hidden]
    elif is_wild(operand):
        found = [e for e in files.match(path) if not e.is_dir and not e.is_hidden]
    else:
        found = [entry] if entry and not entry.is_hidden else []
    if not found:
        interpreter.complain(streams.stderr, _NOT_FOUND)
    return found


def _bytes_of(entry: Entry) -> bytes:
    if entry.content is None:
        raise NotSimulated(f"cmd: copy {entry.path}, of which the lab holds no bytes")
    return entry.content


def _may_overwrite(
    interpreter: Interpreter, place: str, switches: frozenset[str], streams: Streams
) -> bool:
    """cmd asks, except in batch files and with /y."""
    old = interpreter.session.host.files.find(place)
    if old is None:
        return True
    if set("RHS") & set(old.attributes):
        interpreter.complain(streams.stderr, "Access is denied.\n")
        return False
    if "/y" in switches or (interpreter.arguments is not None and "/-y" not in switches):
        return True
    return confirm(interpreter, f"Overwrite {place}? (Yes/No/All): ", streams)


def move(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Move files or a directory."""
    words = split_words(args)
    unknown = words.switches - {"/y", "/-y"}
    if unknown:
        raise NotSimulated(f"cmd: move {' '.join(sorted(unknown))}")
    if len(words.operands) != 2:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    host = interpreter.session.host
    host.counters.writes += 1
    target = absolute(words.operands[1], interpreter.session.cwd)
    path = absolute(words.operands[0], interpreter.session.cwd)
    entry = host.files.find(path)
    sources = host.files.match(path) if is_wild(words.operands[0]) else [entry] if entry else []
    sources = [source for source in sources if not source.is_hidden]
    if not sources:
        interpreter.complain(streams.stderr, _NOT_FOUND)
        return 1
    done, word = 0, "file"
    for source in sources:
        place = absolute(source.name, target) if host.files.is_dir(target) else target
        if not host.files.is_dir(parent_of(place)):
            interpreter.complain(streams.stderr, _NO_PATH)
            return 1
        if host.processes.runs_from(source.path):
            interpreter.complain(streams.stderr, "Access is denied.\n")
            return 1
        if place.lower() != source.path.lower() and not _may_overwrite(
            interpreter, place, words.switches, streams
        ):
            continue
        word = "dir" if source.is_dir else "file"
        host.files.move(source, place)
        done += 1
    interpreter.write(streams.stdout, f"        {done} {word}(s) moved.\n")
    return 0 if done else 1


def rename(interpreter: Interpreter, args: str, streams: Streams) -> int:
    """Give a file or directory another name in its directory."""
    operands = split_words(args).operands
    if len(operands) != 2 or is_wild(operands[0]) or "\\" in operands[1]:
        interpreter.complain(streams.stderr, "The syntax of the command is incorrect.\n")
        return 1
    host = interpreter.session.host
    host.counters.writes += 1
    entry = host.files.find(absolute(operands[0], interpreter.session.cwd))
    if entry is None:
        interpreter.complain(streams.stderr, _NOT_FOUND)
        return 1
    target = absolute(operands[1], parent_of(entry.path))
    if host.files.find(target) is not None and target.lower() != entry.path.lower():
        message = "A duplicate file name exists, or the file\ncannot be found.\n"
        interpreter.complain(streams.stderr, message)
        return 1
    host.files.move(entry, target)
    return 0
