"""Whether a value is what a change leaves that was cut short: each part as before, or as planned.

A change of several commands that a lost connection or a dead controller cut in two leaves a list
with some of its items replaced, or a tree with some of its branches gone. Nobody but the run put
it there, so a rollback may take it back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set
from typing import Any

from runner.model.state import UNKNOWN


def is_halfway(before: Any, planned: Any, found: Any) -> bool:
    """Whether every part of ``found`` is from one of the two, and nothing that both have is gone.

    Of mappings and of records each field counts, of sequences and sets each item, whatever the
    order. Text and numbers have no parts: they are as before or as planned. What was not known
    beforehand can be anything.
    """
    if found in (before, planned) or planned is UNKNOWN:
        return True
    if isinstance(found, Mapping):
        return _mapping(_or(before, {}), _or(planned, {}), found)
    if dataclasses.is_dataclass(found):
        return type(before) is type(planned) is type(found) and all(
            is_halfway(getattr(before, name), getattr(planned, name), getattr(found, name))
            for name in (f.name for f in dataclasses.fields(found) if f.compare)
        )
    if isinstance(found, Sequence | Set) and not isinstance(found, str | bytes):
        return _items(_or(before, ()), _or(planned, ()), found)
    return False


def _or(value: Any, empty: Any) -> Any:
    """Nothing is an empty one."""
    return empty if value is None else value


def _mapping(before: Any, planned: Any, found: Mapping[Any, Any]) -> bool:
    if not isinstance(before, Mapping) or not isinstance(planned, Mapping):
        return False
    if any(key in planned and key not in found for key in before):
        return False
    return all(
        is_halfway(before[key], planned[key], value)
        if key in before and key in planned
        else value == (before[key] if key in before else planned.get(key, _NOTHING))
        for key, value in found.items()
    )


def _items(before: Any, planned: Any, found: Any) -> bool:
    for side in (before, planned):
        if not isinstance(side, Sequence | Set) or isinstance(side, str | bytes):
            return False
    if isinstance(found, Sequence) and len(before) == len(planned) == len(found):
        pairs = zip(before, planned, found, strict=True)
        if all(is_halfway(*parts) for parts in pairs):
            return True
    stays = all(item in found for item in before if item in planned)
    return stays and all(item in before or item in planned for item in found)


_NOTHING = object()
