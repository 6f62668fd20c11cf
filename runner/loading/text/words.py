"""Words: sets of known ones, and the known one that a person probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.65) -> str | None:
    """The known name most like this one, or None when nothing is like it (``cutoff``: 0 to 1)."""
    names = sorted(set(known))
    folded = {candidate.lower(): candidate for candidate in names}
    if name.lower() in folded:
        return folded[name.lower()]
    found = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=cutoff)
    if found:
        return folded[found[0]]
    bare = name.lower().replace("-", "").replace("_", "")
    same = [n for n in names if len(bare) > 2 and n.lower().replace("_", "").startswith(bare)]
    return same[0] if same else None


def suggestion(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """``did you mean 'x'?`` for a hint, or another text when nothing is near."""
    found = nearest(name, known)
    return f"did you mean '{found}'?" if found else otherwise


def words(text: str) -> frozenset[str]:
    """A set of words, written as one text."""
    return frozenset(text.split())
