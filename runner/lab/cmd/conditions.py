"""The tests of `if`."""

from __future__ import annotations

from runner.lab.state.paths import absolute, is_wild
from runner.lab.state.process import Session

__all__ = ["compare", "exists", "to_number"]


def exists(session: Session, path: str) -> bool:
    """`if exist PATH`: wildcards find files, a trailing backslash finds directories only."""
    files = session.host.files
    if path.lower() in ("nul", "con"):
        return True
    whole = absolute(path, session.cwd)
    if is_wild(path):
        return bool(files.match(whole))
    entry = files.find(whole)
    return entry is not None and (entry.is_dir or not path.endswith("\\"))


def to_number(text: str) -> int:
    """The number that a text begins a comparison with; 0 if it is none."""
    try:
        return int(text, 0)
    except ValueError:
        return 0


def compare(kind: str, left: str, right: str, *, ignore_case: bool) -> bool:
    """`left OPERATOR right`: as numbers where both are numbers, else as texts."""
    if ignore_case:
        left, right = left.lower(), right.lower()
    if kind == "==":
        return left == right
    order: int
    try:
        order = int(left, 0) - int(right, 0)
    except ValueError:
        order = (left.lower() > right.lower()) - (left.lower() < right.lower())
        order = order if kind not in ("equ", "neq") else int(left != right)
    return {
        "equ": order == 0, "neq": order != 0, "lss": order < 0,
        "leq": order <= 0, "gtr": order > 0, "geq": order >= 0,
    }[kind]  # fmt: skip
