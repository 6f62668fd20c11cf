"""``on_failure: rollback``: take back what a play did, on the hosts where it failed or on all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.app.rollback_choice import Part, outer_step, play_of
from runner.app.wiring.conduct import Conductor
from runner.app.wiring.options import RollbackOptions, RunOptions, View
from runner.app.wiring.prepare import Prepared
from runner.journal.journal import Journal
from runner.journal.records import OutcomeRecord, RunRecord
from runner.model.job import Status
from runner.model.playbook import OnFailure, Play

_FAILURES: Final = frozenset(
    map(str, (Status.FAILED, Status.UNREACHABLE, Status.IN_DOUBT, Status.CONFLICT))
)


def undo_failed_plays(
    options: RunOptions,
    prepared: Prepared,
    conductor: Conductor,
    journal: Journal,
    record: RunRecord,
) -> None:
    """When a run is over: take back what its plays say, as a rollback of its own on record.

    A run that somebody stopped is left as it is: they may want to go on with it.
    """
    plays = prepared.playbook.plays
    if not any(play.on_failure in _ROLLBACKS for play in plays) or conductor.stop.level:
        return
    graph = journal.graph(record.id)
    part = part_of(plays, play_of(graph), journal.outcomes(record.id), _members(graph.steps))
    if not part.plays:
        return
    to_stdout = options.view.json_file == "-"
    rollback = RollbackOptions(
        run=record.id,
        inventory=options.inventory,
        forks=options.forks,
        view=View(options.view.verbosity, options.view.diff, terminal=options.view.terminal),
        approach=options.approach,
        locking=options.locking,
    )
    from runner.app.rollback import take_back  # only now: few runs are taken back

    take_back(rollback, journal, prepared.fleet, record, part, shown=not to_stdout)


_ROLLBACKS: Final = (OnFailure.ROLLBACK, OnFailure.ROLLBACK_ALL)


def part_of(
    plays: Sequence[Play],
    play_of_step: Mapping[str, int],
    outcomes: Sequence[OutcomeRecord],
    members: Mapping[int, frozenset[str]],
) -> Part:
    """What is to be taken back. ``members`` are the hosts of each play."""
    failed: dict[int, set[str]] = defaultdict(set)
    for one in {outcome.job: outcome for outcome in outcomes}.values():
        excused = one.data.get("ignored") or one.data.get("rescued")
        if one.status in _FAILURES and (not excused or one.status == str(Status.IN_DOUBT)):
            failed[play_of_step[outer_step(one.job.step)]].add(one.job.host)
    found = {}
    for number, hosts in failed.items():
        if plays[number].on_failure is OnFailure.ROLLBACK:
            found[number] = frozenset(hosts)
        elif plays[number].on_failure is OnFailure.ROLLBACK_ALL:
            found[number] = members[number]
    return Part(found)


def _members(steps: Any) -> dict[int, frozenset[str]]:
    """The hosts of each play of a recorded run."""
    found: dict[int, set[str]] = defaultdict(set)
    for step in steps["steps"]:
        found[step["play"]].update(steps["hosts"][n] for n in steps["sets"][step["members"]])
    return {number: frozenset(hosts) for number, hosts in found.items()}
