"""Random playbooks for toy hosts: blocks, needs, handlers, loops, conditions, failures, batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from runner.model.playbook import Entry, Need, Play, tasks_in
from runner.model.source import Source
from runner.model.task import Block, Task
from tests.engine.toys import HERE, block, task

HOSTS = ("a", "b", "c")
_KEYS = ("k0", "k1", "k2")
_WHEN = ((), (), ("inventory_hostname != 'b'",), ("false",), ("inventory_hostname in ['a', 'c']",))
_HANDLERS = ("h0", "h1")


@dataclass(frozen=True, slots=True)
class Book:
    """Plays on all hosts, and what the hosts hold at first."""

    plays: tuple[Play, ...]
    keys: dict[str, dict[str, str]]

    def tasks(self) -> Iterator[tuple[Play, Task]]:
        """Each task with its play; no handlers."""
        for play in self.plays:
            yield from ((play, one) for one in tasks_in(play.tasks))


def cleaning_up(entries: Sequence[Entry], inside: bool = False) -> Iterator[str]:
    """The names of the tasks of which a ``rescue`` or an ``always`` consists."""
    for entry in entries:
        if isinstance(entry, Block):
            yield from cleaning_up(entry.block, inside)
            yield from cleaning_up((*entry.rescue, *entry.always), True)
        elif inside:
            yield entry.name


class _Writer:
    """Draws one book; names its tasks one after another."""

    def __init__(self, draw: Any, *, once: bool, waits: str) -> None:
        self._draw = draw
        self._once = once
        self._waits = waits
        self._count = 0
        self._known: list[str] = []
        self._last = ""

    def play(self, number: int, **fields: Any) -> Play:
        self._known, self._last = [], ""
        entries = self._some(1, 1)
        handlers = tuple(
            task(f"p{number}{name}", "key", {"key": f"p{number}{name}", "value": "ran"}, id=None)
            for name in _HANDLERS
        )
        entries = tuple(_calling(entry, number) for entry in entries)
        if fields.get("any_errors_fatal"):
            entries = tuple(map(_fatal, entries))
        where = Source("play.yml", number + 1, 1)
        return Play(
            f"p{number}", "all", where, HERE, tasks=entries, handlers=handlers,
            gather_facts=False, **fields,
        )  # fmt: skip

    def _some(self, depth: int, least: int) -> tuple[Entry, ...]:
        most = 4 if depth == 1 else 2
        return tuple(self._one(depth) for _ in range(self._draw(st.integers(least, most))))

    def _one(self, depth: int) -> Entry:
        if depth < 3 and self._draw(st.integers(0, 3)) == 0:
            known = list(self._known)
            made = block(
                *self._some(depth + 1, 1),
                rescue=self._some(depth + 1, 0),
                always=self._some(depth + 1, 0),
            )
            self._known = known  # what stands in a block may be left out: nobody waits for it
            self._last = ""
            return made
        return self._task()

    def _task(self) -> Task:
        name = f"t{self._count}"
        self._count += 1
        fields: dict[str, Any] = {"conditions": self._draw(st.sampled_from(_WHEN))}
        fields["ignore_errors"] = self._draw(st.integers(0, 5)) == 0
        if self._once and self._draw(st.integers(0, 4)) == 0:
            fields["run_once"] = True
        if self._waits == "loose" or (self._waits and self._last):
            fields["needs"] = self._needs()
        self._known.append(name)
        self._last = name
        return self._doing(name, fields)

    def _needs(self) -> tuple[Need, ...] | None:
        if not self._known or self._draw(st.integers(0, 2)):
            return None
        target = self._draw(st.sampled_from(self._known))
        hosts = self._draw(st.sampled_from((None, "all")))
        before = () if self._waits == "loose" else (Need(self._last, HERE),)
        return (*before, Need(target, HERE, hosts=hosts))

    def _doing(self, name: str, fields: dict[str, Any]) -> Task:
        kind = self._draw(st.sampled_from(("key", "key", "key", "loop", "shout", "fail")))
        if kind == "fail":
            bad = self._draw(st.lists(st.sampled_from(HOSTS), max_size=2, unique=True))
            text = f"{{{{ 'fail' if inventory_hostname in {bad} else 'x' }}}}"
            return task(name, "say", {"text": text}, id=name, **fields)
        fields["notify"] = tuple(self._draw(st.lists(st.sampled_from(_HANDLERS), max_size=2)))
        if kind == "shout":
            return task(name, "shout", {"text": name}, id=name, **fields)
        if kind == "loop":
            args = {"key": "{{ item }}", "value": name}
            return task(name, "key", args, id=name, loop=list(_KEYS[:2]), **fields)
        value = self._draw(st.sampled_from((None, "x", "y", "z")))
        key = self._draw(st.sampled_from(_KEYS))
        return task(name, "key", {"key": key, "value": value}, id=name, **fields)


def _calling(entry: Entry, number: int) -> Entry:
    """With the names of the handlers of this play."""
    if isinstance(entry, Block):
        return _each(entry, lambda one: _calling(one, number))
    return dataclasses.replace(entry, notify=tuple(f"p{number}{name}" for name in entry.notify))


_PLAIN: Final = st.just(dict[str, Any]())


@st.composite
def books(
    draw: Any, *, once: bool = True, waits: str = "loose", commands: bool = True,
    settings: Any = _PLAIN,
) -> Book:  # fmt: skip
    """Books. Without ``commands`` everything in them can be taken back. ``waits`` is whether some
    tasks have ``needs``: "loose" in place of the task before, "strict" besides it."""
    writer = _Writer(draw, once=once, waits=waits)
    made = tuple(writer.play(n, **draw(settings)) for n in range(draw(st.integers(1, 2))))
    if not commands:
        made = tuple(
            dataclasses.replace(one, tasks=tuple(map(_reversible, one.tasks))) for one in made
        )
    keys = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from("xyz"))
    return Book(made, {host: draw(keys) for host in HOSTS})


def _fatal(entry: Entry) -> Entry:
    """A task has this of its play, as the loader gives it."""
    if isinstance(entry, Block):
        return _each(entry, _fatal)
    return dataclasses.replace(entry, any_errors_fatal=True)


def _each(block: Block, change: Callable[[Entry], Entry]) -> Block:
    parts: dict[str, Any] = {
        part: tuple(map(change, getattr(block, part))) for part in ("block", "rescue", "always")
    }
    return dataclasses.replace(block, **parts)


def _reversible(entry: Entry) -> Entry:
    if isinstance(entry, Block):
        return _each(entry, _reversible)
    if entry.module != "shout":
        return entry
    return dataclasses.replace(entry, module="key", args={"key": "k2", "value": entry.name})


STRATEGIES = st.fixed_dictionaries(
    {
        "linear": st.booleans(),
        "serial": st.sampled_from(((), (), (1,), (2,))),
    }
)
"""How a play goes over its hosts; nothing that stops it."""
