"""Roles: their tasks and handlers, their dependencies first, each once where Ansible has it so.

Source: Ansible, "Roles": "Using role dependencies", "Running a role multiple times in one play".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.loading.playbook.inherit import below
from runner.loading.playbook.reading import Inherited, LoadedRole, Reading
from runner.loading.playbook.role_entries import RoleEntry, read_entry
from runner.loading.playbook.role_files import MAIN
from runner.loading.playbook.role_meta import OpenedRole, open_role, refuse_circle
from runner.loading.playbook.role_uses import (
    Given,
    Use,
    covers,
    use_key,
    used_role,
    without_outer_defaults,
)
from runner.loading.playbook.task import TaskReader
from runner.loading.text.document import Value
from runner.model.playbook import Block, Entry, Role, Task
from runner.model.source import Source


@dataclass(frozen=True, slots=True)
class ListedRole:
    """An entry of a play's ``roles``, found and opened."""

    entry: RoleEntry
    opened: OpenedRole


class Roles:
    """The roles of one play (or, without ``play_vars``, of what is included while it runs).

    ``names``, ``defaults`` and ``vars`` are what they show to the whole play, later roles over
    earlier ones.
    """

    def __init__(self, play_vars: Mapping[str, Any] | None = None) -> None:
        self._play_vars = play_vars
        self.names: list[str] = []
        self.defaults: dict[str, Any] = {}
        self.vars: dict[str, Any] = {}
        self._uses: list[Use] = []
        self._more_tags: list[tuple[Role, frozenset[str]]] = []

    def load(
        self,
        name: str,
        source: Source,
        reading: Reading,
        inherited: Inherited,
        *,
        variables: Mapping[str, Any] = {},
        params: Mapping[str, Any] = {},
        tasks_from: str = MAIN,
        vars_from: str = MAIN,
        defaults_from: str = MAIN,
        handlers_from: str = MAIN,
        validate: bool = True,
        allow_duplicates: bool = True,
        public: bool = True,
    ) -> LoadedRole:
        """See ``RoleLoader.load``. ``public`` shows an imported role's variables to the play."""
        opened = open_role(name, source, reading, vars_from=vars_from, defaults_from=defaults_from)
        opened = dataclasses.replace(opened, allow_duplicates=allow_duplicates)
        if not reading.dynamic:
            self._show(opened, public=public)
        given = Given(
            variables, params, Inherited(), tasks_from, handlers_from, vars_from, defaults_from,
            imported=True, validate=validate,
        )  # fmt: skip
        return self._read(opened, given, reading, inherited, sure=False)

    def open_listed(self, value: Value, reading: Reading) -> list[ListedRole]:
        """The entries of ``roles``, without their tasks. Mistakes are noted in ``reading``."""
        if value.is_null:
            return []
        if not value.is_sequence:
            raise value.error(f"'roles' are a list, found {value.kind}", hint="- role: NAME")
        found: list[ListedRole] = []
        for element in value.elements():
            with reading.problems.collect():
                entry = read_entry(element, reading)
                opened = open_role(entry.name, entry.source, reading)
                self._show(opened)
                found.append(ListedRole(entry, opened))
        return found

    def read_listed(self, listed: ListedRole, reading: Reading, inherited: Inherited) -> LoadedRole:
        """The tasks and handlers of an entry of ``roles``."""
        return self._entry(listed.entry, listed.opened, reading, inherited, sure=True)

    def finished(self, entries: Sequence[Entry]) -> list[Entry]:
        """All entries of the play, once every role was read.

        A role that runs once although it is asked for several times has the tags of all of them:
        whichever is selected, it comes first.
        """
        return [self._tagged(entry) for entry in entries] if self._more_tags else list(entries)

    def static(self, reading: Reading, role: Role | None = None) -> Mapping[str, Any]:
        """What the names of files in the play (or in a role) may use, the stronger over the
        weaker as on a host."""
        role = role or Role("", "")
        own = {**role.vars, **role.params, **reading.extra, **reading.magic(role)}
        if self._play_vars is None:
            return {**role.defaults, **without_outer_defaults(reading), **own}
        return {**self.defaults, **role.defaults, **self._play_vars, **self.vars, **own}

    def _show(self, opened: OpenedRole, *, public: bool = True) -> None:
        self.names.append(opened.folder.name)
        if not public:
            return
        self.defaults.update(opened.all_defaults())
        self.vars.update(opened.exported())

    def _entry(
        self,
        entry: RoleEntry,
        opened: OpenedRole,
        reading: Reading,
        inherited: Inherited,
        *,
        sure: bool,
    ) -> LoadedRole:
        given = Given(entry.variables, entry.params, entry.own)
        inner = below(inherited, entry.fields, reading, variables=False)
        return self._read(opened, given, reading, inner, sure=sure)

    def _read(
        self,
        opened: OpenedRole,
        given: Given,
        reading: Reading,
        inherited: Inherited,
        *,
        sure: bool,
    ) -> LoadedRole:
        """``sure``: it is reached on every host, so that another one like it need not run."""
        role = used_role(opened, given, reading.role)
        key = use_key(opened, given)
        if not opened.allow_duplicates and not reading.dynamic:
            for use in self._uses:
                if use.key == key and covers(use.inherited, inherited):
                    self._more_tags.append((use.role, inherited.tags))
                    return LoadedRole(use.role, (), ())
        if sure:
            self._uses.append(Use(key, role, inherited))
        tasks: list[Entry] = []
        handlers: list[Task] = []
        asking = dataclasses.replace(reading, chain=opened.chain, role=role)
        for entry, dependency in opened.dependencies:
            loaded = self._entry(entry, dependency, asking, inherited, sure=sure)
            tasks += loaded.tasks
            handlers += loaded.handlers
        within = dataclasses.replace(reading, role=role, static=self.static(reading, role))
        tasks += self._tasks(opened, given, within, inherited)
        handlers += self._handlers(opened, given, within, inherited)
        return LoadedRole(role, tuple(tasks), tuple(handlers))

    def _tasks(
        self, opened: OpenedRole, given: Given, reading: Reading, inherited: Inherited
    ) -> list[Entry]:
        folder, source = opened.folder, opened.source
        entries: list[Entry] = []
        if given.validate:
            from runner.loading.playbook.argument_specs import find_spec, validation_task

            spec = find_spec(folder, opened.meta, given.tasks_from, reading.files, source)
            if spec is not None:
                params = reading.role.params if reading.role else {}
                task = validation_task(spec, given.tasks_from, params, inherited, reading)
                entries.append(task)
        found = folder.document("tasks", given.tasks_from, reading.files, source)
        if found is not None:
            path, document = found
            refuse_circle(path, folder.name, reading, source)
            if document.root is not None:
                entries += TaskReader(reading.into(path)).read(document.root, inherited)
        return entries

    def _handlers(
        self, opened: OpenedRole, given: Given, reading: Reading, inherited: Inherited
    ) -> list[Task]:
        name = given.handlers_from
        found = opened.folder.document("handlers", name, reading.files, opened.source)
        if found is None or found[1].root is None:
            return []
        reader = TaskReader(reading.into(found[0]))
        quiet = dataclasses.replace(inherited, notify=())
        read = reader.read(found[1].root, quiet, handlers=True)
        return [handler for handler in read if isinstance(handler, Task)]

    def _tagged(self, entry: Entry) -> Entry:
        if isinstance(entry, Block):
            return dataclasses.replace(
                entry,
                block=tuple(self._tagged(inner) for inner in entry.block),
                rescue=tuple(self._tagged(inner) for inner in entry.rescue),
                always=tuple(self._tagged(inner) for inner in entry.always),
            )
        if entry.role is None:
            return entry
        uses = (entry.role, *entry.role.parents)
        more = [tags for role, tags in self._more_tags if any(use is role for use in uses)]
        return dataclasses.replace(entry, tags=entry.tags.union(*more)) if more else entry
