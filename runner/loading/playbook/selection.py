"""Parts of a playbook: by tags, or from one task on."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import UsageError
from runner.loading.text.words import suggestion
from runner.model.playbook import Block, Entry, Need, Play, Playbook, Task, tasks_in

_SPECIAL: Final = frozenset({"all", "always", "never", "tagged", "untagged"})
_UNTAGGED: Final = frozenset({"untagged"})


@dataclass(frozen=True, slots=True)
class Tags:
    """What ``--tags`` and ``--skip-tags`` select, by Ansible's rules."""

    wanted: frozenset[str]
    skipped: frozenset[str]

    @classmethod
    def of(cls, tags: Iterable[str], skip_tags: Iterable[str]) -> Tags:
        """From the words of the options; no ``tags`` means ``all``."""
        return cls(_words(tags) or frozenset({"all"}), _words(skip_tags))

    def select(self, tags: frozenset[str]) -> bool:
        """Whether a task with these tags (its play's among them) runs."""
        tags = tags or _UNTAGGED
        tagged = tags != _UNTAGGED
        never = "never" in tags
        chosen = (
            "always" in tags
            or ("all" in self.wanted and not never)
            or bool(tags & self.wanted)
            or ("tagged" in self.wanted and tagged and not never)
        )
        if not chosen:
            return False
        if "all" in self.skipped:
            return "always" in tags and "always" not in self.skipped
        return not (tags & self.skipped or ("tagged" in self.skipped and tagged))

    def __str__(self) -> str:
        said = f"--tags {','.join(sorted(self.wanted))}"
        return f"{said} --skip-tags {','.join(sorted(self.skipped))}" if self.skipped else said


def select_tags(playbook: Playbook, tags: Iterable[str], skip_tags: Iterable[str] = ()) -> Playbook:
    """The playbook with only the tasks that these tags select.

    A play's tags are its tasks' too; an include is selected by its own. A block of which no task
    is left goes. Needs of what is left out pass on to what that needs. Raises UsageError for a
    tag that no task has, and when nothing is left.
    """
    chosen = Tags.of(tags, skip_tags)
    _check_known(playbook, chosen.wanted, "--tags")
    _check_known(playbook, chosen.skipped, "--skip-tags")
    selected = _Keeper(lambda play, task: chosen.select(play.tags | task.tags), bridge=True)
    found = selected.of(playbook)
    if not found.plays:
        hint = _behind_an_include(playbook, chosen.wanted)
        raise UsageError(f"{chosen} leaves no task of {playbook.path}", hint=hint)
    return found


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

    selected = _Keeper(keep, bridge=False).of(playbook)
    if started:
        return selected
    names = [task.name for play in playbook.plays for task in tasks_in(play.tasks)]
    hint = suggestion(pattern, names)
    raise UsageError(f"no task of {playbook.path} is named '{pattern}'", hint=hint)


def prune(entries: Iterable[Entry], keep: Callable[[Task], bool]) -> tuple[Entry, ...]:
    """The entries with only the tasks that ``keep`` wants; blocks without any go."""
    keeper = _Keeper(lambda play, task: keep(task), bridge=False)
    return tuple(keeper.entries(None, entries, []))


def _words(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip() for tag in tags for word in tag.split(",") if word.strip())


def _check_known(playbook: Playbook, tags: frozenset[str], option: str) -> None:
    known = {tag for play in playbook.plays for tag in play.tags}
    for task in (task for play in playbook.plays for task in tasks_in(play.tasks)):
        known |= task.tags
        if task.include is not None:
            if task.include.apply.tags is None:
                return  # what it brings in is known on a host only
            known |= task.include.apply.tags
    for tag in sorted(tags - known - _SPECIAL):
        hint = suggestion(tag, known | _SPECIAL, otherwise=f"tags: {', '.join(sorted(known))}")
        raise UsageError(f"{option}: no task of {playbook.path} has the tag '{tag}'", hint=hint)


def _behind_an_include(playbook: Playbook, wanted: frozenset[str]) -> str:
    for task in (task for play in playbook.plays for task in tasks_in(play.tasks)):
        tags = task.include.apply.tags if task.include is not None else None
        for tag in sorted((tags or frozenset()) & wanted):
            place = f"an include ({task.source})"
            return f"'{tag}' is on tasks behind {place}, which needs that tag or 'always' too"
    return ""


