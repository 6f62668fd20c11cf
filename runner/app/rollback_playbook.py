"""``rollback -o FILE``: the way back as a playbook that people read, edit, and run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Final

from runner import __version__, modules
from runner.engine.graph.graph import JobGraph
from runner.engine.tasks.outcomes import plain
from runner.engine.undoing.tasks import UndoStep, steps_of
from runner.errors import HostError, InputError
from runner.interfaces.codec import from_json
from runner.interfaces.module import Effect, Module, Restoring
from runner.interfaces.params import parse
from runner.journal.records import ChangeRecord, RunRecord
from runner.loading.playbook.writer import WrittenPlay, WrittenTask, playbook_text
from runner.model.job import JobId
from runner.model.source import Source
from runner.model.state import UNKNOWN, Change, differences

_LONGEST: Final = 200
"""Characters of a recorded value in a comment."""
_BECOME: Final = {
    "become": "become_method",
    "user": "become_user",
    "flags": "become_flags",
    "exe": "become_exe",
}


def write_rollback(
    path: Path, of: RunRecord, graph: JobGraph, changes: Mapping[JobId, Sequence[ChangeRecord]]
) -> str:
    """Write the playbook; gives a line about it. Contacts nobody. Raises InputError."""
    plays = list(_plays(graph, changes))
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(of.started))
    head = (
        f"Takes back run {of.id} of {of.playbook} ({when}).",
        f"Written by runner {__version__} from what the journal holds.",
        "A task below sets what was there before, whatever is there now: nothing is compared with",
        "what the run left. Tasks that only fail or tell something have to be written by hand.",
    )
    try:
        path.touch(mode=0o600)
        path.write_text(playbook_text(head, plays), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    tasks = [task.keys for play in plays for task in play.tasks]
    by_hand = sum("fail" in keys for keys in tasks)
    more = f", {by_hand} of them to be written by hand" if by_hand else ""
    return f"{path}: {len(plays)} plays, {len(tasks)} tasks{more}"


def _plays(
    graph: JobGraph, changes: Mapping[JobId, Sequence[ChangeRecord]]
) -> Iterable[WrittenPlay]:
    """A play for each set of hosts, in the order of the rollback; neighbours are one."""
    hosts: tuple[str, ...] = ()
    tasks: list[WrittenTask] = []
    number = 0
    for more, written in _groups(graph, changes):
        if more != hosts and tasks:
            number += 1
            yield WrittenPlay(f"the way back, part {number}", hosts, tasks)
            tasks = []
        hosts = more
        tasks = [*tasks, *written]
    if tasks:
        yield WrittenPlay(f"the way back, part {number + 1}", hosts, tasks)


def _groups(
    graph: JobGraph, changes: Mapping[JobId, Sequence[ChangeRecord]]
) -> Iterable[tuple[tuple[str, ...], tuple[WrittenTask, ...]]]:
    """Step by step, the hosts on which the same tasks bring everything back."""
    by_step: dict[str, list[ChangeRecord]] = {}
    for job, records in changes.items():
        by_step.setdefault(job.step, []).extend(r for r in records if r.status != "undone")
    for step in _order(graph):
        by_host: dict[str, list[ChangeRecord]] = {}
        for record in sorted(by_step.get(step, ()), key=lambda r: -r.sequence):
            by_host.setdefault(record.where, []).append(record)
        same: dict[str, tuple[tuple[WrittenTask, ...], list[str]]] = {}
        places = {name: at for at, name in enumerate(graph.hosts)}
        for host in sorted(by_host, key=lambda name: places.get(name, len(places))):
            tasks = tuple(task for record in by_host[host] for task in _tasks(record))
            key = json.dumps([task.keys for task in tasks], sort_keys=True, default=str)
            same.setdefault(key, (tasks, []))[1].append(host)
        for tasks, hosts in same.values():
            yield tuple(hosts), tasks


def _order(graph: JobGraph) -> list[str]:
    """The steps so that each stands behind all that it waits for."""
    before = {
        step.name: [earlier.name for earlier, _ in graph.predecessors(step) if earlier is not step]
        for step in graph.steps
    }
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError:  # hosts that wait for each other both ways, in different steps
        return list(before)


def _tasks(record: ChangeRecord) -> list[WrittenTask]:
    """What brings one recorded change back."""
    title = record.task or record.job.step
    name = f"{title}: {record.item}" if record.item else title
    if not record.can_be_undone:
        why = record.irreversible or "the task says 'rollback: false'"
        told = {"name": f"NOT taken back: {name}", "debug": {"msg": f"{record.subject}: {why}"}}
        return [WrittenTask(told, _recorded(record))]
    found: list[dict[str, Any]] | str
    if record.undo:
        found = [_undo_task(step, name) for step in steps_of(record.undo)]
    else:
        found = _restored(record, name)
    if isinstance(found, str):
        told = {"name": f"BY HAND: {name}", "fail": {"msg": f"{record.subject}: {found}"}}
        return [WrittenTask(told, _recorded(record))]
    settings = _settings(record)
    written = [WrittenTask({**keys, **settings}) for keys in found]
    return [WrittenTask(written[0].keys, _recorded(record)), *written[1:]] if written else []


def _undo_task(step: UndoStep, name: str) -> dict[str, Any]:
    """A task of ``undo:`` as it was rendered, without what is usual anyway."""
    module = modules.load(step.module)
    params = from_json(module.params, step.params)
    args = {}
    for key, info in type(params).model_fields.items():
        value = getattr(params, key)
        default = info.get_default(call_default_factory=True)
        if key not in params.HIDDEN and value != default:
            args[key.rstrip("_")] = value
    return {"name": f"back: {step.task or name}", step.module: plain(args)}


def _restored(record: ChangeRecord, name: str) -> list[dict[str, Any]] | str:
    """The tasks that the module gives for it, or why there are none."""
    module = modules.load(record.module)
    if module.effect is not Effect.STATE or record.params is None:
        return "what was there before is not on record"
    left = record.after if record.found is None else record.found
    change: Change[Any] = Change(
        record.subject, from_json(module.state, record.before), from_json(module.state, left)
    )
    if not change.differences():
        return []
    params = from_json(module.params, record.params)
    tasks = module.restore(params, change)
    if not tasks:
        return f"no task of {record.module} brings exactly that back; runner rollback does"
    for task in tasks:
        problem = _problem(task, module, change, alone=len(tasks) == 1)
        if problem:
            return f"a task of {task.module or record.module} would not do: {problem}"
    return [
        {"name": f"back: {name}", task.module or record.module: plain(dict(task.arguments))}
        for task in tasks
    ]


def _problem(task: Restoring, module: Module[Any, Any], change: Change[Any], *, alone: bool) -> str:
    """Why the task would not bring the state back, as far as that can be told without the host."""
    how = modules.load(task.module) if task.module else module
    try:
        params = parse(how, task.arguments, {}, Source("the written rollback", 1, 1))
    except InputError as error:
        return error.message
    if not alone or how.state is not module.state or how.subject(params) != change.subject:
        return ""
    if module.needs_facts or any(f.metadata.get("exclude") for f in _fields(module)):
        return ""
    try:
        planned = how.plan(params, change.after, {})
    except HostError as error:
        return error.message
    touched = {d.field for d in change.differences()}
    wrong = [
        d
        for d in differences(change.before, planned)
        if d.field in touched and d.after is not UNKNOWN  # only the doing can tell that one
    ]
    return "; ".join(f"{d.field} would be {d.after!r}, was {d.before!r}" for d in wrong)


def _fields(module: Module[Any, Any]) -> Iterable[Any]:
    return fields(module.state)


def _settings(record: ChangeRecord) -> dict[str, Any]:
    """As whom, and with which environment, the change was made."""
    setting = (record.facts or {}).get("setting") or {}
    found: dict[str, Any] = {}
    if setting.get("environment"):
        found["environment"] = setting["environment"]
    if setting.get("become"):
        said = {word: setting[key] for key, word in _BECOME.items() if setting.get(key)}
        found |= {"become": True, **said}
    return found


def _recorded(record: ChangeRecord) -> tuple[str, ...]:
    """The recorded values, for people."""
    if not isinstance(record.before, Mapping) or record.params is None:
        return (f"{record.subject} on {record.where}: no values are on record",)
    left = record.after if record.found is None else record.found
    lines = [f"{record.subject} on {record.where}"]
    for field, was in record.before.items():
        if was != left.get(field):
            lines.append(f"  {field}: before {_short(was)}, left {_short(left.get(field))}")
    return tuple(lines)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
