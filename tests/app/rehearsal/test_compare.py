"""Which twins came back, in words: what cannot come back is told from what should have."""

from __future__ import annotations

from typing import Any

from runner.app.rehearsal.compare import compared_lines, differing

UPDATES = r"HKLM\SOFTWARE\Microsoft\Updates"


def state(**changed: Any) -> dict[str, Any]:
    return {
        "reboot_pending": False,
        "processes": ["System", "worm.exe"],
        "services": {"Spooler": {"state": "running", "start": 2}},
        "registry": {UPDATES: {"UpdateExeVolatile": ["REG_DWORD", 0]}},
        **changed,
    }


WAITING = {
    "reboot_pending": True,
    "registry": {UPDATES: {"UpdateExeVolatile": ["REG_DWORD", 1]}},
}


def test_all_are_as_they_were() -> None:
    assert list(compared_lines({"a": state()}, {"a": state()})) == [
        "1 of 1 twins are as they were before the run"
    ]


def test_ended_processes_and_a_restart_that_came_are_said_and_are_no_failure_of_the_way_back() -> (
    None
):
    before = {"a": state(), "b": state(**WAITING), "c": state()}
    after = {"a": state(processes=["System"]), "b": state(), "c": state()}
    assert list(compared_lines(before, after)) == [
        "3 of 3 twins are as they were before the run",
        "  but for processes that were ended: a",
        "  but for a restart that they had been waiting for, and got: b",
    ]


def test_what_should_have_come_back_is_named_with_its_place() -> None:
    spooler = {"Spooler": {"state": "stopped", "start": 4}}
    before = {"a": state(), "b": state(), "c": state()}
    after = {"a": state(services=spooler), "b": state(**WAITING), "c": state()}
    assert list(compared_lines(before, after)) == [
        "1 of 3 twins are as they were before the run",
        "  a: /services/Spooler/start; /services/Spooler/state",
        # It did not wait before: that it does now was left behind.
        rf"  b: /reboot_pending; /registry/{UPDATES}/UpdateExeVolatile",
    ]


def test_many_places_are_counted() -> None:
    before = {"a": state(tasks={str(n): 1 for n in range(5)})}
    lines = list(compared_lines(before, {"a": state(tasks={})}))
    assert lines[1:] == ["  a: /tasks/0; /tasks/1; /tasks/2 and 2 more"]
    assert differing({"a": 1}, {"b": 1}) == ["/a", "/b"]
