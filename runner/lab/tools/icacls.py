"""icacls.exe: keeps permissions in a file and gives them back. Exit codes are Win32 errors.

A machine of the lab knows of permissions only whether a file has some of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from runner.lab.files import Entry
from runner.lab.paths import absolute, base_name
from runner.lab.process import Process

_INHERITED = "D:AI"
_NOT_FOUND = 2
_BAD = 87


def main(process: Process) -> int:
    """`icacls NAME /save FILE [/q]`, `icacls DIRECTORY /restore FILE`, `icacls NAME /grant WHO`."""
    words = [word for word in process.args if word.lower() not in ("/q", "/c")]
    quiet = "/q" in (word.lower() for word in process.args)
    if len(words) == 3 and words[1].lower() == "/grant":
        return _grant(process, process.absolute(words[0]), words[2], quiet=quiet)
    if len(words) != 3 or words[1].lower() not in ("/save", "/restore"):
        process.not_simulated(f"icacls {' '.join(process.args)}")
    path, other = process.absolute(words[0]), process.absolute(words[2])
    entry = process.host.files.find(path)
    if entry is None:
        text = f"{words[0]}: The system cannot find the file specified.\n"
        return _end(process, _NOT_FOUND, text, 0, quiet=False)
    if words[1].lower() == "/save":
        return _save(process, entry, other, quiet=quiet)
    return _restore(process, entry, other, quiet=quiet)


def _grant(process: Process, path: str, right: str, *, quiet: bool) -> int:
    """Lets somebody in; who, the lab does not keep."""
    if not re.fullmatch(
        r"(\*S-1-[\d-]+|[^*:]+):(\((OI|CI|IO|NP)\))*(N|F|M|RX|R|W|D|\([A-Z,]+\))", right
    ):
        text = f'Invalid parameter "{right}"\n'
        return process.fail(_BAD, text)
    process.mutates()
    if process.host.files.find(path) is None:
        text = f"{path}: The system cannot find the file specified.\n"
        return _end(process, _NOT_FOUND, text, 0, quiet=False)
    return _end(process, 0, f"processed file: {path}\n", 1, quiet=quiet)


def _save(process: Process, entry: Entry, target: str, *, quiet: bool) -> int:
    process.mutates()
    text = f"{base_name(entry.path)}\r\n{entry.acl or _INHERITED}\r\n"
    try:
        process.host.files.write(target, text.encode("utf-16-le"), process.host.clock.now())
    except OSError:
        return process.fail(3, f"{target}: The system cannot find the path specified.\n")
    return _end(process, 0, f"processed file: {entry.path}\n", 1, quiet=quiet)


def _restore(process: Process, directory: Entry, source: str, *, quiet: bool) -> int:
    files = process.host.files
    saved = files.find(source)
    if not directory.is_dir or saved is None or saved.content is None:
        return _end(process, _BAD, "The parameter is incorrect.\n", 0, quiet=False)
    process.mutates()
    lines = saved.content.decode("utf-16-le").split("\r\n")
    done, said = 0, []
    for name, acl in zip(lines[::2], lines[1::2], strict=False):
        entry = files.find(absolute(name, directory.path))
        if entry is None:
            said.append(f"{name}: The system cannot find the file specified.\n")
            continue
        files.update(replace(entry, acl="" if acl == _INHERITED else acl))
        said.append(f"processed file: {entry.path}\n")
        done += 1
    failed = len(said) - done
    return _end(process, _NOT_FOUND if failed else 0, "".join(said), done, quiet=quiet)


def _end(process: Process, code: int, text: str, done: int, *, quiet: bool) -> int:
    if not quiet:
        (process.err if code else process.out)(text)
    failed = int(code != 0)
    process.out(f"Successfully processed {done} files; Failed processing {failed} files\n")
    return code
