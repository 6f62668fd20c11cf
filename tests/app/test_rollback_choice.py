"""Which changes a person means by names of tasks and by moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from runner.app.rollback_choice import Choice, irreversible_lines, moment, steps_named
from runner.cli.rollback import _ago
from runner.errors import UsageError
from runner.journal.records import ChangeRecord, PlanGraph
from runner.model.job import JobId

NOW = datetime(2026, 5, 13, 12, 0).timestamp()
GRAPH = PlanGraph(
    {
        "steps": [
            {"name": "begin", "kind": "gate", "title": "play"},
            {"name": "stop-smb", "kind": "task", "title": "Stop SMB"},
            {"name": "more", "kind": "task", "title": "include more.yml"},
        ]
    },
    [],
)


def change(step: str, host: str = "a", task: str = "", **fields: Any) -> ChangeRecord:
    values: dict[str, Any] = {
        "id": 1, "run": "r", "sequence": 1, "started": NOW, "job": JobId(step, host), "item": "",
        "task": task, "module": "win_service", "params": {}, "subject": "s", "before": {},
        "after": {}, **fields,
    }  # fmt: skip
    return ChangeRecord(**values)


CHANGES = [change("stop-smb", task="Stop SMB"), change("more/mark-it", task="Mark it")]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], None),
        (["stop-smb"], {"stop-smb"}),
        (["STOP SMB"], {"stop-smb"}),
        (["mark it"], {"more/mark-it"}),
        (["mark-it"], {"more/mark-it"}),
        (["more"], {"more", "more/mark-it"}),
        (["include more.yml"], {"more", "more/mark-it"}),
        (["stop-smb", "more/mark-it"], {"stop-smb", "more/mark-it"}),
    ],
)
def test_tasks_go_by_id_and_name(words: list[str], found: set[str] | None) -> None:
    assert steps_named(words, GRAPH, CHANGES) == found


@pytest.mark.parametrize(
    ("word", "hint"),
    [("stop smbb", "did you mean 'Stop SMB'"), ("xyz", "there are: stop-smb, Stop SMB")],
)
def test_a_word_that_no_task_goes_by(word: str, hint: str) -> None:
    with pytest.raises(UsageError, match="no task") as caught:
        steps_named([word], GRAPH, CHANGES)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:30", datetime(2026, 5, 13, 10, 30)),
        ("13:30", datetime(2026, 5, 12, 13, 30)),
        ("10:30:15", datetime(2026, 5, 13, 10, 30, 15)),
        ("2h", datetime(2026, 5, 13, 10, 0)),
        ("90m", datetime(2026, 5, 13, 10, 30)),
        ("2026-05-01", datetime(2026, 5, 1)),
        ("2026-05-01T10:30", datetime(2026, 5, 1, 10, 30)),
        ("2026-05-01T10:30+00:00", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text, _ago, NOW) == expected.timestamp()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "10:99", "2026-13-01", "-1h"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        moment(text, _ago, NOW)


def test_a_choice_holds_in_all_its_parts() -> None:
    one = change("stop-smb")
    assert Choice().has(one, {})
    assert Choice(frozenset("a"), frozenset({"stop-smb"}), NOW).has(one, {})
    assert not Choice(hosts=frozenset("b")).has(one, {})
    assert not Choice(steps=frozenset({"more"})).has(one, {})
    assert not Choice(since=NOW + 1).numbered([one]).has(one, {})


def test_what_came_after_is_meant_whatever_the_clock_said_by_then() -> None:
    early, late, after_a_jump = (
        replace(change("stop-smb"), sequence=number, started=started)
        for number, started in ((1, NOW - 10), (2, NOW + 10), (3, NOW - 7200))
    )
    everything = [early, late, after_a_jump]
    choice = Choice(since=NOW).numbered(everything)
    assert [c.sequence for c in everything if choice.has(c, {})] == [2, 3]


def test_what_stays_is_listed_once_for_each_task_and_reason() -> None:
    records = [
        change("tell", f"h{n:02}", "tell them", irreversible="a command has no way back")
        for n in range(12)
    ]
    kept = change("keep", "a", "keep it", rollback=False)
    gone = change("gone", "a", "gone", irreversible="x", status="undone")
    lines = irreversible_lines([records, [kept, gone, change("fine")]], lambda _: True)
    assert len(lines) == 2
    assert lines[0].startswith("not taken back: tell them on h00, h01")
    assert lines[0].endswith("h09 and 2 more: a command has no way back")
    assert lines[1] == "not taken back: keep it on a: the task says 'rollback: false'"
    assert irreversible_lines([records], lambda _: False) == []
