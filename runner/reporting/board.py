"""What the live view knows of a run. Every event costs the same, however big the fleet is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from runner.events import (
    Event,
    JobDetail,
    JobFinished,
    JobOutput,
    JobStarted,
    RunFinished,
    RunStarted,
    StepAdded,
    StepInfo,
)
from runner.model.job import JobId, Outcome, Status
from runner.reporting.describe import reason_of
from runner.reporting.statuses import counted_as, gravity, is_cause, is_handled
from runner.reporting.steps import Steps
from runner.reporting.text import clean, one_line

_MOST_TROUBLES: Final = 100
_MOST_TAIL: Final = 200
_LONGEST: Final = 500
MOST_LINES: Final = 5
"""Lines of output that are kept of a job under way."""


@dataclass(slots=True)
class TaskRow:
    """One task's counts, by the words they are shown under; ``changed_at`` orders tasks by when
    something last happened."""

    play: str
    title: str
    hosts: int
    bit: int
    running: int = 0
    finished: int = 0
    changed_at: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether no host is left for this task."""
        return self.finished >= self.hosts and not self.running


@dataclass(slots=True)
class HostRow:
    """What became of one host so far: ``finished`` has a bit for each task that it is done with."""

    worst: Status | None = None
    finished: int = 0
    is_done: bool = False


@dataclass(slots=True)
class Working:
    """A job under way: since when, the last thing heard of it, the last lines that it printed."""

    since: float
    detail: str = ""
    heard: float = 0.0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))


class TroubleRow(NamedTuple):
    """One line of the list of hosts in trouble."""

    status: Status
    host: str
    title: str
    message: str


