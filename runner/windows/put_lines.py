"""The lines of cmd that make a file beside another one and let it take its place.

They begin in the file's folder and name what is in it, which keeps them far below the 8191
characters that cmd takes (Microsoft, "Command prompt line string limitation"). Programs are named
by their full path: cmd looks for others in the current folder first, and others may write there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.windows import paths
from runner.windows.looking import EMPTY, FILE, Seen
from runner.windows.paths import quoted

SYSTEM: Final = r"%SystemRoot%\System32"
CERTUTIL: Final = rf"{SYSTEM}\certutil.exe"
ATTRIB: Final = rf"{SYSTEM}\attrib.exe"
PART: Final = "part~"
"""What has come of a large content so far."""

_FINDSTR: Final = rf"{SYSTEM}\findstr.exe"
_ICACLS: Final = rf"{SYSTEM}\icacls.exe"
_TEXT: Final = "text~"
_BITS: Final = "bits~"
_ACL: Final = "acl~"

FAILED_TO_FILL: Final = 83
_REASONS: Final = {
    81: "a folder for it could not be made beside it",
    82: "there is a folder of that name",
    FAILED_TO_FILL: "its content could not be written",
    84: "its content could not be decoded (certutil -decode)",
    85: "it did not arrive whole: its checksum is another one, or the host can make none",
    86: "the permissions of the old file could not be given to the new one (icacls)",
    87: "what was there before could not be kept",
    88: "it could not take its place",
    89: "its attributes could not be set",
    90: "a copy of what was there before could not be made",
}
_HINTS: Final = {
    81: "make the folder above first (win_file, state: directory); may the account write there?",
    FAILED_TO_FILL: "is the disk full?",
    84: "is certutil.exe on the host, and allowed to run there?",
    86: "the volume may know no permissions, or the account may not set them",
    87: "another program may hold the file open: stop it first",
    88: "what was there before is there again",
}


def workspace(path: str) -> str:
    """The folder in which a file is made, beside it: always the same one for a path."""
    return paths.join(paths.parent(path), f".runner-{paths.unique(path)}")


@dataclass(frozen=True, slots=True)
class Put:
    """A file to put into place. ``path`` is full; ``checksum`` the SHA-1 of its content.

    ``old`` is what is there now. ``keep`` is where the old file is moved, ``backup`` where a copy
    of it is left. ``attributes`` are those of R, H and S that it shall have.
    """

    path: str
    checksum: str
    old: Seen
    attributes: str = ""
    keep: str = ""
    backup: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder in which it is made."""
        return paths.name(self.work)

    @property
    def work(self) -> str:
        """The full path of that folder."""
        return workspace(self.path)

    @property
    def here(self) -> str:
        """The beginning of a line: go to where the file is to be."""
        return f"(cd /d {quoted(paths.parent(self.path))}||exit 81)"

    @property
    def target(self) -> str:
        """The file, as the lines name it."""
        return quoted(f".\\{paths.name(self.path)}")

    @property
    def fresh(self) -> str:
        """The new file until it takes its place, as the lines name it."""
        return self.inside(paths.name(self.path))

    def inside(self, name: str) -> str:
        """Something in the folder in which it is made, as the lines name it."""
        return quoted(f"{self.folder}\\{name}")


def step(spec: Put, line: str, code: int, before: str = "") -> str:
    """One step of a line: where it fails, what was made is removed and the line ends."""
    return f"({line}||({before}{removed(spec)}&exit {code}))"


def removed(spec: Put) -> str:
    """What was made goes away again."""
    return f"(if exist {spec.folder} rd /s /q {spec.folder})"


def made(spec: Put) -> str:
    """The folder beside the file. One that is there already comes from an interrupted attempt."""
    return f"{spec.here}&{removed(spec)}&(md {spec.folder}||exit 81)"


def received(spec: Put, size: int) -> str:
    """The new file is made of what comes as input. certutil does not decode nothing."""
    if not size:
        return step(spec, f"type nul>{spec.fresh}", FAILED_TO_FILL)
    written, decoded = _decoded(spec, spec.fresh)
    return f"{step(spec, written, FAILED_TO_FILL)}&{step(spec, decoded, 84)}"


