"""What the journal is told of a run, an apply or a rollback that begins."""

from __future__ import annotations

import getpass
import hashlib
import os
import time
from pathlib import Path

from runner import __version__
from runner.app.rollback_choice import Part
from runner.app.wiring.fleet import public_variables
from runner.app.wiring.options import RollbackOptions, RunOptions
from runner.app.wiring.prepare import Prepared
from runner.journal.records import RunRecord, new_run_id


def hosts_of(prepared: Prepared) -> tuple[str, ...]:
    """The hosts that take part, in the inventory's order."""
    graph = prepared.graph
    members: frozenset[int] = frozenset().union(*(s.members for s in graph.steps))
    return tuple(graph.hosts[i] for i in sorted(members))


def record_of(options: RunOptions, prepared: Prepared, plan: bytes | None) -> RunRecord:
    """What the journal is told of a run that begins now."""
    applied = {} if plan is None else {"plan": hashlib.sha256(plan).hexdigest()}
    return RunRecord(
        id=new_run_id(),
        verb="run" if plan is None else "apply",
        title=str(options.playbook),
        playbook=str(options.playbook.resolve()),
        inventory=tuple(str(p.resolve()) for p in options.inventory),
        digest=prepared.playbook.digest,
        hosts=hosts_of(prepared),
        started=time.time(),
        user=getpass.getuser(),
        pid=os.getpid(),
        version=__version__,
        options={
            "limit": options.limit,
            "tags": list(options.tags),
            "skip_tags": list(options.skip_tags),
            "start_at_task": options.start_at_task,
            "extra": sorted(prepared.fleet.extra),
            "variables": public_variables(prepared.fleet),
            "force_handlers": options.force_handlers,
            **({} if options.locking.lease else {"lease": False}),
            **applied,
        },
    )


def record_of_rollback(
    options: RollbackOptions, of: RunRecord, hosts: tuple[str, ...], part: Part | None
) -> RunRecord:
    """What the journal is told of a rollback that begins now; ``part`` where a play asked for it:
    nothing less brings the same rollback about again."""
    of_plays = {} if part is None else {str(n): sorted(h) for n, h in sorted(part.plays.items())}
    return RunRecord(
        id=new_run_id(),
        verb="rollback",
        title=f"{of.id}  {of.title}",
        playbook=of.playbook,
        inventory=tuple(str(p.resolve()) for p in options.inventory) or of.inventory,
        digest=of.digest,
        hosts=hosts,
        started=time.time(),
        user=getpass.getuser(),
        pid=os.getpid(),
        version=__version__,
        options={
            "limit": options.limit,
            "irreversible": options.irreversible,
            **({"restart": True} if options.restart else {}),
            **({"plays": of_plays} if of_plays else {}),
            **_part_said(options),
        },
        of=of.id,
    )


def rollback_again(record: RunRecord) -> tuple[RollbackOptions, Part | None]:
    """The way back as it was asked for, of a rollback on record. ``--force`` only where nothing was
    to be asked: the answers are not on record."""
    said = record.options
    part = said.get("part", {})
    options = RollbackOptions(
        run=record.of or "",
        inventory=tuple(map(Path, record.inventory)),
        limit=said.get("limit"),
        irreversible=bool(said.get("irreversible")),
        restart=bool(said.get("restart")),
        tasks=tuple(part.get("tasks", ())),
        since=part.get("since"),
        force=bool(said.get("yes")),
        yes=bool(said.get("yes")),
    )
    plays = said.get("plays", {})
    of_plays = {int(number): frozenset(hosts) for number, hosts in plays.items()}
    return options, Part(of_plays) if of_plays else None


def _part_said(options: RollbackOptions) -> dict[str, object]:
    """What makes it a part of the way back, and what else was said that is not usual."""
    part = {"tasks": list(options.tasks), "since": options.since}
    said: dict[str, object] = {"part": part} if options.tasks or options.since is not None else {}
    said |= {"force": True} if options.force else {}
    return said | ({"yes": True} if options.force and options.yes else {})
