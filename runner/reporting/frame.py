"""Draws the live view: a board in, at most ``height`` lines of at most ``width`` cells out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from runner.model.job import JobId
from runner.reporting.board import Board, Working
from runner.reporting.page import EMPTY, Line, Span, crop, line, span
from runner.reporting.statuses import CONSEQUENCES, LOOKS
from runner.reporting.task_table import HEADING, task_table
from runner.reporting.text import clip, duration, one_line, pad, percent, plural, width

_AGE: Final = 6
_SILENT: Final = 10
_MOST_BUSY: Final = 5_000
_MOST_ROWS: Final = 200
_BUSY: Final = "bold"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the frame: how many rows it would like, and how it draws those it gets.

    ``weight`` is how many rows it gets in each round of sharing out.
    """

    wanted: int
    weight: int
    draw: Callable[[int], list[Line]]


def frame(board: Board, *, cells: int, height: int, now: float, fancy: bool = True) -> list[Line]:
    """The whole picture. ``fancy``: the terminal shows more than ASCII."""
    lines = [
        _header(board, cells, now),
        _bar(board, cells, fancy=fancy),
        _hosts(board, cells),
    ][: max(1, height)]
    sections = [
        Section(len(board.tasks), 3, lambda rows: task_table(board, cells, rows)),
        Section(len(board.troubles), 2, lambda rows: _troubles(board, cells, rows)),
        Section(_wanted(board), 1, lambda rows: _working(board, cells, rows, now)),
        Section(len(board.tail), 1, lambda rows: _tail(board, cells, rows)),
    ]
    room = height - len(lines)
    for section, rows in zip(sections, share(sections, room), strict=True):
        if rows:
            lines += [EMPTY, *section.draw(rows)]
    return [crop(content, cells) for content in lines[:height]]


def share(sections: Sequence[Section], room: int) -> list[int]:
    """Rows for each section; one that gets any also takes two lines for its heading."""
    rows = [0] * len(sections)
    for place, section in enumerate(sections):
        if section.wanted and room >= 3:
            rows[place] = 1
            room -= 3
    while room > 0:
        before = room
        for place, section in enumerate(sections):
            if rows[place]:
                more = max(0, min(section.weight, section.wanted - rows[place], room))
                rows[place] += more
                room -= more
        if room == before:
            break
    return rows


