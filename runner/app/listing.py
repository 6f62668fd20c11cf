"""``runner run --list-hosts``, ``--list-tasks``, ``--list-tags``, ``--syntax-check``: what a run
would be about, without one. Nothing is contacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared, prepare
from runner.model.playbook import Play
from runner.model.task import Block, Entry, tasks_in


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list. With none of it, only mistakes are looked for (``--syntax-check``)."""

    hosts: bool = False
    tasks: bool = False
    tags: bool = False


def listing(options: RunOptions, wanted: Listing) -> str:
    """The lists, in ansible-playbook's layout. Raises InputError as a run would."""
    prepared = prepare(options)
    lines = [f"playbook: {options.playbook}"]
    if not (wanted.hosts or wanted.tasks or wanted.tags):
        jobs = prepared.graph.job_count()
        lines.append(f"  no mistakes found; {_many(jobs, 'job')} before any condition")
        return "\n".join(lines)
    for number, play in enumerate(prepared.playbook.plays):
        lines += ["", *_play(prepared, number, play, wanted)]
    return "\n".join(lines)


def _play(prepared: Prepared, number: int, play: Play, wanted: Listing) -> Iterator[str]:
    yield f"  play #{number + 1} ({play.hosts}): {play.name}\tTAGS: [{_joined(play.tags)}]"
    if wanted.hosts:
        hosts = _hosts(prepared, number)
        yield f"    pattern: {play.hosts}"
        yield f"    hosts ({len(hosts)}):"
        yield from (f"      {host}" for host in hosts)
    if wanted.tasks:
        yield "    tasks:"
        yield from _tasks(play.tasks, play.tags, "      ")
    if wanted.tags:
        known = {tag for task in tasks_in(play.tasks) for tag in task.tags | play.tags}
        yield f"      TASK TAGS: [{_joined(known)}]"


def _hosts(prepared: Prepared, number: int) -> list[str]:
    graph = prepared.graph
    members: set[int] = set()
    for step in graph.steps:
        if step.play == number:
            members |= step.members
    return [graph.hosts[i] for i in sorted(members)]


def _tasks(entries: Iterable[Entry], inherited: frozenset[str], indent: str) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, Block):
            yield from _tasks((*entry.block, *entry.rescue, *entry.always), inherited, indent)
            continue
        role = f"{entry.role.name} : " if entry.role else ""
        yield f"{indent}{role}{entry.name}\tTAGS: [{_joined(entry.tags | inherited)}]"


def _joined(tags: Iterable[str]) -> str:
    return ", ".join(sorted(tags))


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
