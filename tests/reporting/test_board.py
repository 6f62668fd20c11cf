"""The board counts right, whatever comes."""

from __future__ import annotations

import random

from runner.events import JobDetail, JobFinished, JobStarted, RunStarted, StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.reporting.board import Board
from tests.reporting.samples import HOSTS, STEPS, events, started


def board_of(*steps: StepInfo, hosts: tuple[str, ...] = ("a", "b")) -> Board:
    """A board on which a run has just begun."""
    board = Board()
    board.take(RunStarted("r", "run", "t", hosts, steps, 0))
    return board


def finish(board: Board, step: str, host: str, status: Status = Status.OK) -> None:
    """A job ends."""
    board.take(JobFinished(JobId(step, host), Outcome(status), 0))


def test_the_sample_run() -> None:
    board = Board(tail=True)
    for event in events():
        board.take(event)
    assert (board.finished_jobs, board.jobs, board.hosts_done) == (20, 20, len(HOSTS))
    assert board.counts[Status.CHANGED] == 6
    assert board.working == {}
    assert all(task.is_complete and task.running == 0 for task in board.tasks.values())
    assert [row.host for row in board.troubles] == ["dc01", "web02", "files-中文", "web02"]
    assert board.hosts_by_worst == {
        Status.UNREACHABLE: 1,
        Status.FAILED: 1,
        Status.CONFLICT: 1,
        Status.CHANGED: 1,  # its failure is ignored
        Status.OK: 0,
        Status.SKIPPED: 0,
    }
    assert board.tail[-1] == ("files-中文", "output red")


def test_hosts_are_done_when_every_task_has_ended_on_them() -> None:
    board = board_of(StepInfo("s", "", "", "", 2), StepInfo("t", "", "", "", 2))
    finish(board, "s", "a")
    assert board.hosts_done == 0
    finish(board, "t", "a")
    assert board.hosts_done == 1
    finish(board, "s", "b")
    finish(board, "t", "b", Status.FAILED)
    assert board.hosts_done == 2


def test_a_host_without_a_task_is_done_when_the_task_has_ended_elsewhere() -> None:
    board = board_of(StepInfo("s", "", "", "", 2), StepInfo("only-b", "", "", "", 1))
    finish(board, "s", "a")
    finish(board, "s", "b")
    assert board.hosts_done == 0
    finish(board, "only-b", "b")
    assert board.hosts_done == 2


def test_any_order_ends_in_the_same_board() -> None:
    found = events()
    first, rest = found[0], found[1:-1]
    pictures = set()
    for seed in range(10):
        board = Board()
        board.take(first)
        shuffled = rest.copy()
        random.Random(seed).shuffle(shuffled)
        for event in sorted(shuffled, key=lambda e: not isinstance(e, JobStarted)):
            board.take(event)
        pictures.add(
            (
                board.finished_jobs,
                board.hosts_done,
                frozenset(board.counts.items()),
                len(board.working),
            )
        )
    assert len(pictures) == 1


def test_jobs_that_were_not_announced_and_repeated_ones() -> None:
    board = board_of(StepInfo("s", "", "", "", 1), hosts=("a",))
    finish(board, "s", "a")
    finish(board, "s", "a", Status.FAILED)  # told twice: the first stays
    assert board.counts == {Status.OK: 1}
    board.take(JobStarted(JobId("included", "a"), 1))
    board.take(JobStarted(JobId("included", "a"), 1))
    finish(board, "included", "new-host")
    finish(board, "included", "a")
    assert board.tasks["included"].finished == 2
    assert board.tasks["included"].running == 0
    assert (board.finished_jobs, board.jobs) == (3, 3)
    assert set(board.hosts) == {"a", "new-host"}


def test_the_last_thing_heard_of_a_job() -> None:
    board = board_of(*STEPS)
    job = JobId("patch", "a")
    board.take(JobDetail(job, "before it began", 1))
    board.take(JobStarted(job, 2))
    board.take(JobDetail(job, "one\ntwo\n\n", 3))
    board.take(JobDetail(job, "\x1b[2J", 4))
    assert (board.working[job].detail, board.working[job].heard) == ("two", 3)
    assert not board.tail


def test_lists_are_bounded() -> None:
    board = Board(tail=True)
    board.take(started())
    for number in range(1000):
        job = JobId(str(number), "a")
        board.take(JobDetail(job, "x" * 10_000, 0))
        finish(board, str(number), "a", Status.FAILED)
    assert (len(board.troubles), board.trouble_count, len(board.tail)) == (100, 1000, 200)
    assert max(len(text) for _, text in board.tail) <= 500
