"""One play: its hosts, variables, roles, tasks and handlers, and how it goes through them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from runner.errors import InputError, PlaybookError
from runner.loading.playbook.batches import Batches, read_batches
from runner.loading.playbook.inherit import below
from runner.loading.playbook.needs import read_needs
from runner.loading.playbook.notifications import check_notifications
from runner.loading.playbook.prompts import defaults, read_prompts
from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.playbook.roles import ListedRole, Roles
from runner.loading.playbook.task import TaskReader
from runner.loading.playbook.vars_files import read_vars_files
from runner.loading.text.fields import Fields, listed, static_text, text_of
from runner.loading.text.keywords import PLAY, check_collections
from runner.loading.text.words import nearest
from runner.model.playbook import (
    FREE_FORM,
    Entry,
    OnFailure,
    Order,
    Play,
    Prompt,
    Task,
    VarsFile,
    tasks_in,
)

ValueT = TypeVar("ValueT")
Answers: TypeAlias = Callable[[Sequence[Prompt]], Mapping[str, Any]]
"""Gives the variables of a play's prompts."""

_NO_BATCHES: Final = Batches((), (), Order.INVENTORY, False, None, {}, OnFailure.CONTINUE)


@dataclass(frozen=True, slots=True)
class _Variables:
    """What a play knows before its tasks are read."""

    vars: dict[str, Any]
    files: tuple[VarsFile, ...]
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    """The tasks between two points at which handlers run."""

    key: str
    entries: list[Entry]


def read_play(
    fields: Fields, reading: Reading, inherited: Inherited, answers: Answers | None = None
) -> Play:
    """The play in ``reading.path``; ``inherited`` is what its import_playbook adds.

    Mistakes are noted in ``reading.problems``: the play is whole only when there are none.
    """
    tried = _Tried(reading)
    tried(lambda: fields.restrict(PLAY), None)
    known = tried(
        lambda: _read_variables(fields, reading, inherited, answers), _Variables({}, (), ())
    )
    roles = Roles(known.vars)
    reading = dataclasses.replace(
        reading.for_play({**known.vars, **reading.extra}), roles=roles, problems=reading.problems
    )
    nowhere: tuple[str, ...] = ()
    collections = tried(lambda: _collections(fields), nowhere)
    reading = dataclasses.replace(reading, collections=collections)
    listed_roles = _open_roles(fields, roles, reading)
    reading = dataclasses.replace(reading, static=roles.static(reading))
    inner = tried(lambda: _handed_down(fields, reading, inherited), inherited)
    batches = tried(lambda: read_batches(fields, reading), _NO_BATCHES)
    hosts = "" if _is_misspelt(fields) else tried(lambda: _hosts(fields, reading), "")
    sections, handlers = _read_tasks(fields, reading, inner, roles, listed_roles)
    nothing: list[Entry] = []
    tasks = tried(lambda: _with_flushes(sections, handlers, reading, fields), nothing)
    play = Play(
        name=_name(fields, reading) or hosts,
        hosts=hosts,
        source=fields.value.source,
        hosts_source=fields["hosts"].source if "hosts" in fields else fields.value.source,
        tasks=tuple(roles.finished(tasks)),
        handlers=tuple(handlers),
        vars=known.vars,
        vars_files=known.files,
        prompts=known.prompts,
        role_defaults=roles.defaults,
        role_vars=roles.vars,
        roles=tuple(roles.names),
        linear=batches.linear,
        tags=inner.tags,
        ignore_unreachable=inner.ignore_unreachable or False,
        serial=batches.serial,
        canary=batches.canary,
        order=batches.order,
        any_errors_fatal=inner.any_errors_fatal or False,
        max_fail_percentage=batches.max_fail_percentage,
        max_in_flight=batches.max_in_flight,
        on_failure=batches.on_failure,
        become=inner.become,
        way=inner.way,
        environment=inner.environment,
    )
    return tried(lambda: _with_facts(play, fields, reading), play)


class _Tried:
    """Does something and notes its mistake, with a value to go on with."""

    def __init__(self, reading: Reading) -> None:
        self._problems = reading.problems

    def __call__(self, read: Callable[[], ValueT], otherwise: ValueT) -> ValueT:
        try:
            return read()
        except InputError as error:
            self._problems.note(error)
            return otherwise


def _read_variables(
    fields: Fields, reading: Reading, inherited: Inherited, answers: Answers | None
) -> _Variables:
    """Ansible's order, the later over the earlier: vars, those of the import, answers, files."""
    variables = {**fields.variables("vars", reading.templates), **inherited.vars}
    knowing = dataclasses.replace(reading, static={**variables, **reading.extra, **reading.magic()})
    prompts = read_prompts(fields, knowing)
    if prompts:
        variables.update(defaults(prompts) if answers is None else answers(prompts))
    variables, files = read_vars_files(fields, knowing, variables)
    return _Variables(variables, files, prompts)


def _collections(fields: Fields) -> tuple[str, ...]:
    return check_collections(fields["collections"]) if "collections" in fields else ()


def _open_roles(fields: Fields, roles: Roles, reading: Reading) -> list[ListedRole]:
    found: list[ListedRole] = []
    if "roles" in fields:
        with reading.problems.collect():
            found = roles.open_listed(fields["roles"], reading)
    return found


