"""Looking ahead: the probes of the jobs that follow are asked together with the first one's.

What is evaluated ahead is only foreseen. When a job's turn comes, everything about it is evaluated
anew, and the state that was found ahead is used only where it was asked for the very same thing,
and nothing has been done on the host since that could show in it. So a host that is as it should
be costs one exchange for a line of jobs, and nobody can tell but by counting.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from runner.engine.graph.graph import Step
from runner.engine.graph.lines import LONGEST, Lines
from runner.engine.hosts.session import Reader
from runner.engine.hosts.side_by_side import UNASKED, Companion, SideBySide
from runner.engine.runtime import Runtime
from runner.engine.tasks.budget import Budgets
from runner.engine.tasks.endings import Endings
from runner.engine.tasks.ordinary import constant, eligible, is_ordinary, opaque, ordinary
from runner.engine.tasks.work import Turn, Work
from runner.engine.variables.keywords import Keywords, keywords_of
from runner.interfaces.foresight import foreseeing
from runner.interfaces.module import Effect
from runner.interfaces.touching import Reach
from runner.model.job import JobId
from runner.model.state import Change

FRESH_SECONDS: Final = 60.0
"""How old a state may be that was found ahead: what happens on a host otherwise must show."""
_MOST_RIDDLES: Final = 4
"""Jobs of which nothing can be foreseen before it is not worth while to look further."""


@dataclass(slots=True)
class Foreseen:
    """A job whose turn has not come. ``work`` is None where there is nothing to ask.

    ``skipped``: its ``condition`` does not hold. ``sure``: no job before it in the line can make
    its evaluation come out otherwise. ``state`` is what was found on the host.
    """

    step: Step
    turn: Turn
    keywords: Keywords = field(default_factory=Keywords)
    notify: tuple[str, ...] = ()
    work: Work | None = None
    skipped: bool = False
    condition: str = ""
    sure: bool = False
    state: Any = UNASKED


class Evaluate(Protocol):
    """What looking ahead asks of the visit."""

    def __call__(
        self, turn: Turn, keywords: Keywords, variables: Mapping[str, Any],
        loop: Mapping[str, Any], label: str,
    ) -> Work: ...  # fmt: skip


@dataclass(slots=True)
class _Host:
    """What is foreseen on one host. Used by the host's worker; others only count ``changes``."""

    current: Step | None = None
    line: list[Foreseen] = field(default_factory=list)
    changes: int = 0
    seen_at: int = 0
    """How many changes there were when the line's states were found."""
    when: float = 0.0
    window: int = LONGEST
    alone: bool = False
    """Together did not work here: each probe is asked alone."""


