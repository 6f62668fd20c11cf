"""What counts as half of a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from runner.model.halfway import is_halfway
from runner.model.state import UNKNOWN


@dataclass(frozen=True)
class Card:
    name: str
    servers: tuple[str, ...] = ()
    auto: bool = True


CASES: list[tuple[Any, Any, Any, bool]] = [
    ("a", "b", "a", True),
    ("a", "b", "b", True),
    ("a", "b", "c", False),
    (1, UNKNOWN, 7, True),
    # Sets and lists: each item is from one of both, and what both have is there.
    ((), ("x", "y"), ("x",), True),
    (("x", "y"), (), ("y",), True),
    (("x", "y"), ("y", "z"), ("y",), True),
    (("x", "y"), ("y", "z"), ("x",), False),
    ((), ("x",), ("z",), False),
    ((), ("x",), ("x", "z"), False),
    (frozenset("ab"), frozenset("bc"), frozenset("b"), True),
    (None, ("x", "y"), ("x",), True),
    # Two lists of the same length are looked at place by place, too.
    ((("a", 1), ("b", 1)), (("a", 2), ("b", 2)), (("a", 2), ("b", 1)), True),
    ({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 1}, True),
    ({"a": 1}, {"a": 1, "b": 2}, {"b": 2}, False),
    ({"a": 1}, {"b": 2}, {}, True),
    ({}, {"b": 2}, {"b": 3}, False),
    # Records are looked at field by field.
    (Card("c"), Card("c", ("1",), auto=False), Card("c", auto=False), True),
    (Card("c"), Card("c", ("1",), auto=False), Card("d", auto=False), False),
    ((Card("c"),), (Card("c", ("1",), auto=False),), (Card("c", ("1",)),), True),
    # Text is no list of letters.
    ("ab", "cd", "ac", False),
    ("ab", ("x",), ("x", "y"), False),
]


@pytest.mark.parametrize(("before", "planned", "found", "is_ours"), CASES)
def test_halves(before: Any, planned: Any, found: Any, is_ours: bool) -> None:
    assert is_halfway(before, planned, found) is is_ours
