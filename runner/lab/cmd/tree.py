"""The tree of a command line of cmd.exe."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Chain",
    "Condition",
    "For",
    "Group",
    "If",
    "Node",
    "Redirect",
    "Simple",
    "SyntaxFault",
]


class SyntaxFault(Exception):
    """cmd refuses the line; the message is what it prints."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2>>file` is (2, ">>", "file"), `2>&1` is (2, "&", "1")."""

    handle: int
    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class Simple:
    """One command. `args` is the raw text after the name, its first delimiter included."""

    name: str
    args: str
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """`( ... )`."""

    body: Node | None
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Two commands joined by `&`, `&&`, `||` or `|`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """What an `if` tests: errorlevel, exist, defined, or a comparison (`==`, equ, ...)."""

    kind: str
    left: str
    right: str = ""
    negated: bool = False
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class If:
    condition: Condition
    then: Node
    otherwise: Node | None = None


@dataclass(frozen=True, slots=True)
class For:
    """`for %letter in (items) do body`.

    With `tokens`: `for /f "tokens=1-N" %letter in ('items') do body`, `items` being a command.
    """

    letter: str
    items: str
    body: Node
    tokens: int = 0


Node = Simple | Group | Chain | If | For
