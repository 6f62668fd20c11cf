"""Twins before a run and after its rollback: which are as they were, and what the others lack.

Two things come back by no means, and are told apart from what should have come back: processes that
were ended, and a restart that the host had been waiting for, which it has had since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner.reporting.text import host_list

_WAITING: Final = "reboot_pending"
_SIGNS: Final = re.compile(
    r"/reboot_pending$|RebootPending|RebootRequired|UpdateExeVolatile|PendingFileRename",
    re.IGNORECASE,
)
"""Where a machine keeps that it waits for a restart."""
_PROCESSES: Final = re.compile(r"^/processes\b")
_MOST: Final = 3


def compared_lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """In words; the states are those of the lab, by host."""
    other = {name: differing(state, after[name]) for name, state in before.items()}
    restarted = [n for n, places in other.items() if any(_came(before[n], p) for p in places)]
    ended = [n for n, places in other.items() if any(map(_PROCESSES.match, places))]
    left = {
        name: [p for p in places if not _came(before[name], p) and not _PROCESSES.match(p)]
        for name, places in other.items()
    }
    whole = sum(not places for places in left.values())
    yield f"{whole} of {len(before)} twins are as they were before the run"
    if ended:
        yield f"  but for processes that were ended: {host_list(ended)}"
    if restarted:
        yield f"  but for a restart that they had been waiting for, and got: {host_list(restarted)}"
    for name, places in sorted(left.items()):
        if places:
            more = f" and {len(places) - _MOST} more" if len(places) > _MOST else ""
            yield f"  {name}: {'; '.join(places[:_MOST])}{more}"


def _came(before: Any, place: str) -> bool:
    return bool(before.get(_WAITING)) and _SIGNS.search(place) is not None


def differing(before: Any, after: Any, path: str = "") -> list[str]:
    """The places where two states differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for key in sorted({*before, *after}, key=str)
            for place in differing(before.get(key), after.get(key), f"{path}/{key}")
        ]
    return [] if before == after else [path]
