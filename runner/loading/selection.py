"""Parts of a playbook: by tags, or from one task on."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from runner.errors import UsageError
from runner.loading.words import suggestion
from runner.model.playbook import Need, Play, Playbook, Task

_SPECIAL: Final = frozenset({"all", "always", "never", "tagged", "untagged"})
StepT = TypeVar("StepT", Task, Play)
_UNTAGGED: Final = frozenset({"untagged"})


def select_tags(playbook: Playbook, tags: Iterable[str], skip_tags: Iterable[str] = ()) -> Playbook:
    """The playbook with only the tasks that these tags select, by Ansible's rules.

    A play's tags are its tasks' too. No ``tags`` means ``all``. Needs of tasks that are left out
    pass on to what those tasks need. Raises UsageError for a tag that no task has, and when
    nothing is left.
    """
    wanted = _words(tags) or frozenset({"all"})
    skipped = _words(skip_tags)
    _check_known(playbook, wanted, "--tags")
    _check_known(playbook, skipped, "--skip-tags")

    def keep(play: Play, task: Task) -> bool:
        return _runs(play.tags | task.tags or _UNTAGGED, wanted, skipped)

    selected = _keep(playbook, keep, bridge=True)
    if not selected.plays:
        said = f"--tags {','.join(sorted(wanted))}"
        if skipped:
            said += f" --skip-tags {','.join(sorted(skipped))}"
        raise UsageError(f"{said} leaves no task of {playbook.path}")
    return selected


def start_at_task(playbook: Playbook, pattern: str) -> Playbook:
    """The playbook from the first task on whose name or id matches; what is before counts as done.

    ``pattern`` may be a glob. Raises UsageError when no task matches.
    """
    started = False

    def keep(play: Play, task: Task) -> bool:
        nonlocal started
        started = started or pattern in (task.name, task.id)
        started = started or fnmatch.fnmatchcase(task.name, pattern)
        return started

    selected = _keep(playbook, keep, bridge=False)
    if started:
        return selected
    names = [task.name for play in playbook.plays for task in play.tasks]
    hint = suggestion(pattern, names)
    raise UsageError(f"no task of {playbook.path} is named '{pattern}'", hint=hint)


def _words(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip() for tag in tags for word in tag.split(",") if word.strip())


def _check_known(playbook: Playbook, tags: frozenset[str], option: str) -> None:
    known = {tag for play in playbook.plays for tag in play.tags}
    known |= {tag for play in playbook.plays for task in play.tasks for tag in task.tags}
    for tag in sorted(tags - known - _SPECIAL):
        hint = suggestion(tag, known | _SPECIAL, otherwise=f"tags: {', '.join(sorted(known))}")
        raise UsageError(f"{option}: no task of {playbook.path} has the tag '{tag}'", hint=hint)


def _runs(tags: frozenset[str], wanted: frozenset[str], skipped: frozenset[str]) -> bool:
    tagged = tags != _UNTAGGED
    never = "never" in tags
    chosen = (
        "always" in tags
        or ("all" in wanted and not never)
        or bool(tags & wanted)
        or ("tagged" in wanted and tagged and not never)
    )
    if not chosen:
        return False
    if "all" in skipped:
        return "always" in tags and "always" not in skipped
    return not (tags & skipped or ("tagged" in skipped and tagged))


def _keep(playbook: Playbook, keep: Callable[[Play, Task], bool], *, bridge: bool) -> Playbook:
    """Only the tasks that ``keep`` wants and the plays that have some, with needs that fit.

    With ``bridge``, a need of what is left out becomes a need of what that would have waited for;
    without, what is left out counts as done.
    """
    plays: list[Play] = []
    gone: dict[str, tuple[Need, ...]] = {}
    for play in playbook.plays:
        kept: list[Task] = []
        for task in play.tasks:
            if keep(play, task):
                kept.append(task)
            elif task.id is not None:
                gone[task.id] = _before(task, kept) if bridge else ()
        if kept:
            plays.append(dataclasses.replace(play, tasks=tuple(kept)))
        elif play.id is not None:
            gone[play.id] = _before(play, plays) if bridge else ()
    return dataclasses.replace(playbook, plays=tuple(_without(play, gone) for play in plays))


def _before(absent: StepT, kept: list[StepT]) -> tuple[Need, ...]:
    """What an absent task or play waits for: its own needs, or the last one kept before it.

    That one gets an id when it has none, since needs refer to ids.
    """
    if absent.needs is not None:
        return absent.needs
    if not kept:
        return ()
    last = kept[-1]
    if last.id is None:
        last = kept[-1] = dataclasses.replace(last, id=f"before-{absent.id}")
    return (Need(str(last.id), absent.source),)


def _without(play: Play, gone: dict[str, tuple[Need, ...]]) -> Play:
    if not gone:
        return play
    return dataclasses.replace(
        play,
        needs=_bridged(play.needs, gone),
        tasks=tuple(dataclasses.replace(t, needs=_bridged(t.needs, gone)) for t in play.tasks),
        handlers=tuple(
            dataclasses.replace(t, needs=_bridged(t.needs, gone)) for t in play.handlers
        ),
    )


def _bridged(
    needs: tuple[Need, ...] | None, gone: dict[str, tuple[Need, ...]]
) -> tuple[Need, ...] | None:
    """Needs with those of absent tasks replaced by what the absent tasks needed themselves."""
    if needs is None:
        return None
    found: dict[tuple[str, str | None], Need] = {}
    waiting = list(reversed(needs))
    seen: set[tuple[str, str | None]] = set()
    while waiting:
        need = waiting.pop()
        key = (need.target, need.hosts)
        if key in seen:
            continue
        seen.add(key)
        if need.target not in gone:
            found[key] = need
            continue
        for further in gone[need.target]:
            hosts = need.hosts if further.hosts is None else further.hosts
            waiting.append(dataclasses.replace(further, hosts=hosts))
    return tuple(found.values())