class Ahead:
    """Keeps what was found ahead, and says when it is good for nothing any more."""

    def __init__(
        self,
        runtime: Runtime,
        lines: Lines,
        budgets: Budgets,
        endings: Endings,
        prepare: Evaluate,
        notifications: Callable[[Turn, Mapping[str, Any]], tuple[str, ...]],
        *,
        fresh: float = FRESH_SECONDS,
    ) -> None:
        self.lines = lines
        self._runtime = runtime
        self._budgets = budgets
        self._endings = endings
        self._prepare = prepare
        self._notifications = notifications
        self._fresh = fresh
        self._hosts: dict[str, _Host] = {}
        self._constant: dict[str, bool] = {}
        """By step: whether it is rendered to the same always."""
        self._lock = threading.Lock()

    # -- what the visit tells ---------------------------------------------------------------

    def begin(self, step: Step, host: str) -> None:
        """A job's turn begins. What comes in between, a line did not foresee."""
        here = self._of(host)
        here.current = step
        if here.line and all(one.step is not step for one in here.line):
            self._forget(here)

    def changed(self, host: str, reach: Reach | None, own: str) -> None:
        """Something is about to change there, for the job of the host ``own``; what it can have
        to do with is ``reach``. What may look otherwise then is forgotten."""
        here = self._of(host)
        with self._lock:
            current = here.changes == here.seen_at
            here.changes += 1
            if host != own or not current:
                return  # another host's worker, or too late: the line is found to be out of date
            here.seen_at = here.changes
        lost = 0
        for one in here.line:
            if one.state is not UNASKED and not _stays(one, reach):
                one.state = UNASKED
                lost += 1
        if lost:
            here.window = max(1, here.window // 2)

    def done(self, host: str) -> None:
        """No job of this host is left."""
        self._hosts.pop(host, None)

    # -- what the visit asks ----------------------------------------------------------------

    def before(self, work: Work, reader: Reader) -> Any:
        """The state that the work finds: as it was seen ahead, or as it is now."""
        host = work.job.host
        here = self._of(host)
        step = here.current
        alone = work.module.probe(work.params, work.facts)
        if step is None or step.name != work.job.step or not eligible(work):
            return reader.drive(alone)
        kept = self._kept(here, step, work)
        if kept is not UNASKED:
            alone.close()
            return kept
        if here.alone:
            return reader.drive(alone)
        following = self._look(here, step, work)
        self._forget(here)
        changes = here.changes
        companions = {id(one): Companion(one.work) for one in following if one.work is not None}
        if not companions:
            return reader.drive(alone)
        together = SideBySide(work.link, list(companions.values()))
        state = together.drive(alone)
        together.finish()
        here.alone = together.failed
        for one in following:
            if id(one) in companions:
                one.state = companions[id(one)].state
        here.line, here.seen_at, here.when = following, changes, time.monotonic()
        return state

    def prepared(self, turn: Turn, keywords: Keywords, variables: Mapping[str, Any]) -> Work | None:
        """What the job was foreseen to be, if it would be rendered to the same again."""
        line = self._of(turn.job.host).line
        one = next((one for one in line if one.step is turn.step), None)
        if one is None or one.work is None or not one.sure or one.keywords != keywords:
            return None
        if turn.given or not self._is_constant(turn.step, one.work):
            return None
        return dataclasses.replace(one.work, keywords=keywords, variables=variables)

    def _is_constant(self, step: Step, work: Work) -> bool:
        found = self._constant.get(step.name)
        if found is None:
            found = constant(work, self._runtime.templates)
            self._constant[step.name] = found
        return found

    def line(self, job: JobId) -> list[Foreseen]:
        """What is foreseen behind this job, and holds still."""
        here = self._of(job.host)
        if not self._holds(here):
            return []
        names = [one.step.name for one in here.line]
        start = names.index(job.step) + 1 if job.step in names else 0
        return here.line[start:]

    def forgotten(self, job: JobId) -> list[Foreseen]:
        """What is foreseen behind this job, but for what it finds on the host."""
        return [one for one in self.line(job) if one.work is not None and one.state is UNASKED]

    # -- keeping ----------------------------------------------------------------------------

    def _of(self, host: str) -> _Host:
        found = self._hosts.get(host)
        return self._hosts.setdefault(host, _Host()) if found is None else found

    def _holds(self, here: _Host) -> bool:
        return here.changes == here.seen_at and time.monotonic() - here.when <= self._fresh

    def _forget(self, here: _Host) -> None:
        here.line = []

    def _kept(self, here: _Host, step: Step, work: Work) -> Any:
        one = next((one for one in here.line if one.step is step), None)
        if one is None or one.work is None or one.state is UNASKED:
            return UNASKED
        if not self._holds(here) or not _same(one.work, work):
            return UNASKED
        state, one.state = one.state, UNASKED
        here.window = min(LONGEST, here.window + 2)
        return state

    # -- foreseeing -------------------------------------------------------------------------

    def _look(self, here: _Host, step: Step, work: Work) -> list[Foreseen]:
        """The jobs that follow, as far as they can be told now."""
        sure = not opaque(work.task, work)
        riddles = 0
        found: list[Foreseen] = []
        for later in self.lines.after(step, work.job.host)[: here.window]:
            assert later.task is not None
            module = self._runtime.modules(later.task.module) if ordinary(later.task) else None
            if module is None or not module.ahead:
                break
            one = self.foresee(later, work)
            riddles += one.work is None and not one.skipped and module.effect is not Effect.LOCAL
            if riddles == _MOST_RIDDLES:
                break
            one.sure = sure
            found.append(one)
            sure = sure and not opaque(later.task, one.work, skipped=one.skipped)
        return found

    def foresee(
        self, step: Step, first: Work, unknown: Mapping[str, Any] | None = None
    ) -> Foreseen:
        """What the job of this step is, as far as it can be told now. Raises nothing.

        ``unknown`` are the variables that nobody knows yet: who asks for one finds an error.
        """
        task = step.task
        assert task is not None
        host, play = first.job.host, self._runtime.plays[step.play]
        turn = Turn(step, JobId(step.name, host), task, play, {}, self._budgets.places(task))
        one = Foreseen(step, turn)
        if not self._endings.why(step, host, play, task):
            # What is wrong with it shows when its turn comes.
            with foreseeing(), suppress(Exception):
                self._evaluate(one, first, unknown or {})
        return one

    def _evaluate(self, one: Foreseen, first: Work, unknown: Mapping[str, Any]) -> None:
        runtime, task, turn = self._runtime, one.turn.task, one.turn
        module = runtime.modules(task.module)
        if module.effect is Effect.LOCAL or (module.needs_facts and first.link.facts is None):
            return
        variables = runtime.variables.of_task(turn.job.host, turn.play, task, unknown, turn.given)
        for condition in task.conditions:
            if not runtime.templates.condition(condition, variables, task.source):
                one.skipped, one.condition = True, condition
                return
        one.keywords = keywords_of(task, runtime.templates, variables)
        one.notify = self._notifications(turn, variables)
        work = self._prepare(turn, one.keywords, variables, {}, "")
        if work.link is first.link and is_ordinary(work):
            one.work = work


def _same(foreseen: Work, now: Work) -> bool:
    """Whether the state that was asked for is the one that is wanted."""
    return (
        foreseen.module is now.module
        and foreseen.link is now.link
        and foreseen.params == now.params
        and foreseen.facts == now.facts
    )


def _stays(one: Foreseen, reach: Reach | None) -> bool:
    """Whether what was found is so still behind a change with this reach."""
    if reach is None or one.work is None:
        return False
    same: Change[Any] = Change(one.work.subject, one.state, one.state)
    own = one.work.module.reach(one.work.params, same, one.work.facts)
    return own is not None and not own.sees(reach)
