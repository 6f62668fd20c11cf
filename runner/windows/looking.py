"""What is at a path of a Windows host, told by cmd alone and without a word of any language.

``for`` expands ``%~ai`` to the attributes of an item as letters and ``%~zi`` to its size, both to
nothing for what is not there (``for /?``). ``%~ti`` is the time of the last change as the host
writes it, to the minute: good for telling two files apart, not for reading.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Read, Reply, Script, read
from runner.windows.paths import quoted

ABSENT: Final = "absent"
FILE: Final = "file"
FOLDER: Final = "directory"
EMPTY: Final = {
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha384": "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
    "274edebfe76f65fbd51ad2f14898b95b",
    "sha512": "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
}
"""Checksums of nothing: certutil cannot make them, since it maps files into memory."""

_CERTUTIL: Final = r"%SystemRoot%\System32\certutil.exe"
_TOGETHER: Final = 6000
"""Characters of the paths that one line looks at."""
_LINE: Final = re.compile(r"^=([A-Za-z-]*)=(\d*)=(.*)= ?$")
_HASH: Final = re.compile(r"^[0-9a-f]{32,128}$")
_HASH_SECONDS: Final = 900.0
_KEPT_ATTRIBUTES: Final = "RHS"


@dataclass(frozen=True, slots=True)
class Seen:
    """One path. ``attributes`` are those of R, H and S that are set; ``letters`` all of them.

    ``size`` in bytes. ``when`` is the time of its last change as the host writes it. ``checksum``
    is lower-case hex; empty where none was asked for, or the host could not make one.
    """

    path: str
    kind: str = ABSENT
    attributes: str = ""
    letters: str = ""
    size: int = 0
    when: str = ""
    checksum: str = ""

    @property
    def is_link(self) -> bool:
        """Whether it is a reparse point: a link, a junction, a file that is deduplicated."""
        return "l" in self.letters


def look(
    paths: Sequence[str], *, checksum: str = "", only: Sequence[str] | None = None
) -> Generator[Read, Reply, tuple[Seen, ...]]:
    """Look at paths; with ``checksum`` (as hashlib names it) at the content of files too.

    ``only`` are the paths whose checksums are wanted, all if it is None.
    """
    wanted = list(paths if only is None else only) if checksum else []
    if len(wanted) == 1 and len(paths) <= 40:
        return (yield from _look_at_once(paths, wanted[0], checksum))
    found: list[Seen] = []
    for some in _batches(paths):
        (output,) = yield from read(Script("cmd", _lines(some)))
        found += _seen(some, output)
    files = [one for one in found if one.path in wanted and one.kind == FILE]
    hashes: dict[str, str] = {one.path: EMPTY[checksum] for one in files if not one.size}
    asked = [one.path for one in files if one.size]
    if asked:
        answers = yield from read(*(hashing(path, checksum) for path in asked))
        hashes |= {path: digest(out) for path, out in zip(asked, answers, strict=True)}
    return tuple(replace(one, checksum=hashes.get(one.path, "")) for one in found)


def _look_at_once(
    paths: Sequence[str], path: str, algorithm: str
) -> Generator[Read, Reply, tuple[Seen, ...]]:
    """The same in one line, where one checksum is wanted: that is mostly so."""
    hashed = f"{_CERTUTIL} -hashfile {quoted(path)} {algorithm.upper()} <nul"
    line = f"({_lines(paths)})&{hashed}"
    (output,) = yield from read(Script("cmd", line, timeout=_HASH_SECONDS))
    found = _seen(paths, output)
    answer = Output(0, output.stdout)
    return tuple(
        one
        if one.path != path or one.kind != FILE
        else replace(one, checksum=digest(answer) if one.size else EMPTY[algorithm])
        for one in found
    )


def hashing(path: str, algorithm: str) -> Exec:
    """The command that prints a checksum of a file; see ``digest``."""
    return Exec("certutil", "-hashfile", path, algorithm.upper(), timeout=_HASH_SECONDS)


def digest(output: Output) -> str:
    """The checksum that ``certutil -hashfile`` printed; empty when it printed none.

    Before Windows 10 the digits are printed in pairs with blanks between them.
    """
    if output.code != 0:
        return ""
    lines = ("".join(line.split()).lower() for line in output.stdout.splitlines())
    return next((line for line in lines if _HASH.match(line)), "")


def require_checksum(seen: Seen) -> None:
    """Raises ModuleError for a file whose content cannot be compared."""
    if seen.kind == FILE and not seen.checksum:
        raise ModuleError(
            f"the checksum of {seen.path} cannot be made on the host (certutil -hashfile)",
            hint="another program may hold the file, the account may have no right to read it, or "
            "this certutil is older than its verb -hashfile",
        )


def _lines(paths: Sequence[str]) -> str:
    names = " ".join(map(quoted, paths))
    return f"for %i in ({names}) do @echo =%~ai=%~zi=%~ti="


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    used = 0
    for path in paths:
        if some and used + len(path) + 3 > _TOGETHER:
            yield some
            some, used = [], 0
        some.append(path)
        used += len(path) + 3
    if some:
        yield some


def _seen(paths: Sequence[str], output: Output) -> list[Seen]:
    lines = [match for line in output.stdout.splitlines() if (match := _LINE.match(line))]
    if len(lines) != len(paths):
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        raise ModuleError(
            f"the host did not say what is at {paths[0]}: {said[0] if said else 'no answer'}",
            hint="is its shell cmd, with its command extensions on?",
        )
    return [_one(path, *match.groups()) for path, match in zip(paths, lines, strict=True)]


def _one(path: str, letters: str, size: str, when: str) -> Seen:
    found = letters.replace("-", "").lower()
    if not letters:
        return Seen(path)
    kind = FOLDER if "d" in found else FILE
    attributes = "".join(letter for letter in _KEPT_ATTRIBUTES if letter.lower() in found)
    number = int(size or 0) if kind == FILE else 0
    return Seen(path, kind, attributes, found, number, when.strip())
