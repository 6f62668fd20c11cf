"""The rollback's visit with what may travel together; ``changes`` is the way there.

The jobs of a line (``lines``) are looked at in one bundle. Where they are to be undone by changes
that are independent and straight, those go out as one script, with all intents durable before, and
one bundle looks at what it did. Each job is judged and settled at its own turn. What a loop changed
is taken back element by element, as it was made.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

from runner.engine.fusing.rest import Rest
from runner.engine.fusing.rollback_line import HostLine, Member, Seen, spare
from runner.engine.fusing.script import (
    LONGEST_SECONDS,
    chain_of,
    deliver,
    look,
    seconds_for,
    straight_commands,
)
from runner.engine.fusing.writer import Part, Replay
from runner.engine.graph.graph import Step
from runner.engine.graph.lines import Lines
from runner.engine.hosts.link import Taking
from runner.engine.hosts.session import Reader, Writer
from runner.engine.hosts.side_by_side import UNASKED, Companion, SideBySide
from runner.engine.runtime import Runtime
from runner.engine.undoing.decoded import decoded
from runner.engine.undoing.tasks import RollbackLedger
from runner.engine.undoing.undo import Undo
from runner.engine.visits.rollback import RollbackVisit
from runner.errors import HostError
from runner.events import JobStarted, Notice
from runner.interfaces.shell import Chain
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.state import Change

FRESH_SECONDS: Final = 60.0
"""How old what was seen ahead may be."""


class FusingLedger(RollbackLedger, Protocol):
    """What this visit needs of the journal."""

    def intend_all(self, undos: Sequence[tuple[ChangeRecord, Any, Any]]) -> list[int]:
        """Make the intents of several undos durable at once."""


class FusedRollback(RollbackVisit):
    """Takes changes back, several at a time where they may be."""

    def __init__(self, visit: RollbackVisit, lines: Lines) -> None:
        super().__init__(
            **{f.name: getattr(visit, f.name) for f in dataclasses.fields(RollbackVisit)}
        )
        self._lines = lines
        self._rest = Rest(lines, self.runtime.modules)
        self._hosts: dict[str, HostLine] = {}
        records = [record for found in self.changes.values() for record in found]
        self._strangers = any(record.where != record.job.host for record in records)
        """Whether jobs of one host work on another: then nobody knows what was done meanwhile."""

    # -- the walk's side --------------------------------------------------------------------

    def visit(self, step: Step, host: str) -> Outcome:
        """Undo what this step did on this host."""
        here = self._hosts.setdefault(host, HostLine())
        here.step = step
        self._rest.over(step, host)
        if JobId(step.name, host) not in here.line:
            here.forget()
        return super().visit(step, host)

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """What this one rests on could not be undone; if it is under way, that is told."""
        found = self._ended(JobId(step.name, host), f"it was sent in one script with '{by}'")
        return super().blocked(step, host, by) if found is None else found

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The rollback was interrupted; what is done is told."""
        found = self._ended(JobId(step.name, host), "it was under way when that was interrupted")
        if found is not None:
            return found
        out = self._hosts.get(host, HostLine()).out
        return super().cancelled(step, host, in_flight or JobId(step.name, host) in out)

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
        self._hosts.pop(host, None)
        self._rest.done(host)
        super().host_done(host)

    def _ended(self, job: JobId, why: str) -> Outcome | None:
        """The end of a job that is under way and gets no turn. Asks the host nothing."""
        here = self._hosts.get(job.host)
        seen = here.line.get(job) if here is not None else None
        if here is None or seen is None or seen.part is None:
            return None
        self.runtime.publish(JobStarted(job, time.time()))
        if seen.part.lost is None and seen.part.found is UNASKED:
            # Nobody looked: its intent stays open, and the next rollback looks.
            outcome = Outcome(Status.IN_DOUBT, "nobody saw its end", "run the rollback again")
        else:
            outcome = self._guarded(lambda: self._undo(seen.undo))
        del here.line[job]
        return self._tell(job, dataclasses.replace(outcome, warnings=(*outcome.warnings, why)))

    # -- looking ----------------------------------------------------------------------------

    def _found(self, undo: Undo) -> Any:
        if len(self.changes.get(undo.job, ())) > 1:
            return super()._found(undo)  # a loop: each of its elements has a subject of its own
        here = self._hosts.get(undo.job.host, HostLine())
        seen = here.line.get(undo.job)
        holds = seen is not None and (seen.part is not None or self._is_fresh(here))
        if seen is not None and holds and seen.found is not UNASKED:
            return seen.found
        if here.step is None or here.step.name != undo.job.step:
            return super()._found(undo)
        here.forget()
        if self._strangers or not self._is_ordinary(undo.record) or undo.setting:
            return super()._found(undo)
        following = [] if here.alone else self._following(here, here.step, undo)
        companions = [Companion(one.undo) for one in following]
        together = SideBySide(undo.link, companions)
        state = together.drive(undo.module.probe(undo.params, undo.facts))
        together.finish()
        here.alone, here.when = together.failed, time.monotonic()
        for one, companion in zip(following, companions, strict=True):
            one.found = companion.state
        here.line[undo.job] = Seen(undo, state)
        here.line |= {one.undo.job: one for one in following}
        return state

    def _is_fresh(self, here: HostLine) -> bool:
        return time.monotonic() - here.when <= FRESH_SECONDS

    def _following(self, here: HostLine, step: Step, first: Undo) -> list[Seen]:
        """The jobs behind this one that can be looked at with it."""
        found: list[Seen] = []
        for later in self._lines.after(step, first.job.host):
            job = JobId(later.name, first.job.host)
            records = self.changes.get(job, ())
            if len(records) != 1 or job in here.line or not self._is_ordinary(records[0]):
                break
            if self.runtime.modules(records[0].module).needs_facts and first.link.facts is None:
                break
            try:
                undo = decoded(self.runtime, job, records[0])
            except Exception:  # noqa: BLE001 - what is wrong with it shows when its turn comes
                break
            if undo.setting or undo.link is not first.link:
                break
            found.append(Seen(undo, UNASKED))
        return found

    def _is_ordinary(self, record: ChangeRecord) -> bool:
        return (
            self.runtime.modules(record.module).ahead
            and record.status != "undone"
            and record.can_be_undone
            and not record.undo
            and not (record.facts or {}).get("sealed")
        )

    # -- undoing ----------------------------------------------------------------------------

    def _begin(
        self, undo: Undo, change: Change[Any], ledger: RollbackLedger, again: ChangeRecord
    ) -> tuple[int, Writer]:
        here = self._hosts.get(undo.job.host, HostLine())
        here.begun = undo.job
        seen = here.line.get(undo.job)
        if seen is not None and seen.part is None:
            self._send(here, seen, change, cast(FusingLedger, ledger))
        if seen is not None and seen.part is not None:
            return seen.part.intent, Replay(undo.link, seen.part)
        reach = undo.module.reach(undo.params, change, undo.facts) if undo.module.straight else None
        spare(here, undo.job, reach)
        return super()._begin(undo, change, ledger, again)

    def _left(self, undo: Undo) -> Any:
        here = self._hosts.get(undo.job.host)
        seen = here.line.get(undo.job) if here is not None else None
        if seen is not None and seen.part is not None and seen.part.found is not UNASKED:
            return seen.part.found
        reader = Reader(undo.link, setting=undo.setting)
        one = here is not None and here.begun == undo.job and len(self.changes[undo.job]) == 1
        reader.last = one and not undo.setting and self._rest.is_quiet(undo.job.host, ())
        return reader.drive(undo.module.probe(undo.params, undo.facts))

    def _send(self, here: HostLine, first: Seen, change: Change[Any], ledger: FusingLedger) -> None:
        """Send this undoing with those of the jobs that follow, if that may be."""
        member = self._member(first, change)
        if member is None or not self._is_fresh(here):
            return
        link = first.undo.link
        taking = link.taking(first.undo.setting, LONGEST_SECONDS)
        found, still, chain = self._gather(here, member, taking)
        if chain is None:
            return
        if taking is None:
            link.hold(first.undo.setting, seconds_for(one.commands for one in found))
        intents = ledger.intend_all(
            [(one.again, one.change.after, one.change.before) for one in found]
        )
        parts = [Part(one.commands, i) for one, i in zip(found, intents, strict=True)]
        self._show(self.runtime, found, chain)
        here.out = frozenset(one.seen.undo.job for one in found)
        for one in found:
            spare(here, one.seen.undo.job, one.reach)
        try:
            begun = deliver(link, parts, chain, taking)
        except HostError:
            here.out = frozenset()
            _cancel(found, parts, ledger)
            raise
        here.out = frozenset(one.seen.undo.job for one in found[:begun])
        _cancel(found[begun:], parts[begun:], ledger)
        still += [one.seen.undo.job.step for one in found]
        last = begun == len(parts) and self._rest.is_quiet(first.undo.job.host, still)
        done = [(part, one.seen.undo) for one, part in zip(found, parts, strict=True)][:begun]
        look(link, done, last=last)
        for one, part in zip(found[:begun], parts[:begun], strict=True):
            one.seen.part = part

    def _gather(
        self, here: HostLine, first: Member, taking: Taking | None
    ) -> tuple[list[Member], list[str], Chain | None]:
        """The jobs that go with the first one, the steps in between that are undone already, and
        the script; one alone is a script only where that takes the host."""
        found, reaches = [first], [first.reach]
        chain = None if taking is None else chain_of(first.seen.undo.link, [first.commands], taking)
        still: list[str] = []
        jobs = list(here.line)
        for job in jobs[jobs.index(first.seen.undo.job) + 1 :]:
            seen = here.line[job]
            undo = seen.undo
            if seen.found is UNASKED or seen.part is not None or undo.foreign(seen.found):
                break
            if undo.differ(undo.before, seen.found):
                target = undo.target(seen.found)
                member = self._member(seen, Change(undo.record.subject, target, seen.found))
                if member is None or any(member.reach.meets(other) for other in reaches):
                    break
                commands = [*(one.commands for one in found), member.commands]
                longer = chain_of(undo.link, commands, taking)
                if longer is None:
                    break
                found.append(member)
                reaches.append(member.reach)
                chain = longer
                continue
            same = Change(undo.record.subject, seen.found, seen.found)
            reach = undo.module.reach(undo.params, same, undo.facts)
            if undo.sweeps or reach is None or any(reach.meets(other) for other in reaches):
                break
            reaches.append(reach)
            still.append(job.step)
        return found, still, chain

    def _member(self, seen: Seen, change: Change[Any]) -> Member | None:
        undo = seen.undo
        if not undo.module.straight or undo.sweeps:
            return None
        try:
            reach = undo.module.reach(undo.params, change, undo.facts)
            why_not = undo.module.irreversible_back(undo.params, change, undo.facts)
            generator = undo.module.undo(undo.params, change, undo.facts)
        except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
            return None
        commands = straight_commands(undo.link, generator) if reach is not None else None
        if not commands or reach is None:
            return None
        again = dataclasses.replace(undo.record, irreversible=why_not)
        return Member(seen, change, commands, reach, again)

    def _show(self, runtime: Runtime, found: Sequence[Member], chain: Chain) -> None:
        if runtime.shows_output:
            names = ", ".join(one.seen.undo.job.step for one in found)
            text = runtime.redactor.text(f"one script for {names}: {chain.invocation.text}")
            runtime.publish(Notice(text, time.time(), found[0].seen.undo.job.host))

    def _restart(self, host: str) -> tuple[str, ...]:
        spare(self._hosts.get(host, HostLine()), None, None)
        return super()._restart(host)


def _cancel(found: Sequence[Member], parts: Sequence[Part], ledger: FusingLedger) -> None:
    """They were announced, and surely never sent."""
    for one, part in zip(found, parts, strict=True):
        ledger.settle(part.intent, Status.CANCELLED, None, one.seen.undo.record)
        one.seen.found = UNASKED
