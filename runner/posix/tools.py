"""Programs of a POSIX host, run so that their answers can be read.

They speak no language but the one of their documentation (``LC_ALL=C``), and they are found where
administrators' programs are, even if the account's PATH leaves that out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Script
from runner.posix.quoting import join, path, quote

SEARCH: Final = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin"
_NO_RIGHT: Final = (
    "permission denied", "are you root", "must be root", "operation not permitted",
    "only root", "access denied", "interactive authentication required", "superuser",
)  # fmt: skip


class Expanded(str):
    """A value in which the host puts its own for ``~`` and ``$NAME``, as in Ansible's paths."""

    __slots__ = ()


def tool(
    *argv: str,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
    disconnects: bool = False,
) -> Script:
    """A program with its arguments; ``env`` are further variables of its environment."""
    settings = "".join(f" {name}={quote(value)}" for name, value in (env or {}).items())
    text = f"LC_ALL=C {SEARCH}{settings} {join(argv)}"
    return Script("posix", text, stdin=stdin, timeout=timeout, disconnects=disconnects)


def script(text: str, *values: str, timeout: float | None = None) -> Script:
    """A text of our own in the same surroundings; ``values`` are its ``$1``, ``$2`` and so on."""
    quoted = (path(value) if isinstance(value, Expanded) else quote(value) for value in values)
    words = f"set -- {' '.join(quoted)}\n" if values else ""
    head = f"LC_ALL=C {SEARCH}; export LC_ALL PATH\n"
    return Script("posix", f"{head}{words}{text}", timeout=timeout)


def expect(output: Output, what: str, codes: Sequence[int] = (0,)) -> Output:
    """The output itself when its exit code is one of these.

    Raises ModuleError otherwise: ``what`` was attempted, and what the program said.
    """
    if output.code in codes:
        return output
    said = complaint(output)
    lowered = said.lower()
    hint = ""
    if any(words in lowered for words in _NO_RIGHT):
        hint = "the account has no right to do this: use become: true"
    elif output.code == 127:
        hint = "the program is not on this host"
    raise ModuleError(
        f"could not {what}: exit code {output.code}{f': {said}' if said else ''}", hint=hint
    )


def complaint(output: Output) -> str:
    """What a program said went wrong, in one line: errors before warnings."""
    lines = [line.strip() for line in (output.stderr.strip() or output.stdout).splitlines()]
    lines = [line for line in lines if line]
    errors = [line for line in lines if line.startswith(("E:", "Error", "error"))]
    return "; ".join((errors or lines)[:3])
