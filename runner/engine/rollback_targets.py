"""The order of undoing on a host to which the tasks of several others were delegated.

The reversed graph orders what each host did. Where two hosts changed a third one, only the time
says who was last, and that one is undone first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from runner.engine.graph import JobGraph, Link, LinkKind
from runner.journal.records import ChangeRecord
from runner.model.job import JobId
from runner.model.playbook import NeedState


def order_targets(graph: JobGraph, records: Iterable[ChangeRecord]) -> None:
    """Let the undoing of older changes on a shared host wait for that of newer ones."""
    last: dict[str, dict[JobId, int]] = defaultdict(dict)
    for record in records:
        jobs = last[record.where]
        jobs[record.job] = max(record.sequence, jobs.get(record.job, 0))
    index = {name: i for i, name in enumerate(graph.hosts)}
    for jobs in last.values():
        # By the last change of each job: what waited for another job on the way there comes after
        # it in this order too, so that nothing waits in a circle.
        known = [job for job in jobs if job.step in graph and job.host in index]
        for newer, older in pairwise(sorted(known, key=lambda job: -jobs[job])):
            if newer.host != older.host:
                link = Link(
                    LinkKind.ALL,
                    NeedState.FINISHED,
                    hosts=frozenset({index[newer.host]}),
                    only=frozenset({index[older.host]}),
                    why="the same host was changed",
                )
                graph.link(graph.step(newer.step), graph.step(older.step), link)
