"""Reading files: bytes, UTF-8 text, and one digest over everything that was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from runner.errors import InputError, PlaybookError
from runner.loading.text.vault import HIDDEN_LINE, VaultKeys, vaulted_text
from runner.loading.text.vault_format import header_place
from runner.model.secret import MASK
from runner.model.source import Source

ErrorType: TypeAlias = type[InputError]
BREAKS: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML 1.1."""


_SECRET_LOOKING: Final = re.compile(
    r"(\b\w*(?:password|passwd|_pass|secret|token)\w*[\"']?\s*[:=]\s*)(?!\s|\{\{|[\"']\{\{|[|>&*!])(\S.*)",
    re.IGNORECASE,
)
_AFTER: Final = 100
"""Characters of a long line that are shown after the place."""


def place(file: str, line: int, column: int, text: str, *, vaulted: bool = False) -> Source:
    """The Source of a 1-based line and column, fit to be shown.

    What looks like the value of a password is masked, and a very long line is cut after the place.
    Of a ``vaulted`` file no line is shown at all.
    """
    if vaulted:
        return Source(file, line, column, " " * (column - 1) + HIDDEN_LINE)
    shown = _SECRET_LOOKING.sub(lambda found: found[1] + MASK, text)
    end = max(column, 2 * _AFTER) + _AFTER
    return Source(file, line, column, shown if len(shown) <= end else f"{shown[:end]}...")


class Files:
    """Reads each file once and remembers what it held. ``error`` is raised for what is wrong.

    ``keys`` open those that are encrypted with Ansible Vault.
    """

    def __init__(self, error: ErrorType = PlaybookError, keys: VaultKeys | None = None) -> None:
        self.error = error
        self.keys = keys or VaultKeys()
        self._contents: dict[str, bytes] = {}
        self._texts: dict[str, str] = {}
        self._vaulted: set[str] = set()

    def text(self, path: Path, source: Source | None = None) -> str:
        """A file's text, UTF-8 with or without BOM. ``source`` is the place that names the file."""
        key = str(path)
        if key not in self._texts:
            content = read_bytes(path, self.error, source)
            self._contents[key] = content
            if (text := vaulted_text(content)) is not None:
                self._vaulted.add(key)
                content = self.keys.open(text, self.error, header_place(key, text)).content
            self._texts[key] = decode(content, key, self.error, vaulted=key in self._vaulted)
        return self._texts[key]

    def is_vaulted(self, path: Path) -> bool:
        """Whether this file, which was read before, is encrypted."""
        return str(path) in self._vaulted

    def paths(self) -> tuple[Path, ...]:
        """The files that were read, in the order in which they were."""
        return tuple(Path(name) for name in self._texts)

    def digest(self, beside: Path, more: str = "") -> str:
        """SHA-256 over names (relative to ``beside`` where they can be), contents and ``more``.

        The contents are those on the disk: encrypted files count as they are.
        """
        named = {_relative(name, beside): content for name, content in self._contents.items()}
        return fingerprint({**named, "": more.encode()} if more else named)


def _relative(name: str, beside: Path) -> str:
    path = Path(name)
    return path.relative_to(beside).as_posix() if path.is_relative_to(beside) else path.as_posix()


def fingerprint(contents: Mapping[str, bytes]) -> str:
    """SHA-256 over named contents, independent of the order in which they were read."""
    total = hashlib.sha256()
    for name in sorted(contents):
        total.update(name.encode("utf-8", "surrogateescape") + b"\0")
        total.update(hashlib.sha256(contents[name]).digest())
    return total.hexdigest()


def read_bytes(path: Path, error: ErrorType = PlaybookError, source: Source | None = None) -> bytes:
    """A file's bytes; ``error`` at ``source`` says why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise error(f"cannot read {path}: {reason}", source=source) from None


def decode(
    content: bytes, file: str, error: ErrorType = PlaybookError, *, vaulted: bool = False
) -> str:
    """UTF-8 with or without BOM; ``error`` with the place of the first byte that is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        rows = BREAKS.split(content[: problem.start].decode("utf-8", "replace"))
        rest = content[problem.start :].split(b"\n")[0].decode("utf-8", "replace")
        where = place(file, len(rows), len(rows[-1]) + 1, rows[-1] + rest, vaulted=vaulted)
        byte = content[problem.start]
        hint = "save the file as UTF-8"
        raise error(f"not UTF-8: byte 0x{byte:02X}", source=where, hint=hint) from None
