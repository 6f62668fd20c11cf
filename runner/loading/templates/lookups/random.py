"""The lookup ``random_string``: another text whenever a template is rendered.

Source: Ansible, "community.general.random_string".
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Mapping
from typing import Any, Final

from runner.loading.templates.filters.numbers import to_bool
from runner.loading.templates.lookups.programs import refuse_dry_run
from runner.loading.templates.lookups.variables import only
from runner.loading.templates.plain import plain
from runner.loading.templates.scope import Scope

_CLASSES: Final = {
    "upper": (string.ascii_uppercase, "min_upper"),
    "lower": (string.ascii_lowercase, "min_lower"),
    "numbers": (string.digits, "min_numeric"),
    "special": (string.punctuation, "min_special"),
}
_KNOWN: Final = (
    *("length", "base64", "seed", "override_all", "override_special", "ignore_similar_chars"),
    *("similar_chars", *_CLASSES, *(minimum for _, minimum in _CLASSES.values())),
)
_SIMILAR: Final = "il1LoO0"
_LONGEST: Final = 100_000


def _random_string(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """A text of ``length`` characters of these classes, at least so many of each."""
    if terms:
        raise ValueError("takes options alone: length=12")
    only(options, *_KNOWN)
    given = {name: plain(value) for name, value in options.items()}
    seed = given.get("seed")
    if seed is None:
        refuse_dry_run(scope, "a random text (lookup 'random_string')")
    chance = random.SystemRandom() if seed is None else random.Random(str(seed))
    length = int(given.get("length", 8))
    if not 0 <= length <= _LONGEST:
        raise ValueError(f"length is between 0 and {_LONGEST:,}, not {length}")
    left = (
        str(given.get("similar_chars") or _SIMILAR) if _yes(given, "ignore_similar_chars") else ""
    )
    classes = {name: _without(chars, left) for name, (chars, _) in _CLASSES.items()}
    classes["special"] = str(given.get("override_special") or classes["special"])
    chosen: list[str] = []
    everything = str(given.get("override_all") or "")
    if not everything:
        everything = "".join(c for name, c in classes.items() if _yes(given, name, default=True))
        for name, (_, minimum) in _CLASSES.items():
            chosen += chance.choices(classes[name], k=max(int(given.get(minimum, 0)), 0))
    if not everything:
        raise ValueError("there are no characters left to choose from")
    if len(chosen) > length:
        raise ValueError(f"the minimums add up to {len(chosen)}, and length is {length}")
    chosen += chance.choices(everything, k=length - len(chosen))
    chance.shuffle(chosen)
    text = "".join(chosen)
    return [base64.b64encode(text.encode()).decode() if _yes(given, "base64") else text]


def _yes(given: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    return to_bool(given.get(name, default))


def _without(chars: str, unwanted: str) -> str:
    return "".join(char for char in chars if char not in unwanted)


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "random_string": _random_string,
}