def _handed_down(fields: Fields, reading: Reading, inherited: Inherited) -> Inherited:
    """What the play says about all its tasks. Its variables are not theirs: they are weaker."""
    inner = below(inherited, fields, reading, variables=False)
    user = fields.template("user", reading.templates)
    if user is not None:
        if "remote_user" in fields:
            message = "'user' is the old word for 'remote_user': give one of them"
            raise fields.keys["user"].error(message)
        inner = dataclasses.replace(inner, way=dataclasses.replace(inner.way, user=user))
    return dataclasses.replace(inner, vars={})


def _with_facts(play: Play, fields: Fields, reading: Reading) -> Play:
    """With its own place in the graph, and how it gathers facts."""
    templates = reading.templates
    gather = fields.flag("gather_facts", templates)
    subset: list[str] = []
    if "gather_subset" in fields and not fields["gather_subset"].is_null:
        for element in listed(fields["gather_subset"]):
            text_of(element, "gather_subset")
            given = static_text(element, templates, reading.static)
            for text in given if isinstance(given, list) else [given]:
                subset += [word.strip() for word in str(text).split(",") if word.strip()]
    return dataclasses.replace(
        play,
        id=fields.identifier(),
        needs=read_needs(fields, reading.kinds),
        gather_facts=True if gather is None else gather,
        gather_subset=tuple(subset),
        gather_timeout=fields.number("gather_timeout", 0),
        force_handlers=fields.flag("force_handlers", templates) or False,
    )


def _name(fields: Fields, reading: Reading) -> str | None:
    """The play's name; a template in it that only a host could answer stays as it is written."""
    value = fields.get("name")
    if value is None or value.is_null:
        return None
    name: str | None = None
    with reading.problems.collect(value):
        name = fields.template("name", reading.templates)
        try:
            name = str(static_text(value, reading.templates, reading.static))
        except InputError:
            return name
    return name


def _is_misspelt(fields: Fields) -> bool:
    """Whether ``hosts`` is not there because it is written as another word, which was noted."""
    if "hosts" in fields:
        return False
    return any(n not in PLAY.known and nearest(n, PLAY.known) == "hosts" for n in fields.keys)


def _hosts(fields: Fields, reading: Reading) -> str:
    value = fields.get("hosts")
    if value is None:
        raise fields.value.error("this play has no hosts", hint="every play says hosts: PATTERN")
    if not value.is_sequence:
        text_of(value, "hosts")
    parts = static_text(value, reading.templates, reading.static)
    texts = [str(part).strip() for part in (parts if isinstance(parts, list) else [parts])]
    hosts = ",".join(texts)
    if not hosts.strip(" ,:"):
        hint = "hosts: all means everybody"
        if reading.templates.is_template(value.plain()):
            hint = "before any host is contacted, this template gives nothing; give it with -e"
        raise value.error("this pattern names nobody", hint=hint)
    return hosts


def _read_tasks(
    fields: Fields,
    reading: Reading,
    inner: Inherited,
    roles: Roles,
    listed_roles: list[ListedRole],
) -> tuple[list[_Section], list[Task]]:
    """The sections in the order in which they run, and the handlers in Ansible's order."""

    def section(key: str, *, handlers: bool = False) -> list[Entry]:
        entries: list[Entry] = []
        if key in fields:
            with reading.problems.collect():
                entries = TaskReader(reading).read(fields[key], inner, handlers=handlers)
        return entries

    before = section("pre_tasks")
    middle: list[Entry] = []
    handlers: list[Task] = []
    for each in listed_roles:
        with reading.problems.collect():
            loaded = roles.read_listed(each, reading, inner)
            middle += loaded.tasks
            handlers += loaded.handlers
    middle += section("tasks")
    after = section("post_tasks")
    handlers += [each for each in section("handlers", handlers=True) if isinstance(each, Task)]
    handlers += reading.handlers
    check_notifications(reading, [*before, *middle, *after], handlers)
    key = "tasks" if "tasks" in fields else "roles"
    return [
        _Section("pre_tasks", before),
        _Section(key, middle),
        _Section("post_tasks", after),
    ], handlers


def _with_flushes(
    sections: list[_Section], handlers: list[Task], reading: Reading, fields: Fields
) -> list[Entry]:
    """All tasks in order; where Ansible runs handlers between the sections, so do we."""
    last = max((i for i, section in enumerate(sections) if section.entries), default=0)
    entries: list[Entry] = []
    for index, section in enumerate(sections):
        entries += section.entries
        tasks = list(tasks_in(section.entries))
        notifying = any(task.notify or task.include for task in tasks)
        listening = handlers or any(task.include for task in tasks)
        if index >= last or not notifying or not listening:
            continue
        source = fields.keys[section.key].source
        if "meta" not in reading.modules:
            message = f"handlers after {section.key} need the module 'meta'"
            raise PlaybookError(message, source=source)
        args = {FREE_FORM: "flush_handlers"}
        name = f"run handlers after {section.key}"
        always = frozenset({"always"})
        entries.append(Task(name, "meta", args, source, {FREE_FORM: source}, tags=always))
    return entries