class _Keeper:
    """Keeps the tasks that ``keep`` wants, with needs that fit.

    With ``bridge``, a need of what is left out becomes a need of what that would have waited for;
    without, what is left out counts as done.
    """

    def __init__(self, keep: Callable[[Any, Task], bool], *, bridge: bool) -> None:
        self._keep = keep
        self._bridge = bridge
        self._gone: dict[str, tuple[Need, ...]] = {}

    def of(self, playbook: Playbook) -> Playbook:
        """The playbook with the plays of which something is left."""
        plays: list[Any] = []
        for play in playbook.plays:
            kept = self.entries(play, play.tasks, [])
            if kept:
                plays.append(dataclasses.replace(play, tasks=tuple(kept)))
            else:
                self._leave(play, [plays])
        return dataclasses.replace(playbook, plays=tuple(self._bridged_play(p) for p in plays))

    def entries(
        self, play: Play | None, entries: Iterable[Entry], around: list[list[Any]]
    ) -> list[Entry]:
        """What is left of these; ``around`` is what was kept before the enclosing blocks."""
        kept: list[Any] = []
        before = [*around, kept]
        for entry in entries:
            if isinstance(entry, Block):
                kept += self._block(play, entry, before)
            elif self._keep(play, entry):
                kept.append(entry)
            else:
                self._leave(entry, before)
        return kept

    def _block(self, play: Play | None, block: Block, before: list[list[Any]]) -> list[Entry]:
        body = self.entries(play, block.block, before)
        rescue = self.entries(play, block.rescue, before)
        always = self.entries(play, block.always, before)
        if body:
            return [
                dataclasses.replace(
                    block, block=tuple(body), rescue=tuple(rescue), always=tuple(always)
                )
            ]
        self._leave(block, before)
        if always and block.needs is not None and always[0].needs is None:
            always[0] = dataclasses.replace(always[0], needs=block.needs)
        return always  # nothing before it can fail, and it runs in any case

    def _leave(self, absent: Task | Block | Play, before: list[list[Any]]) -> None:
        if absent.id is not None:
            self._gone[absent.id] = _waits_for(absent, before) if self._bridge else ()

    def _bridged_play(self, play: Play) -> Play:
        if not self._gone:
            return play
        return dataclasses.replace(
            play,
            needs=self._bridged(play.needs),
            tasks=tuple(self._bridged_entry(entry) for entry in play.tasks),
            handlers=tuple(
                dataclasses.replace(t, needs=self._bridged(t.needs)) for t in play.handlers
            ),
        )

    def _bridged_entry(self, entry: Entry) -> Entry:
        needs = self._bridged(entry.needs)
        if isinstance(entry, Task):
            return dataclasses.replace(entry, needs=needs)
        return dataclasses.replace(
            entry,
            needs=needs,
            block=tuple(self._bridged_entry(inner) for inner in entry.block),
            rescue=tuple(self._bridged_entry(inner) for inner in entry.rescue),
            always=tuple(self._bridged_entry(inner) for inner in entry.always),
        )

    def _bridged(self, needs: tuple[Need, ...] | None) -> tuple[Need, ...] | None:
        """Needs with those of what is absent replaced by what the absent needed themselves."""
        if needs is None:
            return None
        found: dict[tuple[str, str | None], Need] = {}
        for need in _followed(needs, self._gone):
            found[need.target, need.hosts] = need
        return tuple(found.values())


def _waits_for(absent: Task | Block | Play, before: list[list[Any]]) -> tuple[Need, ...]:
    """What an absent thing waits for: its own needs, or the last one kept before it.

    That one gets an id when it has none, since needs refer to ids.
    """
    if absent.needs is not None:
        return absent.needs
    kept = next((found for found in reversed(before) if found), None)
    if kept is None:
        return ()
    if kept[-1].id is None:
        kept[-1] = dataclasses.replace(kept[-1], id=f"before-{absent.id}")
    return (Need(str(kept[-1].id), absent.source),)


def _followed(needs: tuple[Need, ...], gone: dict[str, tuple[Need, ...]]) -> Iterator[Need]:
    waiting = list(reversed(needs))
    seen: set[tuple[str, str | None]] = set()
    while waiting:
        need = waiting.pop()
        key = (need.target, need.hosts)
        if key in seen:
            continue
        seen.add(key)
        if need.target not in gone:
            yield need
            continue
        for further in gone[need.target]:
            hosts = need.hosts if further.hosts is None else further.hosts
            waiting.append(dataclasses.replace(further, hosts=hosts))
