"""The live view's table: a row a task, a column a status that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runner.model.job import Status
from runner.reporting.board import Board, TaskRow
from runner.reporting.page import Line, Span, line, span
from runner.reporting.statuses import WORDS, look_of
from runner.reporting.text import clip, pad

HEADING: Final = "bold underline"
_NARROWEST_TITLE: Final = 34
_LEAST_TITLE: Final = 12
_WIDEST_TITLE: Final = 70
_WIDE: Final = 110


def task_table(board: Board, cells: int, rows: int) -> list[Line]:
    """A heading and at most ``rows`` tasks, in at most ``cells`` cells."""
    tasks = list(board.tasks.values())
    shown = choose(tasks, rows)
    columns = _columns(board)
    names = [look_of(counted).short for counted in columns]
    widths = [
        _column_width(name, board, status) for name, status in zip(names, columns, strict=True)
    ]
    if cells - sum(widths) - len(widths) - 10 < _NARROWEST_TITLE:
        names = [look_of(counted).tiny for counted in columns]
        widths = [
            _column_width(name, board, status) for name, status in zip(names, columns, strict=True)
        ]
    most = max([task.running for task in shown], default=0)
    last = max(len("running"), len(f"{most:,}"))
    while columns and cells - sum(widths) - len(widths) - last - 1 < _LEAST_TITLE:
        columns, names, widths = columns[1:], names[1:], widths[1:]
    left = max(4, min(_WIDEST_TITLE, cells - sum(widths) - len(widths) - last - 1))
    heading = _tasks_heading(tasks, shown)
    head = [span(pad(heading, left), HEADING)]
    head += [
        span(" " + pad(name, room, right=True), HEADING)
        for name, room in zip(names, widths, strict=True)
    ]
    lines = [line(*head, span(" " + pad("running", last, right=True), HEADING))]
    plays = cells >= _WIDE and len({task.play for task in tasks}) > 1
    for task in shown:
        lines.append(_task_line(task, left, columns, widths, last, plays=plays))
    return lines


def _columns(board: Board) -> tuple[str, ...]:
    first = Status.WOULD_CHANGE if "check" in board.verb or board.verb == "plan" else Status.CHANGED
    always = (Status.OK, first)
    return tuple(counted for counted in WORDS if counted in always or board.counts.get(counted))


def _column_width(name: str, board: Board, counted: str) -> int:
    return max(len(name), len(f"{board.counts.get(counted, 0):,}"))


def _tasks_heading(tasks: Sequence[TaskRow], shown: Sequence[TaskRow]) -> str:
    if len(shown) == len(tasks):
        return "task"
    done = sum(task.is_complete for task in tasks)
    return f"{len(shown)} of {len(tasks)} tasks, {done} done"


def choose(tasks: Sequence[TaskRow], rows: int) -> list[TaskRow]:
    """The tasks worth a row, in the playbook's order: under way, next to come, last done."""
    if len(tasks) <= rows:
        return list(tasks)

    def need(place: int) -> tuple[int, int]:
        task = tasks[place]
        if task.running:
            return 0, -task.changed_at
        if task.is_complete:
            return 2, -task.changed_at
        return 1, place if not task.finished else place - len(tasks)

    chosen = sorted(sorted(range(len(tasks)), key=need)[:rows])
    return [tasks[place] for place in chosen]


def _task_line(
    task: TaskRow,
    left: int,
    columns: Sequence[str],
    widths: Sequence[int],
    last: int,
    *,
    plays: bool,
) -> Line:
    style = "dim" if task.is_complete else "bold" if task.running else ""
    title = task.title
    if plays and task.play:
        play = clip(task.play, max(6, left // 3))
        title = f"{play}: {title}"
    parts = [span(pad(title, left), style)]
    for counted, room in zip(columns, widths, strict=True):
        count = task.counts.get(counted, 0)
        text = pad(f"{count:,}" if count else "·" if task.finished else "", room, right=True)
        parts += [Span(" "), Span(text, look_of(counted).style if count else "dim")]
    running = f"{task.running:,}" if task.running else ""
    parts += [Span(" "), Span(pad(running, last, right=True), "bold")]
    return line(*parts)
