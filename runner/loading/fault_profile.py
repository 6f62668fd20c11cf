"""What is to go wrong in a rehearsal: one of the profiles that have a name, or a YAML file.

seed: 7
faults:
  - {kind: reset, hosts: 10%, after: [3, 20]}
  - {kind: powered off, hosts: 'web*'}
  - {kind: delay, hosts: 5, seconds: 0.5}
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from runner.errors import InputError, UsageError
from runner.loading.text.document import Document, Value
from runner.loading.text.files import Files
from runner.loading.text.words import suggestion
from runner.model.faults import KINDS, PROFILES, Fault, FaultProfile

_WORDS: Final = ("kind", "hosts", "after", "times", "seconds")
_TOP: Final = ("seed", "faults")
_NUMBER: Final = re.compile(r"\d+%?")


def read_profile(word: str) -> FaultProfile:
    """The profile of that name, or in that file. Raises InputError with the place of a mistake."""
    if word in PROFILES:
        return PROFILES[word]
    path = Path(word)
    if not path.exists():
        raise UsageError(
            f"there is no profile of faults '{word}', and no such file",
            hint=suggestion(word, PROFILES) or f"there are: {', '.join(PROFILES)}",
        )
    document = Document(str(path), Files(InputError).text(path), InputError)
    if document.root is None:
        raise InputError(f"{path} is empty: it has no 'faults'")
    top = _fields(document.root, _TOP)
    if "faults" not in top or not isinstance(top["faults"].plain(), list):
        raise document.root.error("'faults' is missing: a list of what goes wrong")
    seed = int(_number(top["seed"], low=None)) if "seed" in top else 1
    return FaultProfile(word, tuple(map(_fault, top["faults"].elements())), seed)


def _fault(value: Value) -> Fault:
    given = _fields(value, _WORDS)
    for needed in ("kind", "hosts"):
        if needed not in given:
            raise value.error(f"'{needed}' is missing")
    kind = str(given["kind"].plain())
    if kind not in KINDS:
        hint = suggestion(kind, KINDS) or f"there are: {', '.join(KINDS)}"
        raise given["kind"].error(f"there is no kind of fault '{kind}'", hint=hint)
    hosts = str(given["hosts"].plain()).strip()
    if _NUMBER.fullmatch(hosts) and not int(hosts.rstrip("%")):
        raise given["hosts"].error("no host is hit by this: at least 1, or 1%")
    first, last = _after(given["after"]) if "after" in given else _usual(kind)
    seconds = _number(given["seconds"], low=None) if "seconds" in given else None
    if seconds is not None and seconds < 0 and kind != "wrong time":
        raise given["seconds"].error("seconds are not negative here")
    times = int(_number(given["times"], low=1)) if "times" in given else 1
    return Fault(kind, hosts, first, last, times, seconds)


def _usual(kind: str) -> tuple[int, int]:
    """When it comes when nothing is said: connections break along the way, the rest is there."""
    return (2, 20) if kind in ("cut", "reset") else (0, 0)


def _after(value: Value) -> tuple[int, int]:
    found = value.plain()
    ends = found if isinstance(found, list) else [found, found]
    if len(ends) != 2 or not all(type(end) is int and end >= 0 for end in ends):
        raise value.error("'after' is the number of a job, or two: [from, to]")
    first, last = ends
    if first > last:
        raise value.error(f"'after' ends before it begins: {first} to {last}")
    return first, last


def _number(value: Value, *, low: float | None) -> float:
    found: Any = value.plain()
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise value.error(f"this is a number, found '{found}'")
    if low is not None and found < low:
        raise value.error(f"this is at least {low:g}, found {found:g}")
    return float(found)


def _fields(value: Value, known: tuple[str, ...]) -> dict[str, Value]:
    if not isinstance(value.plain(), dict):
        raise value.error(f"a mapping is wanted here, with {', '.join(known)}")
    found: dict[str, Value] = {}
    for key, entry in value.entries():
        word = str(key.plain())
        if word not in known:
            raise key.error(
                f"'{word}' is not known here",
                hint=suggestion(word, known) or f"there are: {', '.join(known)}",
            )
        found[word] = entry
    return found
