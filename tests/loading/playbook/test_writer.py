"""What is written for people reads back as exactly the values that were meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.loading.playbook.writer import WrittenPlay, WrittenTask, playbook_text
from runner.loading.text.data import DataStr
from runner.loading.text.document import Document


def read_back(value: Any, *comments: str) -> Any:
    task = WrittenTask({"name": "x", "debug": {"msg": value}}, comments)
    text = playbook_text(["head"], [WrittenPlay("p", ["a", "b"], [task])])
    root = Document("written.yml", text).root
    assert root is not None
    (play,) = root.plain()
    assert play["hosts"] == ["a", "b"]
    assert len(play["tasks"]) == 1
    return play["tasks"][0]["debug"]["msg"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, st.text())
def test_every_value_comes_back(value: Any, comment: str) -> None:
    assert read_back(value, comment) == value


@pytest.mark.parametrize("text", ["{{ x }}", "a {% b", "{# c", "{{\n"])
def test_braces_are_only_braces(text: str) -> None:
    found = read_back([text])[0]
    assert isinstance(found, DataStr)
    assert found == text


def test_a_comment_cannot_end_itself() -> None:
    assert read_back("v", "one\n- two: {}\r\x85three") == "v"
