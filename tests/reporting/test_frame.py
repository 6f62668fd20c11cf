"""The picture fits every terminal and every fleet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.events import JobDetail, JobFinished, JobStarted, RunStarted, StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.reporting.board import Board, TaskRow
from runner.reporting.frame import Section, clock, frame, share
from runner.reporting.task_table import choose
from runner.reporting.text import width
from tests.reporting.samples import (
    HOSTILE,
    START,
    assert_harmless,
    check_golden,
    events,
    hostile_events,
)


def sample() -> Board:
    """The sample run shortly before its end, with three jobs under way."""
    board = Board(tail=True)
    for event in events()[:-7]:
        board.take(event)
    for number, host in enumerate(("web01", "files-中文")):
        job = JobId("check", host)
        board.take(JobStarted(job, START + number))
        board.take(JobDetail(job, f"waiting for {host}", START + 3))
    return board


def fleet(hosts: int, tasks: int = 12, status: Status = Status.CHANGED) -> Board:
    """A big run under way."""
    board = Board(tail=True)
    names = tuple(f"host-{number:05}.corp.example.com" for number in range(hosts))
    steps = tuple(
        StepInfo(f"s{n}", f"play {n // 6} 第", f"a task 任务 with a long title {n}", "", hosts)
        for n in range(tasks)
    )
    board.take(RunStarted("20170515-0800-7f3a", "run", "site.yml", names, steps, START))
    for number, host in enumerate(names):
        job = JobId(f"s{number % tasks}", host)
        board.take(JobStarted(job, START + number / 100))
        board.take(JobDetail(job, f"等待 {number}", START + number / 100))
        if number % 3 == 0:
            outcome = Outcome(list(Status)[number % 12] if number % 2 else status, "m" * number)
            board.take(JobFinished(job, outcome, START + number))
    return board


def check_fits(board: Board, cells: int, height: int) -> list[str]:
    """Draw it and see that it fits."""
    lines = frame(board, cells=cells, height=height, now=START + 125)
    assert len(lines) <= height
    for line in lines:
        assert sum(width(piece.text) for piece in line.spans) <= cells, line.plain
    return [line.plain for line in lines]


@pytest.mark.parametrize(("cells", "height"), [(79, 23), (139, 49), (40, 10)])
def test_golden(cells: int, height: int) -> None:
    check_golden(f"frame-{cells}x{height}", "\n".join(check_fits(sample(), cells, height)) + "\n")


@pytest.mark.parametrize("hosts", [0, 1, 40, 230, 2000])
@pytest.mark.parametrize(
    ("cells", "height"), [(79, 23), (139, 49), (99, 30), (300, 100), (20, 3), (1, 1)]
)
def test_every_fleet_fits_every_terminal(hosts: int, cells: int, height: int) -> None:
    check_fits(fleet(hosts), cells, height)


@given(st.integers(1, 200), st.integers(1, 60))
def test_every_size_fits(cells: int, height: int) -> None:
    check_fits(sample(), cells, height)


def test_every_status_has_its_word_in_the_table() -> None:
    board = Board()
    steps = tuple(StepInfo(status.name, "", f"task {status.name}", "", 1) for status in Status)
    board.take(RunStarted("r", "run", "t", ("h",), steps, START))
    for status in Status:
        board.take(JobFinished(JobId(status.name, "h"), Outcome(status), START))
    wide = "\n".join(check_fits(board, 200, 30))
    narrow = "\n".join(check_fits(board, 79, 30))
    for word in ("failed", "unreach.", "conflict", "in doubt", "blocked", "cancel.", "skipped"):
        assert word in wide
    for word in ("fail", "unr.", "conf", "dbt", "blkd", "canc", "skip"):
        assert word in narrow


def test_a_check_has_its_own_column() -> None:
    board = Board()
    board.take(RunStarted("r", "check", "t", ("h",), (StepInfo("s", "", "x", "", 1),), START))
    text = "\n".join(check_fits(board, 100, 20))
    assert text.startswith("CHECK  t")
    assert "would ch." in text
    assert "changed" not in text


def test_hostile_strings() -> None:
    board = Board(tail=True)
    for event in hostile_events():
        board.take(event)
    for cells, height in ((79, 40), (139, 49)):
        assert_harmless("\n".join(check_fits(board, cells, height)))
    assert HOSTILE[0] == "\x1b"


def test_slowest_first_and_silence() -> None:
    text = check_fits(sample(), 139, 49)
    start = text.index("working (2), longest first")
    assert text[start + 1].startswith("web01        2m05s  verify  (2m02s ago) waiting for web01")
    assert text[start + 2].startswith("files-中文   2m04s")


def rows(*states: str) -> list[TaskRow]:
    """Tasks that are (d)one, (r)unning, (p)artly done or (w)aiting."""
    made = []
    for number, state in enumerate(states):
        row = TaskRow("", str(number), hosts=2, bit=1 << number, changed_at=number)
        row.running = 1 if state == "r" else 0
        row.finished = {"d": 2, "p": 1}.get(state, 0)
        made.append(row)
    return made


@pytest.mark.parametrize(
    ("states", "count", "shown"),
    [
        ("ddd", 3, "012"),
        ("dddrww", 3, "345"),
        ("dddrww", 5, "12345"),
        ("rdddwr", 2, "05"),
        ("ddddd", 2, "34"),
        ("wwdpw", 2, "03"),
    ],
)
def test_tasks_worth_a_row(states: str, count: int, shown: str) -> None:
    assert "".join(row.title for row in choose(rows(*states), count)) == shown


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 80))
def test_rows_are_shared_out_within_the_room(wanted: list[int], room: int) -> None:
    nothing: Callable[[int], list[object]] = lambda _: []  # noqa: E731
    found = share([Section(want, 2, nothing) for want in wanted], room)  # type: ignore[arg-type]
    assert all(0 <= rows <= want for rows, want in zip(found, wanted, strict=True))
    used = sum(rows + 2 for rows in found if rows)
    assert used <= room
    if any(0 < rows < want for rows, want in zip(found, wanted, strict=True)):
        assert room - used == 0


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (192, "03:12"), (3792, "1:03:12")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
