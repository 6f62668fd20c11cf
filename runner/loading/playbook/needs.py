"""``needs:``, and whether every id it names is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runner.errors import PlaybookError
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, text_of
from runner.loading.text.keywords import NEED
from runner.loading.text.problems import Problems
from runner.loading.text.words import suggestion
from runner.model.playbook import Block, Entry, Need, NeedState, Play, Task
from runner.model.source import Source


@dataclass(slots=True)
class NeedKinds:
    """Which needs were written with ``task:`` and which with ``play:``, by their places."""

    kinds: dict[Source, str] = field(default_factory=dict)


def read_needs(fields: Fields, kinds: NeedKinds) -> tuple[Need, ...] | None:
    """``needs``: a list of ids or of ``{task|play: ID, hosts: PATTERN, state: STATE}``."""
    value = fields.get("needs")
    if value is None or value.is_null:
        return None
    elements = value.elements() if value.is_sequence else [value]
    return tuple(_read_need(element, kinds) for element in elements)


def _read_need(value: Value, kinds: NeedKinds) -> Need:
    if not value.is_mapping:
        return Need(text_of(value, "needs"), value.source)
    fields = Fields(value, "a need")
    fields.restrict(NEED)
    named = [kind for kind in ("task", "play") if kind in fields]
    if len(named) != 1:
        hint = "{task: ID, hosts: PATTERN} or {play: ID, hosts: PATTERN}"
        raise value.error("a need names one task or one play", hint=hint)
    target = fields[named[0]]
    kinds.kinds[target.source] = named[0]
    state = fields.text("state") or NeedState.OK
    if state not in list(NeedState):
        known = ", ".join(NeedState)
        hint = suggestion(state, NeedState, otherwise=f"known: {known}")
        raise fields["state"].error(f"a need's state cannot be '{state}'", hint=hint)
    hosts = fields.text("hosts")
    if hosts is not None and not hosts.strip(" ,:"):
        raise fields["hosts"].error("this pattern names nobody")
    return Need(text_of(target, named[0]), target.source, hosts, NeedState(state))


def check_references(
    plays: tuple[Play, ...], kinds: NeedKinds, problems: Problems | None = None
) -> None:
    """Every id once, every need's id there.

    A mistake is at the second of two equal ids, or at the name that leads nowhere. All are noted
    in ``problems``, except those that only follow from what could not be read; without it, they
    are raised.
    """
    found = Problems() if problems is None else problems
    owners: dict[str, tuple[str, Source]] = {}
    for kind, thing in _things(plays):
        if thing.id is None:
            continue
        if thing.id in owners:
            first = owners[thing.id][1]
            message = f"the id '{thing.id}' is already taken"
            found.note(PlaybookError(message, source=thing.source, hint=f"by the one at {first}"))
            continue
        owners[thing.id] = (kind, thing.source)
    for _, thing in _things(plays):
        for need in thing.needs or ():
            if need.target not in owners and found.may_be_lost(need.target):
                continue
            try:
                _check_need(need, thing.id, owners, kinds)
            except PlaybookError as error:
                found.note(error)
    if problems is None:
        found.raise_if_any()


def _things(plays: tuple[Play, ...]) -> Iterator[tuple[str, Play | Task | Block]]:
    for play in plays:
        yield "play", play
    for play in plays:
        yield from _in(play.tasks)
        yield from _in(play.handlers)


def _in(entries: Iterable[Entry]) -> Iterator[tuple[str, Task | Block]]:
    """Tasks and blocks at every depth: a need names either with ``task:``."""
    for entry in entries:
        yield "task", entry
        if isinstance(entry, Block):
            yield from _in((*entry.block, *entry.rescue, *entry.always))


def _check_need(
    need: Need, own: str | None, owners: dict[str, tuple[str, Source]], kinds: NeedKinds
) -> None:
    wanted = kinds.kinds.get(need.source)
    same_kind = [i for i, (kind, _) in owners.items() if wanted in (None, kind)]
    if need.target == own:
        raise PlaybookError(f"'{need.target}' needs itself", source=need.source)
    if need.target in same_kind:
        return
    if need.target in owners:
        kind = owners[need.target][0]
        message = f"'{need.target}' is the id of a {kind}, not of a {wanted}"
        raise PlaybookError(message, source=need.source, hint=f"write {{{kind}: {need.target}}}")
    what = wanted or "task or play"
    hint = suggestion(need.target, same_kind, otherwise="needs: refers to what has an id:")
    raise PlaybookError(f"no {what} has the id '{need.target}'", source=need.source, hint=hint)
