"""Fusing: the changes of a line of jobs on one host as one script that stops at the first failure.

What goes into a script is what may: independent changes, named as such by their modules
(``Module.reach``), each decided by exit codes alone (``Module.straight``), in jobs about which
nothing is out of the ordinary and of which none can see what became of another. All their intents
are durable before the script leaves. Behind it one bundle of probes looks at all of them; then each
job has its own turn, in which its module goes over the answers and its change is compared and
settled as if it had been sent alone.

A script stops at the first command that fails. What stands behind that has surely not begun: those
intents are settled as ``cancelled``, and each of these jobs is done, or blocked, at its own turn.
When the answer is lost, none of it is sure: every job of the script is looked at.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.engine.fusing.commands import CommandLines
from runner.engine.fusing.rest import Rest
from runner.engine.fusing.script import (
    LONGEST_SECONDS,
    ScriptLedger,
    chain_of,
    deliver,
    look,
    seconds_for,
    straight_commands,
)
from runner.engine.fusing.writer import Sent
from runner.engine.hosts.link import Taking
from runner.engine.hosts.side_by_side import UNASKED
from runner.engine.runtime import Runtime
from runner.engine.tasks.ordinary import eligible
from runner.engine.tasks.work import Work
from runner.engine.visits.check import Foresee, irreversible
from runner.engine.visits.lines_ahead import Ahead, Foreseen
from runner.errors import HostError
from runner.events import Notice
from runner.interfaces.exchange import Command
from runner.interfaces.module import Effect
from runner.interfaces.shell import Chain
from runner.interfaces.touching import Reach
from runner.model.job import JobId, Status
from runner.model.state import Change


@dataclass(frozen=True, slots=True)
class _Member:
    """A job that goes into the script."""

    work: Work
    change: Change[Any]
    commands: tuple[Command, ...]
    reach: Reach
    foreseen: Foreseen | None = None
    passed: tuple[Foreseen, ...] = ()


class Fuse:
    """Sends scripts, and keeps what became of them until each job has its turn."""

    def __init__(
        self,
        runtime: Runtime,
        ahead: Ahead,
        ledger: ScriptLedger,
        approve: Foresee | None,
        rest: Rest,
    ) -> None:
        self._runtime = runtime
        self._ahead = ahead
        self._ledger = ledger
        self._approve = approve
        self._out: set[JobId] = set()
        self._commands = CommandLines(runtime, ahead, ledger, approve, self._out)
        self._rest = rest
        self._sent: dict[JobId, Sent] = {}
        self._passed: dict[JobId, str] = {}

    # -- what became of it ------------------------------------------------------------------

    def sent(self, job: JobId) -> Sent | None:
        """The job's part of a script, while its turn has not come."""
        return self._sent.get(job)

    def claim(self, job: JobId) -> Sent | None:
        """The same, and it is this one's business from now on."""
        self._out.discard(job)
        return self._sent.pop(job, None)

    def is_out(self, job: JobId) -> bool:
        """Whether it is in a script that is sent, and has had no turn."""
        return job in self._out

    def passed(self, job: JobId) -> str | None:
        """The condition by which it is not wanted, where a script has left it behind."""
        return self._passed.get(job)

    def waiting(self, host: str) -> list[Sent]:
        """All of a host."""
        return [sent for job, sent in list(self._sent.items()) if job.host == host]

    # -- sending ----------------------------------------------------------------------------

    def send(self, work: Work, change: Change[Any]) -> Sent | None:
        """Send the change with those of the jobs that follow; None when it is to be sent alone."""
        if work.module.effect is Effect.COMMAND:
            return self._begin(self._commands.send(work, change, self._sent))
        if work.task.register:
            return None
        first = self._member(work, change, None)
        if first is None:
            return None
        taking = work.link.taking(work.setting, LONGEST_SECONDS)
        found, chain, still = self._gather(first, taking)
        if chain is None:
            return None
        if taking is None:
            work.link.hold(work.setting, seconds_for(one.commands for one in found))
        intents = self._ledger.intend_all(
            [(one.work, one.change, irreversible(one.work, one.change)) for one in found]
        )
        parts = [
            Sent(
                one.commands,
                intent,
                work=one.work,
                change=one.change,
                foreseen=one.foreseen,
                passed=one.passed,
            )
            for one, intent in zip(found, intents, strict=True)
        ]
        self._out.update(part.work.job for part in parts)
        for one in found:
            self._ahead.changed(work.host, one.reach, work.job.host)
        self._show(parts, chain)
        try:
            begun = deliver(work.link, parts, chain, taking)
        except HostError:
            self._cancel(parts)
            raise
        self._cancel(parts[begun:])
        still += [part.work.job.step for part in parts]
        whole = begun == len(parts) and all(part.whole for part in parts)
        last = whole and self._rest.is_quiet(work.host, still)
        # What the script may have altered for those behind it is seen with what it did.
        behind = self._ahead.forgotten(parts[-1].work.job) if whole and not last else []
        look(work.link, [(one, one.work) for one in parts[:begun]], behind, last=last)
        return self._begin(parts[:begun])

    def _cancel(self, parts: Sequence[Sent]) -> None:
        """They were announced, and surely never sent."""
        for part in parts:
            self._out.discard(part.work.job)
            self._ledger.settle(part.intent, Status.CANCELLED, None, None)

    def _begin(self, parts: Sequence[Sent] | None) -> Sent | None:
        """Keep the parts of the jobs behind the first one until their turns."""
        if not parts:
            return None
        for part in parts[1:]:
            self._sent[part.work.job] = part
            self._passed.update((one.turn.job, one.condition) for one in part.passed)
        return parts[0]

    def _gather(
        self, first: _Member, taking: Taking | None
    ) -> tuple[list[_Member], Chain | None, list[str]]:
        """The jobs that go with the first one, in order, the script of them all, and the steps in
        between at which nothing is to be done."""
        found = [first]
        reaches = [first.reach]
        still: list[str] = []
        passed: list[Foreseen] = []
        for one in self._ahead.line(first.work.job):
            if one.skipped and one.sure:
                still.append(one.step.name)
                passed.append(one)
                continue
            if not one.sure or one.work is None or one.state is UNASKED:
                break
            if one.turn.job in self._sent:
                break  # it is under way
            member = self._foreseen(one, one.work)
            if member is None or any(member.reach.meets(other) for other in reaches):
                break
            reaches.append(member.reach)
            if member.commands:
                found.append(dataclasses.replace(member, passed=tuple(passed)))
                passed.clear()
            else:  # it is as it should be, and nothing behind it shows in it
                still.append(one.step.name)
        return *self._fitting(found, taking), still

    def _fitting(
        self, found: list[_Member], taking: Taking | None
    ) -> tuple[list[_Member], Chain | None]:
        """As many of the first ones as one script can hold. One alone is a script only where that
        takes the host."""
        chain: Chain | None = None
        least, most = 1 if taking is None else 0, len(found)
        size = most
        while least < most:
            longer = self._chain(found[:size], taking)
            if longer is None:
                most = size - 1
            else:
                least, chain = size, longer
            size = (least + most + 1) // 2
        return found[:least], chain

    def _foreseen(self, one: Foreseen, work: Work) -> _Member | None:
        try:
            after = work.module.plan(work.params, one.state, work.facts)
            change = Change(work.subject, one.state, after)
            if not change.differences():
                reach = work.module.reach(work.params, change, work.facts)
                return None if reach is None else _Member(work, change, (), reach, one)
            if self._approve is not None:
                self._approve(work, change)
        except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
            return None
        return self._member(work, change, one)

    def _member(self, work: Work, change: Change[Any], one: Foreseen | None) -> _Member | None:
        task, module, step = work.task, work.module, self._ahead.lines.step(work.job.step)
        if (
            step is None
            or not (module.straight and module.effect is Effect.STATE and eligible(work))
            or (task.changed_when, task.failed_when) != (None, None)
            or task.undo
            or work.keywords.no_log
            or step.shields
        ):
            return None
        reach = module.reach(work.params, change, work.facts)
        if reach is None:
            return None
        commands = straight_commands(work.link, module.apply(work.params, change, work.facts))
        return _Member(work, change, commands, reach, one) if commands else None

    def _chain(self, found: Sequence[_Member], taking: Taking | None) -> Chain | None:
        return chain_of(found[0].work.link, [one.commands for one in found], taking)

    def _show(self, parts: Sequence[Sent], chain: Chain) -> None:
        if not self._runtime.shows_output:
            return
        names = ", ".join(one.work.job.step for one in parts)
        text = self._runtime.redactor.text(f"one script for {names}: {chain.invocation.text}")
        self._runtime.publish(Notice(text, time.time(), parts[0].work.job.host))
