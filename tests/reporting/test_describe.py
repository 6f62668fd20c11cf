"""Values and differences in words."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting.describe import (
    command_lines,
    reason_of,
    result_lines,
    short_difference,
    show_value,
    summary,
    text_diff,
)
from tests.reporting.samples import HOSTILE, STOPPED, assert_harmless


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("auto", "auto"),
        ("C:\\Program Files", "C:\\Program Files"),
        ("", '""'),
        (" led", '" led"'),
        ("a\nb", r'"a\nb"'),
        ("中文", "中文"),
        (None, "(none)"),
        (True, "true"),
        (4, "4"),
        (0.5, "0.5"),
        (b"\x01\xff", "hex:01 ff"),
        (("a", "b"), "[a, b]"),
        ({"b", "a"}, "[a, b]"),
        ({"k": "v", "n": 1}, '{k: "v", n: 1}'),
        (UNKNOWN, "(known after the change)"),
        ([UNKNOWN, None], "[(known after the change), (none)]"),
        ("\x1b[31mx", '"x"'),
    ],
)
def test_show_value(value: Any, shown: str) -> None:
    assert show_value(value) == shown


@pytest.mark.parametrize(
    ("difference", "shown"),
    [
        (Difference("state", "running", "stopped"), "state running -> stopped"),
        (Difference("value", "1", 1), 'value "1" -> 1'),
        (Difference("present", False, True), "present false -> true"),
        (Difference("when", None, UNKNOWN), "when (none) -> (known after the change)"),
        (Difference("text", "a\nb\n", "a\nc\nd\n"), "text +2 -1 lines"),
        (Difference("text", None, "a\nb\n"), "text +2 -0 lines"),
        (Difference("long", "x" * 100, "y"), f"long {'x' * 59}… -> y"),
    ],
)
def test_short_difference(difference: Difference, shown: str) -> None:
    assert short_difference(difference) == shown


def test_summary() -> None:
    said = summary(Outcome(Status.CHANGED, subject="service lanmanserver", differences=STOPPED))
    assert said == "service lanmanserver: state running -> stopped; start_mode auto -> disabled"
    assert summary(Outcome(Status.SKIPPED, "condition false: x", subject="service x")) == (
        "condition false: x"
    )
    assert summary(Outcome(Status.CHANGED, irreversible="it is gone")) == (
        "cannot be taken back: it is gone"
    )


def test_reason_of_a_blocked_job_names_the_other() -> None:
    job = JobId("a", "web01")
    assert (
        reason_of(Outcome(Status.BLOCKED, "it failed", blocked_by=job)) == "by a@web01: it failed"
    )
    assert reason_of(Outcome(Status.BLOCKED, blocked_by=job)) == "by a@web01"
    assert reason_of(Outcome(Status.BLOCKED, "a@web01 failed", blocked_by=job)) == "a@web01 failed"


def test_text_diff_is_bounded() -> None:
    old = "".join(f"{number}\n" for number in range(100))
    found = text_diff(Difference("text", old, old.replace("5", "five")), most=10)
    assert len(found) == 11
    assert found[-1][1].endswith("more lines")
    assert text_diff(Difference("text", "a\nb\n", "a\nc\n"))[1:] == [
        (" ", "a"),
        ("-", "b"),
        ("+", "c"),
    ]


def test_commands_and_results_line_by_line() -> None:
    assert command_lines("sc stop x") == ["$ sc stop x"]
    assert command_lines("if x (\n\tdo\n)") == ["$ if x (", ">     do", "> )"]
    assert result_lines({"rc": 0, "stdout": "a\nb\n", "stdout_lines": ["a", "b"], "msg": "x"}) == [
        "rc: 0",
        "stdout:",
        "  | a",
        "  | b",
        "msg: x",
    ]


def test_hostile_values_are_harmless() -> None:
    assert_harmless(show_value({HOSTILE: [HOSTILE, {HOSTILE}]}))
    assert_harmless(short_difference(Difference(HOSTILE, HOSTILE, [HOSTILE])))
    assert_harmless("\n".join(command_lines(HOSTILE)))
    assert_harmless("\n".join(result_lines({HOSTILE: HOSTILE})))
