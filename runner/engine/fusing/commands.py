"""Fusing commands: what users wrote in tasks that follow one another, as one script on a host.

A command may do anything, so nothing is looked at in between, and only what needs no look goes
with others: a task whose work cannot be known to be done (no ``creates``, ``removes``, ``check``),
whose module sends one command and takes its exit code for the end of it (``Module.straight``). The
script stops at the first exit code that is not 0. All intents are durable before it leaves.

What registers a result may be followed by what does not ask for it: the next tasks are evaluated
with a variable in its place that nobody can read. Where the end of a task decides more than its
exit code does (``failed_when``, a ``changed_when`` that is more than yes or no), nothing follows.

The script has one deadline, the sum of its commands'. Whoever waits for it counts the time of each
command too, from mark to mark, so a command that hangs is found as soon as if it were alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from runner.engine.fusing.deliver import Refused, deliver_series
from runner.engine.fusing.script import ScriptLedger, commands_of
from runner.engine.fusing.writer import Sent
from runner.engine.graph.graph import Step
from runner.engine.hosts.link import Taking
from runner.engine.hosts.session import DEFAULT_TIMEOUT
from runner.engine.runtime import Runtime
from runner.engine.tasks.ordinary import is_ordinary, ordinary
from runner.engine.tasks.work import Work
from runner.engine.variables.layers import Live, LiveDict
from runner.engine.visits.check import Foresee, irreversible
from runner.engine.visits.lines_ahead import Ahead, Foreseen
from runner.errors import DependsOnUnknown, HostError
from runner.interfaces.exchange import Command, Exec
from runner.interfaces.module import CommandState, Effect
from runner.interfaces.shell import Series
from runner.model.job import JobId, Status
from runner.model.state import Change
from runner.model.task import Task

MOST: Final = 20
"""Commands of a script: its deadline is the sum of theirs, and no lease should last for hours."""
_LENGTHY: Final = 10.0
"""Seconds of a command that is not to go with others."""
_MOST_VAIN: Final = 3
"""How often a step is looked at ahead in vain before it is left to its own turn."""
_OFTEN: Final = 100
"""How often more, once it went with others."""
_CONSTANT: Final = frozenset({"true", "false"})
_EVERY: Final = ("hostvars", "vars")
"""Variables through which every other one can be read."""


@dataclass(frozen=True, slots=True)
class _Member:
    work: Work
    change: Change[Any]
    command: Command
    foreseen: Foreseen | None = None
    passed: tuple[Foreseen, ...] = ()


class CommandLines:
    """Sends scripts of commands. Thread-safe; a host is used by its worker."""

    def __init__(
        self,
        runtime: Runtime,
        ahead: Ahead,
        ledger: ScriptLedger,
        approve: Foresee | None,
        out: set[JobId],
    ) -> None:
        """``out`` are the jobs of scripts that are sent."""
        self._out = out
        self._runtime = runtime
        self._ahead = ahead
        self._ledger = ledger
        self._approve = approve
        self._behind: dict[tuple[str, int], tuple[Step, ...]] = {}
        """What may follow a step by what is written, by the line behind it."""
        self._vain: dict[str, int] = {}
        """How often each step was looked at in vain, while it never went with others."""
        self._stoppers: set[str] = set()
        """Steps at which a script has stopped on some host: where that is no failure, too, they
        are the last of a script."""
        self._lengthy: set[str] = set()
        """Steps that took long on some host: they are sent alone, so that what comes before them is
        told at once, and that at Ctrl-C nothing behind them is to be waited for."""
        self._refused: set[str] = set()
        """Hosts on which no script runs."""

    def send(
        self, work: Work, change: Change[Any], busy: Container[object]
    ) -> tuple[Sent, ...] | None:
        """Send the command with those of the jobs that follow: all jobs that have, or may have,
        begun. None when it is to be sent alone. ``busy`` are jobs that are under way."""
        if self._runtime.shows_output or work.host in self._refused:
            return None  # output is shown while it comes, job by job
        step = self._ahead.lines.step(work.job.step)
        if step is None or step.name in self._lengthy:
            return None
        if not self._following(step, work.job.host):
            return None
        first = self._member(work, change.before, None)
        if first is None:
            return None
        found = self._gather(first, step, busy)
        series = work.link.shell_of(Exec("")).series([one.command for one in found])
        if len(found) < 2 or series is None:
            return None
        return self._deliver(found[: series.count], series)

    def _deliver(self, found: Sequence[_Member], series: Series) -> tuple[Sent, ...] | None:
        work = found[0].work
        link, own = work.link, work.job.host
        seconds = DEFAULT_TIMEOUT * len(found)
        headed, taking = self._headed(found, series, seconds)
        intents = self._ledger.intend_all(
            [(one.work, one.change, irreversible(one.work, one.change)) for one in found]
        )
        parts = tuple(
            Sent(
                (one.command,),
                intent,
                work=one.work,
                change=one.change,
                foreseen=one.foreseen,
                passed=one.passed,
            )
            for one, intent in zip(found, intents, strict=True)
        )
        self._out.update(part.work.job for part in parts)
        self._ahead.changed(work.host, None, own)
        begun = 0
        try:
            try:
                begun = deliver_series(link, parts, headed, seconds, taking)
            except Refused:
                link.hold(work.setting, seconds)
                begun = deliver_series(link, parts, series, seconds)
        except HostError:
            self._cancel(parts)
            raise
        self._ahead.changed(work.host, None, own)
        self._cancel(parts[begun:])
        if not begun:
            self._refused.add(work.host)
            return None
        self._lengthy.update(
            part.work.job.step
            for part in parts
            if any(output.seconds > _LENGTHY for output in part.outputs)
        )
        stopped = parts[begun - 1].work
        if begun < len(parts) and stopped.keywords.ignore_errors:
            self._stoppers.add(stopped.job.step)
        return parts[:begun]

    def _headed(
        self, found: Sequence[_Member], series: Series, seconds: float
    ) -> tuple[Series, Taking | None]:
        """The series with what takes the host at its head; itself, where it is had. Raises
        LeaseHeld."""
        link, setting = found[0].work.link, found[0].work.setting
        taking = link.taking(setting, seconds)
        if taking is not None:
            commands = [taking.command, *(one.command for one in found)]
            headed = link.shell_of(Exec("")).series(commands)
            if headed is not None and headed.count == len(commands):
                return headed, taking
        link.hold(setting, seconds)
        return series, None

    def _cancel(self, parts: Sequence[Sent]) -> None:
        """They were announced, and surely never sent."""
        for part in parts:
            self._out.discard(part.work.job)
            self._ledger.settle(part.intent, Status.CANCELLED, None, None)

    # -- what may follow --------------------------------------------------------------------

    def _following(self, step: Step, host: str) -> tuple[Step, ...]:
        """What may go with a step on a host, by what is written; found out once."""
        line = self._ahead.lines.after(step, host)
        key = step.name, id(line)  # lines keeps it
        found = self._behind.get(key)
        if found is None:
            found = self._behind[key] = self._written(step, line)
        return found

    def _written(self, step: Step, line: tuple[Step, ...]) -> tuple[Step, ...]:
        found: list[Step] = []
        last = step
        for later in line:
            if not (self._may_go(last) and _lets_follow(last) and self._may_go(later)):
                break
            found.append(later)
            last = later
        return tuple(found)

    def _may_go(self, step: Step) -> bool:
        task = step.task
        if task is None or step.shields or task.undo or task.no_log is not False:
            return False
        if not ordinary(task):
            return False
        module = self._runtime.modules(task.module)
        return module.effect is Effect.COMMAND and module.straight

    def _gather(self, first: _Member, step: Step, busy: Container[object]) -> list[_Member]:
        """The jobs that go with the first one, in order."""
        found = [first]
        passed: list[Foreseen] = []
        unknown: dict[str, Any] = {}
        _forget(unknown, first.work.task)
        shell = first.work.link.shell_of(Exec(""))
        for later in self._following(step, first.work.job.host):
            last = found[-1]
            if len(found) == MOST or self._vain.get(later.name, 0) >= _MOST_VAIN:
                break
            if later.name in self._lengthy:
                break
            if shell.parts(last.command) or last.work.job.step in self._stoppers:
                break
            one = self._ahead.foresee(later, first.work, LiveDict(unknown) if unknown else None)
            if one.turn.job in busy:
                break
            if one.skipped:
                passed.append(one)
            else:
                member = self._foreseen(one, one.work)
                if member is None:
                    self._vain.setdefault(later.name, 0)
                    self._vain[later.name] += 1
                    break
                self._vain[later.name] = -_OFTEN
                found.append(dataclasses.replace(member, passed=tuple(passed)))
                passed.clear()
            _forget(unknown, one.turn.task)
        return found

    def _foreseen(self, one: Foreseen, work: Work | None) -> _Member | None:
        if work is None:
            return None
        try:
            member = self._member(work, _unasked(work), one)
            if member is not None and self._approve is not None:
                self._approve(work, member.change)
        except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
            return None
        return member

    def _member(self, work: Work, before: Any, one: Foreseen | None) -> _Member | None:
        """The job as a part of a script; None when it is to be sent alone."""
        if not isinstance(before, CommandState) or before.done is not None:
            return None
        if not is_ordinary(work) or work.keywords.no_log:
            return None
        change = Change(work.subject, before, CommandState(done=True, because=before.because))
        commands = commands_of(work.module.apply(work.params, change, work.facts))
        if commands is None or len(commands) != 1:
            return None
        if not work.link.shell_of(Exec("")).joins(commands[0]):
            return None
        return _Member(work, change, commands[0], one)


def _unasked(work: Work) -> Any:
    """The state that the probe finds without asking anything; None when it asks."""
    probe = work.module.probe(work.params, work.facts)
    try:
        next(probe)
    except StopIteration as stop:
        return stop.value
    probe.close()
    return None


def _lets_follow(step: Step) -> bool:
    """Whether the exit code alone decides whether what comes next on the host may begin."""
    task = step.task
    if task is None or task.failed_when is not None:
        return False
    return all(text.strip().lower() in _CONSTANT for text in task.changed_when or ())


def _forget(unknown: dict[str, Any], task: Task) -> None:
    """Let nobody read what the task will register."""
    if task.register:
        for name in (task.register, *_EVERY):
            unknown[name] = Live(_refuse)


def _refuse() -> NoReturn:
    raise DependsOnUnknown("a task before it in the script")