class Board:
    """The state of a run, kept up to date by ``take``. Not thread-safe: the view locks."""

    def __init__(self, *, tail: bool = False) -> None:
        self.run = ""
        self.verb = ""
        self.title = ""
        self.started = 0.0
        self.tasks: dict[str, TaskRow] = {}
        self.hosts: dict[str, HostRow] = {}
        self.jobs = 0
        self.finished_jobs = 0
        self.hosts_done = 0
        self.counts: dict[str, int] = {}
        self.hosts_by_worst: dict[Status, int] = {}
        self.working: dict[JobId, Working] = {}
        self.troubles: deque[TroubleRow] = deque(maxlen=_MOST_TROUBLES)
        self.trouble_count = 0
        self.tail: deque[tuple[str, str]] = deque(maxlen=_MOST_TAIL)
        self._steps = Steps()
        self._keeps_tail = tail
        self._complete = 0
        self._everything = 0
        self._order = 0

    def take(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case RunStarted():
                self._start(event)
            case StepAdded():
                self._step_added(event.step)
            case JobStarted():
                self._job_started(event)
            case JobOutput():
                self._job_output(event)
            case JobDetail():
                self._job_detail(event)
            case JobFinished():
                self._job_finished(event)
            case RunFinished():
                self.working.clear()

    def _start(self, event: RunStarted) -> None:
        self.run, self.verb, self.title = event.run, event.verb, event.title
        self.started = event.time
        self.hosts = {host: HostRow() for host in event.hosts}
        self._steps = Steps(event.steps)
        for step in event.steps:
            self._add_task(step)
        self._settle_complete()

    def _add_task(self, step: StepInfo) -> TaskRow:
        bit = 1 << len(self.tasks)
        row = TaskRow(one_line(step.play), one_line(step.name or step.step), step.hosts, bit)
        self.tasks[step.step] = row
        self.jobs += step.hosts
        self._everything |= bit
        return row

    def _step_added(self, step: StepInfo) -> None:
        """A task that an include brought in, or that one more host has met there."""
        row = self.tasks.get(step.step)
        if row is None:
            self._insert_task(step)
            return
        row.play, row.title = one_line(step.play), one_line(step.name or step.step)
        more = max(0, step.hosts - row.hosts)
        row.hosts += more
        self.jobs += more
        if not row.is_complete:
            self._complete &= ~row.bit

    def _task(self, job: JobId) -> TaskRow:
        row = self.tasks.get(job.step)
        return row or self._insert_task(StepInfo(job.step, "", job.step, "", 0))

    def _insert_task(self, step: StepInfo) -> TaskRow:
        """A row that was not there from the beginning, at its place."""
        self._steps.add(step)
        row = self._add_task(step)
        self.tasks = {name: self.tasks[name] for name in self._steps.names}
        return row

    def _job_started(self, event: JobStarted) -> None:
        if event.job in self.working:
            return
        row = self._task(event.job)
        row.running += 1
        self._touch(row)
        if row.finished + row.running > row.hosts:
            self._one_more_host(row)
        host = self.hosts.get(event.job.host)
        if host is not None and host.is_done and not host.finished & row.bit:
            host.is_done = False  # an include has brought more
            self.hosts_done -= 1
        self.working[event.job] = Working(event.time)

    def _job_detail(self, event: JobDetail) -> None:
        texts = [text for text in clean(event.text[:_LONGEST]).splitlines() if text.strip()]
        working = self.working.get(event.job)
        if working and texts:
            working.detail, working.heard = texts[-1].strip(), event.time
        if self._keeps_tail:
            self.tail.extend((event.job.host, text) for text in texts)

    def _job_output(self, event: JobOutput) -> None:
        working = self.working.get(event.job)
        if working is None:
            return
        texts = [text for text in event.text.split("\n")[-MOST_LINES:] if text.strip()]
        if texts:
            working.lines.extend(one_line(text[:_LONGEST]) for text in texts)
            working.detail, working.heard = working.lines[-1].strip(), event.time

    def _job_finished(self, event: JobFinished) -> None:
        row = self._task(event.job)
        host = self.hosts.setdefault(event.job.host, HostRow())
        if self.working.pop(event.job, None):
            row.running -= 1
        if host.finished & row.bit:
            return
        counted = counted_as(event.outcome)
        host.finished |= row.bit
        row.finished += 1
        if row.finished + row.running > row.hosts:
            self._one_more_host(row)
        row.counts[counted] = row.counts.get(counted, 0) + 1
        self._touch(row)
        self.counts[counted] = self.counts.get(counted, 0) + 1
        self.finished_jobs += 1
        self._judge(host, event.outcome)
        if is_cause(event.outcome):
            self._add_trouble(event, row)
        if row.is_complete and not self._complete & row.bit:
            self._settle_complete()
        else:
            self._settle(host)

    def _one_more_host(self, row: TaskRow) -> None:
        """The task was not announced for this host: an include brought it there, too."""
        row.hosts += 1
        self.jobs += 1
        self._complete &= ~row.bit

    def _add_trouble(self, event: JobFinished, row: TaskRow) -> None:
        self.trouble_count += 1
        message = reason_of(event.outcome)[:_LONGEST]
        host = one_line(event.job.host)
        self.troubles.append(TroubleRow(event.outcome.status, host, row.title, message))

    def _judge(self, host: HostRow, outcome: Outcome) -> None:
        """Keep the host's worst status; a failure that the playbook handles counts as ok."""
        status = Status.OK if is_handled(outcome) else outcome.status
        if host.worst is not None and gravity(host.worst) <= gravity(status):
            return
        if host.worst is not None:
            self.hosts_by_worst[host.worst] -= 1
        host.worst = status
        self.hosts_by_worst[status] = self.hosts_by_worst.get(status, 0) + 1

    def _settle_complete(self) -> None:
        """A task has just ended on its last host: hosts without it need not wait for it.

        Events say how many hosts a task has, not which; a host is surely done when every task
        has ended either on it or everywhere. Looks at all hosts, but only once per task.
        """
        for row in self.tasks.values():
            if row.is_complete:
                self._complete |= row.bit
        for host in self.hosts.values():
            if not host.is_done:
                self._settle(host)

    def _settle(self, host: HostRow) -> None:
        if not host.is_done and (host.finished | self._complete) == self._everything:
            host.is_done = True
            self.hosts_done += 1

    def _touch(self, row: TaskRow) -> None:
        self._order += 1
        row.changed_at = self._order
