"""``runner rehearse``: run a playbook on simulated twins of the hosts, with whatever goes wrong.

Same names, groups and variables; no host of the inventory is contacted. The journal of a rehearsal
is its own, in a folder that is removed at the end unless somebody wants to keep it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from runner.app.carry_out import conduct, on_record
from runner.app.lab import state as lab_state
from runner.app.on_failure import undo_failed_plays
from runner.app.rehearsal.compare import compared_lines
from runner.app.rehearsal.faults import Weather, weather
from runner.app.rehearsal.lab import raise_twins
from runner.app.rehearsal.planned import Planned, plan_twins
from runner.app.rehearsal.systems import DEFAULT
from runner.app.rehearsal.words import Needs, missed_lines, opening, parting, person_lines
from runner.app.report import ReportFiles, write_reports
from runner.app.rollback import rollback
from runner.app.run_records import record_of
from runner.app.wiring.conduct import Conductor, leave
from runner.app.wiring.options import Approach, RollbackOptions, RunOptions
from runner.app.wiring.prepare import Prepared, narrowed, prepare
from runner.app.wiring.reaching import terminable
from runner.app.wiring.twins import Twins, UnneededKeys, Withheld
from runner.engine.graph.rollback import graph_to_json
from runner.engine.visits.rehearse import RehearseVisit
from runner.errors import PatternError, UsageError
from runner.journal.journal import Journal
from runner.journal.records import PlanGraph, RunRecord
from runner.lab.control.control import Lab, LabError
from runner.loading.fault_profile import read_profile
from runner.model.faults import FaultProfile
from runner.model.inventory import LOCALHOST
from runner.reporting.collect import Collector

FIRST: Final = "first.json"
"""In a rehearsal that is kept: the states of all twins before anything was done."""
_HOME: Final = "RUNNER_HOME"


@dataclass(frozen=True, slots=True)
class RehearseOptions:
    """What is rehearsed, and how. ``run`` is what a run would be told.

    ``faults`` is the name of a profile or a file; ``seed`` draws other hosts for it. ``keep`` is a
    folder that stays, with the twins in it. ``back``: take the run back, and compare.
    """

    run: RunOptions
    faults: str = "none"
    seed: int | None = None
    with_local: bool = False
    output: Path | None = None
    keep: Path | None = None
    back: bool = False
    default_os: str = DEFAULT


@dataclass(slots=True)
class _Rehearsal:
    """What is known by the end."""

    planned: Planned
    collector: Collector = field(default_factory=Collector)
    visit: RehearseVisit | None = None
    unopened: int = 0

    def needs(self) -> Needs:
        """What would have needed a person."""
        asked = self.visit.asked if self.visit is not None else ()
        return Needs.of(self.collector.entries(), self.planned, asked, self.unopened)


def rehearse(options: RehearseOptions) -> int:
    """Rehearse a playbook; gives the exit code that the run had. Raises InputError."""
    profile = read_profile(options.faults)
    if options.seed is not None:
        profile = replace(profile, seed=options.seed)
    known = Planned.facts_on_record()
    with terminable(), _home(options.keep) as home:
        Twins({}, with_local=options.with_local).write(home)  # from here on nobody can be reached
        prepared = prepare(options.run)
        planned = plan_twins(prepared, options.run.limit, known, options.default_os)
        if not planned.systems:
            raise PatternError(
                "no host of this playbook has a twin",
                hint="; ".join(f"{n}: {why}" for n, why in list(planned.missing.items())[:3]),
            )
        with _twins(options, planned, profile, home) as (lab, twins, plan):
            return _play(options, prepared, planned, twins, lab, plan, home)


def _play(
    options: RehearseOptions,
    prepared: Prepared,
    planned: Planned,
    twins: Twins,
    lab: Lab,
    plan: Weather,
    home: Path,
) -> int:
    only = frozenset({*planned.systems, *LOCALHOST})
    prepared = replace(prepared, fleet=replace(prepared.fleet, twins=twins))
    prepared = narrowed(prepared, options.run, only)
    before = _states(planned) if options.back or options.keep is not None else {}
    if options.keep is not None:
        (home / FIRST).write_text(json.dumps(before, sort_keys=True), encoding="utf-8")
        (home / FIRST).chmod(0o600)
    rehearsal = _Rehearsal(planned)
    conductor = conduct(options.run, prepared, rehearsal.collector)
    for text in opening(planned, plan):
        conductor.notice(text)
    with Journal.open() as journal:
        record = record_of(options.run, prepared, None)
        journal.begin(record, PlanGraph(*graph_to_json(prepared.graph)))
        code = _walk(options, prepared, conductor, journal, record, rehearsal, plan, lab)
        undo_failed_plays(options.run, prepared, conductor, journal, record)
    keys = prepared.fleet.keys
    rehearsal.unopened = keys.unopened if isinstance(keys, UnneededKeys) else 0
    needs = rehearsal.needs()
    _say(options, [*missed_lines(plan), *person_lines(needs)])
    if options.output is not None:
        for text in write_reports(record.id, ReportFiles(html=options.output), needs.rows()):
            _say(options, [text])
    if options.back and not conductor.stop.level:
        code = _take_back(options, record, planned, before) or code
    if options.keep is not None:
        _say(options, parting(home))
    if conductor.stop.level:
        _stop(options, lab, home)
    return leave(code, conductor.stop)


def _walk(
    options: RehearseOptions,
    prepared: Prepared,
    conductor: Conductor,
    journal: Journal,
    record: RunRecord,
    rehearsal: _Rehearsal,
    plan: Weather,
    lab: Lab,
) -> int:
    def make(runtime: Any, ledger: Any) -> RehearseVisit:
        # Hosts fetch nothing from this machine: what they need travels over their link.
        alone = replace(runtime, offers=lambda *_: None)
        visit = RehearseVisit(alone, ledger, _withheld, plan.falls(lab, conductor.notice))
        rehearsal.visit = visit
        return visit

    return on_record(options.run, prepared, conductor, journal, record, make)


def _withheld(transport: Any) -> str:
    return transport.why if isinstance(transport, Withheld) else ""


def _take_back(
    options: RehearseOptions, record: RunRecord, planned: Planned, before: Mapping[str, Any]
) -> int:
    """Take the run back on the twins and say what is not as it was; gives the exit code."""
    begun = time.monotonic()
    wanted = RollbackOptions(
        record.id,
        options.run.inventory,
        extra=options.run.extra,
        restart=True,
        forks=options.run.forks,
        vault=options.run.vault,
        view=replace(options.run.view, json_file=None),
        approach=Approach(0.0),
    )
    code = rollback(wanted)
    lines = [f"the way back took {time.monotonic() - begun:.0f} s"]
    _say(options, ["", "The way back", *lines, *compared_lines(before, _states(planned))])
    return code


def _states(planned: Planned) -> dict[str, Any]:
    return {name: lab_state(planned.lab_names[name])["state"] for name in planned.systems}


def _say(options: RehearseOptions, lines: list[str]) -> None:
    stream = sys.stderr if options.run.view.json_file == "-" else sys.stdout
    for text in lines:
        print(text, file=stream, flush=True)


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    """A home of its own for the time of the rehearsal; it is removed unless it is to stay."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise UsageError(
            f"{keep} is not empty", hint="--keep wants a new folder: it becomes a rehearsal's home"
        )
    home = Path(tempfile.mkdtemp(prefix="runner-rehearsal-")) if keep is None else keep.absolute()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    old = os.environ.get(_HOME)
    os.environ[_HOME] = str(home)
    try:
        yield home
    finally:
        if old is None:
            del os.environ[_HOME]
        else:
            os.environ[_HOME] = old
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _twins(
    options: RehearseOptions, planned: Planned, profile: FaultProfile, home: Path
) -> Iterator[tuple[Lab, Twins, Weather]]:
    """The twins, as long as they are needed; kept with ``--keep`` when all went well until then."""
    plan = weather(profile, planned)
    raised = raise_twins(planned, plan, home, with_local=options.with_local)
    lab, twins = raised
    twins.write(home)
    kept = False
    try:
        yield lab, twins, plan
        kept = options.keep is not None
    finally:
        if not kept:
            with contextlib.suppress(LabError):
                lab.stop()


def _stop(options: RehearseOptions, lab: Lab, home: Path) -> None:
    """After an interrupt the process may end without looking back: clean up before."""
    if options.keep is None:
        with contextlib.suppress(LabError):
            lab.stop()
        shutil.rmtree(home, ignore_errors=True)
