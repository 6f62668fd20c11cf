"""``include_tasks`` and ``include_role``: a task that stands for others, found on each host.

What such a task names is looked at before any host all the same, where the name is known by then:
its mistakes are found at once, and a role's handlers are there for whoever notifies them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from runner.errors import DependsOnUnknown, InputError, TemplateError
from runner.loading.playbook.entries import listened, made, refuse_in_an_include
from runner.loading.playbook.imports import (
    add_handlers,
    circle,
    entered,
    missing_file,
    with_variables,
)
from runner.loading.playbook.inherit import below, note_notifications
from runner.loading.playbook.invocation import Invocation
from runner.loading.playbook.needs import read_needs
from runner.loading.playbook.options import (
    FILE_OPTIONS,
    ROLE_OPTIONS,
    Option,
    flag,
    read_options,
    required,
    role_files,
    static_value,
)
from runner.loading.playbook.reading import Applied, EntryReader, Inherited
from runner.loading.playbook.search import first_file, included_tasks
from runner.loading.text.data import OMIT
from runner.loading.text.document import load_document
from runner.loading.text.fields import Fields
from runner.loading.text.keywords import APPLY, BARE_INCLUDE, INCLUDE, short_name
from runner.model.playbook import Entry, Include, IncludeKind, Task, tasks_in

_EXPECTED: Final = frozenset(
    {"loop", "list", "items", "dict", "nested", "cartesian", "together", "sequence", "flattened"}
)
"""Loops whose elements may be known before any host is."""
_LOOKS_FOR_FILES: Final = re.compile(r"\b(?:fileglob|first_found|(?:is|not) (?:file|exists))\b")
"""A condition like this says that the file need not be there."""
_MOST: Final = 200
"""Elements of a loop that are looked at beforehand."""


def read_include(
    reader: EntryReader, fields: Fields, key: str, inherited: Inherited, handler: bool
) -> Task:
    """The task that an include is, with what it hands down in ``Task.include``."""
    reading = reader.reading
    bare = short_name(key) == BARE_INCLUDE
    fields.restrict(INCLUDE, key, *(("listen",) if handler else ()), *(("static",) if bare else ()))
    refuse_in_an_include(fields, reading)
    kind = IncludeKind.ROLE if short_name(key) == "include_role" else IncludeKind.TASKS
    known = ROLE_OPTIONS if kind == IncludeKind.ROLE else FILE_OPTIONS
    variables: dict[str, Any] = {}
    options = read_options(fields, key, known | {"apply"}, variables if bare else None)
    names = ("name", "role") if kind == IncludeKind.ROLE else ("file",)
    named = required(options, fields, key, *names)
    inner = with_variables(below(inherited, fields, reading), variables, named, reading)
    applied = _applied(options.pop("apply", None), reader, inherited, inner)
    for option in options.values():
        reading.templates.check(option.plain, option.source)
    args = {names[0] if o is named else n: o.plain for n, o in options.items()}
    sources = {names[0] if o is named else n: o.source for n, o in options.items()}
    task = made(fields, Invocation(kind.value, args, sources), inner, reading)
    task = dataclasses.replace(
        task,
        needs=read_needs(fields, reading.kinds),
        listen=listened(fields, reading),
    )
    tags = _Ahead(reader, task, applied, options, named, handler).look() if reading.ahead else None
    reader.may_stop = True
    chain = tuple(str(path) for path in reading.chain)
    task = dataclasses.replace(task, include=Include(kind, Applied(applied, handler, tags), chain))
    reading.check(task)
    return task


def _applied(
    option: Option | None, reader: EntryReader, outer: Inherited, inner: Inherited
) -> Inherited:
    """What included tasks inherit: from around the include, its variables, and ``apply``.

    The include's own keywords are its own.
    """
    given = dataclasses.replace(outer, vars=inner.vars)
    if option is None or option.plain is None:
        return given
    if not option.value.is_mapping:
        raise option.error(f"'apply' is a mapping, found {option.value.kind}")
    fields = Fields(option.value, "'apply'")
    fields.restrict(APPLY)
    note_notifications(fields, reader.reading)
    return below(given, fields, reader.reading)


class _Ahead:
    """Looks at what an include names, as far as that is known."""

    def __init__(
        self,
        reader: EntryReader,
        task: Task,
        applied: Inherited,
        options: Mapping[str, Option],
        named: Option,
        handler: bool,
    ) -> None:
        self.reader = reader
        self.reading = reader.reading
        self.task = task
        self.applied = applied
        self.options = options
        self.named = named
        self.handler = handler
        templates = self.reading.templates
        looped = task.loop is not None and not templates.is_template(task.loop.terms)
        guarded = any(_LOOKS_FOR_FILES.search(condition) for condition in task.conditions)
        self.sure = (looped or not templates.is_template(named.plain)) and not guarded

    def look(self) -> frozenset[str] | None:
        """Read and check; of what was read only the tags are kept (None: not all are known)."""
        found: frozenset[str] | None = self.applied.tags
        for variables in self._turns():
            tags = self._turn(variables)
            found = None if found is None or tags is None else found | tags
        return found

    def _turn(self, variables: Mapping[str, Any] | None) -> frozenset[str] | None:
        if variables is None:
            return None
        try:
            values = {
                name: static_value(option, self.reading, variables)
                for name, option in self.options.items()
            }
        except InputError:
            return None  # known on a host only
        values = {name: value for name, value in values.items() if value is not OMIT}
        if self.task.module == IncludeKind.TASKS:
            return self._file(str(values["file"])) if "file" in values else None
        try:
            return self._role(values, variables)
        except InputError as error:
            if self.sure or error.source != self.named.source:
                raise
            return None  # there is no such role, but on a host the name may be another

    def _turns(self) -> Iterator[Mapping[str, Any] | None]:
        """The variables of each turn of the include's loop; None where these are not known."""
        loop, reading = self.task.loop, self.reading
        if loop is None:
            yield self.task.vars
            return
        if loop.kind not in _EXPECTED:
            yield None
            return
        known = reading.known(self.task.vars)
        try:
            items = reading.templates.loop_items(loop.kind, loop.terms, known, loop.source)
        except (TemplateError, DependsOnUnknown):
            yield None
            return
        for item in items[:_MOST]:
            yield {**self.task.vars, loop.var: item}
        if len(items) > _MOST:
            yield None

    def _certain(self) -> bool:
        """Whether every host that comes to this file comes to what the include names."""
        if self.task.conditions or self.task.loop or "never" in self.task.tags:
            return False
        return not self.reader.rescuing and not self.reader.may_stop

    def _file(self, name: str) -> frozenset[str] | None:
        reading, reader = self.reading, self.reader
        places = list(
            included_tasks(name, reading.chain, reading.role, reading.root, handlers=self.handler)
        )
        path = first_file(places)
        if path is None:
            if self.sure:
                raise missing_file(self.named, name, places)
            return None
        certain = self._certain()
        chain = [earlier.resolve() for earlier in reading.chain]
        if path.resolve() in chain:
            if certain and chain.index(path.resolve()) >= reading.certain_from:
                files = circle(path, reading)
                hint = "give one of these includes a condition under which it ends"
                raise self.named.error(f"files include one another without end: {files}", hint=hint)
            return frozenset()
        key = ("tasks", str(path.resolve()), reading.role.name if reading.role else "")
        if key in reading.checked:
            return reading.checked[key]
        reading.checked[key] = frozenset()
        document = load_document(path, reading.files, self.named.source)
        if document.root is not None:
            inside = dataclasses.replace(entered(reader, path, certain=certain), dynamic=True)
            entries = reader.at(inside).read(document.root, self.applied)
            reading.checked[key] = tags_of(entries)
        return reading.checked[key]

    def _role(
        self, values: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> frozenset[str] | None:
        reading, source = self.reading, self.named.source
        name = str(values["name" if "name" in values else "role"])
        files = role_files(values, source)
        key = ("role", name, *(str(value) for value in files.values()))
        certain = self._certain()
        if key in reading.looking:
            if certain and reading.looking[key] >= reading.certain_from:
                hint = "give the include a condition under which it ends"
                raise self.named.error(f"the role '{name}' includes itself without end", hint=hint)
            return frozenset()
        if key in reading.checked:
            return reading.checked[key]
        start = reading.certain_from if certain else len(reading.chain)
        inside = dataclasses.replace(reading, dynamic=True, certain_from=start)
        reading.looking[key] = len(reading.chain)
        try:
            loaded = reading.roles.load(
                name,
                source,
                inside,
                self.applied,
                variables=variables,
                validate=flag(values, "rolespec_validate", source, True),
                **files,
            )
        finally:
            del reading.looking[key]
        add_handlers(reading, loaded.handlers)
        reading.checked[key] = tags_of(loaded.tasks)
        return reading.checked[key]


def tags_of(entries: Iterable[Entry]) -> frozenset[str] | None:
    """The tags of all these, and of what their includes name; None when not all are known."""
    found: frozenset[str] = frozenset()
    for task in tasks_in(entries):
        found |= task.tags
        if task.include is not None:
            if task.include.apply.tags is None:
                return None
            found |= task.include.apply.tags
    return found