def piece(spec: Put, *, first: bool) -> str:
    """One piece of a large content is made of what comes as input, and added to what came before.

    Nothing is removed where it fails: the input may have ended early because the line was cut.
    """
    part, bits = spec.inside(PART), spec.inside(_BITS)
    written, decoded = _decoded(spec, part if first else bits)
    lines = f"({written}||exit {FAILED_TO_FILL})&({decoded}||exit 84)"
    if not first:
        lines += f"&(copy /b /y {part}+{bits} {part}>nul||exit {FAILED_TO_FILL})"
    return f"{spec.here}&{lines}&exit 0"


def _decoded(spec: Put, target: str) -> tuple[str, str]:
    """Two lines: what comes as input is written to a file, and decoded to another one."""
    text = spec.inside(_TEXT)
    return f'{_FINDSTR} "^">{text}', f"{CERTUTIL} -f -decode {text} {target}>nul"


def checked(spec: Put) -> str:
    """The new file has the checksum that it shall have."""
    return step(spec, hash_test(spec.fresh, spec.checksum), 85)


def hash_test(file: str, checksum: str, algorithm: str = "sha1") -> str:
    """A line that fails unless the file has this checksum, with blanks between pairs or not.

    certutil cannot make the checksum of nothing: there the size tells.
    """
    if checksum == EMPTY[algorithm]:
        return f'(for %i in ({file}) do @if not "%~zi"=="0" cmd /d /c exit 1)'
    spaced = " ".join(checksum[at : at + 2] for at in range(0, len(checksum), 2))
    patterns = f'/c:"{checksum}" /c:"{spaced}"'
    return f"{CERTUTIL} -hashfile {file} {algorithm.upper()}|{_FINDSTR} /i /l {patterns}>nul"


def placed(spec: Put) -> str:
    """The new file is given the permissions and attributes that it shall have, and its place."""
    inside = f'{spec.target[:-1]}\\"'
    steps = [f"(if exist {inside} ({removed(spec)}&exit 82))"]
    back = ""
    if spec.old.kind == FILE:
        steps += _old_aside(spec)
        back = f"move /y {quoted(spec.keep)} {spec.target}>nul&{_as_it_was(spec)}"
    steps.append(step(spec, f"move /y {spec.fresh} {spec.target}>nul", 88, back))
    if spec.attributes:
        steps.append(step(spec, f"{ATTRIB} {given(spec.attributes)} {spec.target}", 89))
    return "&".join([*steps, removed(spec), "exit 0"])


def _old_aside(spec: Put) -> list[str]:
    """The new file gets the permissions of the old one, which is moved away."""
    acl, target, had = spec.inside(_ACL), spec.target, spec.old.attributes
    saved = f"{_ICACLS} {target} /save {acl} /q>nul"
    restored = f"{_ICACLS} {spec.folder} /restore {acl} /q>nul"
    steps = [f'(if exist "{_ICACLS}" {step(spec, f"({saved}&&{restored})", 86)})']
    if had:
        steps.append(step(spec, f"{ATTRIB} {cleared(had)} {target}", 89))
    as_it_was = _as_it_was(spec)
    if spec.backup:
        name = quoted(f".\\{paths.name(spec.backup)}")
        steps.append(step(spec, f"copy /b /y {target} {name}>nul", 90, as_it_was))
    folder = quoted(paths.parent(spec.keep))
    steps.append(step(spec, f"(if not exist {folder} md {folder})", 87, as_it_was))
    steps.append(step(spec, f"move /y {target} {quoted(spec.keep)}>nul", 87, as_it_was))
    return steps


def _as_it_was(spec: Put) -> str:
    had = spec.old.attributes
    return f"{ATTRIB} {given(had)} {spec.target}&" if had else ""


def cleared(attributes: str) -> str:
    """The words of attrib that take these away."""
    return " ".join(f"-{letter.lower()}" for letter in attributes)


def given(attributes: str) -> str:
    """The words of attrib that set these."""
    return " ".join(f"+{letter.lower()}" for letter in attributes)


def expect(spec: Put, output: Output) -> Output:
    """The output itself when all went well. Raises ModuleError with the step that did not."""
    if output.code == 0:
        return output
    said = [line.strip() for line in f"{output.stderr}\n{output.stdout}".splitlines()]
    first = next((line for line in said if line), "")
    reason = _REASONS.get(output.code, f"exit code {output.signed}")
    raise ModuleError(
        f"could not write {spec.path}: {reason}{f' ({first})' if first else ''}",
        hint=_HINTS.get(output.code, ""),
    )