def _header(board: Board, cells: int, now: float) -> Line:
    elapsed = clock(now - board.started) if board.started else ""
    verb = one_line(board.verb).upper()
    tail = f"  run {one_line(board.run)}  {elapsed}" if board.run else f"  {elapsed}"
    tail = clip(tail, cells // 2)
    title = clip(one_line(board.title), max(0, cells - len(verb) - 2 - width(tail)))
    gap = " " * max(0, cells - len(verb) - 2 - width(title) - width(tail))
    style = "bold black on green" if "check" in board.verb else "bold black on yellow"
    verb = clip(verb, max(1, cells - 2))
    return line(span(f"{verb}", style), "  ", span(title, "bold"), gap, span(tail, "dim"))


def clock(seconds: float) -> str:
    """``03:12`` or ``1:03:12``."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    text = f"{minutes:02}:{whole % 60:02}"
    return f"{hours}:{text}" if hours else text


def _bar(board: Board, cells: int, *, fancy: bool) -> Line:
    said = (
        f" {percent(board.finished_jobs, board.jobs)}"
        f"  {board.finished_jobs:,} of {plural(board.jobs, 'job')}"
        f"  {board.hosts_done:,} of {plural(len(board.hosts), 'host')} done"
    )
    if not board.jobs:
        return line(clip(said.strip(), cells))
    room = max(0, min(60, cells - len(said)))
    full = min(room, room * board.finished_jobs // board.jobs)
    done, rest = ("━", "─") if fancy else ("#", "-")
    said = clip(said if room else said.strip(), cells)
    return line(Span(done * full, "green"), Span(rest * (room - full), "dim"), said)


def _hosts(board: Board, cells: int) -> Line:
    """Hosts by the worst that happened on them so far."""
    busy = len({job.host for job in board.working}) if len(board.working) < _MOST_BUSY else 0
    pieces = [(f"{busy:,} working", _BUSY)] if busy else []
    for status in LOOKS:
        if count := board.hosts_by_worst.get(status, 0):
            pieces.append((f"{count:,} {status.value}", LOOKS[status].style))
    silent = len(board.hosts) - sum(board.hosts_by_worst.values())
    if silent > 0:
        pieces.append((f"{silent:,} without result yet", "dim"))
    parts: list[str | Span] = ["hosts: "]
    used = len("hosts: ")
    joint = ""
    for text, style in pieces:
        if used + len(joint) + len(text) > cells:
            break
        parts += [joint, span(text, style)]
        used += len(joint) + len(text)
        joint = "; " if style == _BUSY else ", "
    return line(*parts)


def _troubles(board: Board, cells: int, rows: int) -> list[Line]:
    shown = list(board.troubles)[-rows:]
    follow = sum(board.counts.get(status, 0) for status in CONSEQUENCES)
    said = f"trouble ({board.trouble_count:,})"
    if board.trouble_count > len(shown):
        said = f"trouble (last {len(shown)} of {board.trouble_count:,})"
    if follow:
        said += f", {plural(follow, 'job')} held back by it"
    hosts = max(width(row.host) for row in shown)
    words = max(len(row.status.value) for row in shown)
    hosts = min(hosts, max(8, cells // 5))
    lines = [line(span(clip(said, cells), HEADING))]
    room = cells - hosts - words - 4
    titles = min(max(width(row.title) for row in shown), room // 4)
    for row in shown:
        message = row.message.removeprefix(f"{row.host}: ")
        lines.append(
            line(
                span(pad(row.status.value, words), LOOKS[row.status].style),
                f"  {pad(row.host, hosts)}  ",
                span(pad(row.title, titles), "dim"),
                clip(f"  {message}", room - titles),
            )
        )
    return lines


def _working(board: Board, cells: int, rows: int, now: float) -> list[Line]:
    count = len(board.working)
    said = f"working ({count:,}), longest first" if count > 1 else "working"
    lines = [line(span(clip(said, cells), HEADING))]
    shown = list(islice(board.working.items(), rows))
    tails = _tails([len(work.lines) for _, work in shown], rows)
    hosts = min(max(width(one_line(job.host)) for job, _ in shown), max(8, cells // 5))
    room = cells - hosts - _AGE - 4
    titles = [_title(board, job) for job, _ in shown]
    column = min(max(map(width, titles)), room // 2)
    for (job, work), title, tail in zip(shown, titles, tails, strict=True):
        heard = _heard(work, now) if not tail else _silence(work, now)
        lines.append(
            line(
                f"{pad(one_line(job.host), hosts)}  ",
                span(pad(_age(now - work.since), _AGE, right=True), "bold"),
                f"  {pad(title, column)}",
                span(clip(heard, room - column), "dim"),
            )
        )
        lines += [
            line(span(f"{' ' * hosts}  | ", "dim"), clip(text, cells - hosts - 4))
            for text in list(work.lines)[len(work.lines) - tail :]
        ]
    return lines


def _wanted(board: Board) -> int:
    """Rows for the jobs under way and what they print; more than a screen has is as good."""
    jobs = islice(board.working.values(), _MOST_ROWS)
    return len(board.working) + sum(len(work.lines) for work in jobs)


def _tails(printed: Sequence[int], rows: int) -> list[int]:
    """How many lines of its output each job may show: the rows left over go around."""
    tails = [0] * len(printed)
    left = rows - len(printed)
    while left > 0:
        open_ = [place for place, most in enumerate(printed) if tails[place] < most][:left]
        if not open_:
            break
        for place in open_:
            tails[place] += 1
        left -= len(open_)
    return tails


def _title(board: Board, job: JobId) -> str:
    task = board.tasks.get(job.step)
    return task.title if task else one_line(job.step)


def _age(seconds: float) -> str:
    """Whole seconds: tenths would flicker."""
    return f"{max(0, int(seconds))}s" if seconds < 60 else duration(seconds)


def _heard(work: Working, now: float) -> str:
    """The last thing heard of a job and, when that was a while ago, how long it is silent."""
    return f"{_silence(work, now) or '  '}{work.detail}" if work.detail else ""


def _silence(work: Working, now: float) -> str:
    silent = now - work.heard
    return f"  ({_age(silent)} ago) " if silent >= _SILENT else ""


def _tail(board: Board, cells: int, rows: int) -> list[Line]:
    shown = list(board.tail)[-rows:]
    hosts = min(max(width(one_line(host)) for host, _ in shown), max(8, cells // 4))
    lines = [line(span("output", HEADING))]
    for host, text in shown:
        said = clip(one_line(text), cells - hosts - 3)
        lines.append(line(f"{pad(one_line(host), hosts)} ", span("| ", "dim"), said))
    return lines
