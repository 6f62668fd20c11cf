"""Lists of tasks: each entry is a task, a block, an import or an include."""

from __future__ import annotations

from runner.loading.playbook.entries import read_block, read_task
from runner.loading.playbook.imports import read_import
from runner.loading.playbook.include_task import read_include
from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields
from runner.loading.text.keywords import (
    BARE_INCLUDE,
    IMPORTS,
    INCLUDES,
    LOOPS,
    check_collections,
    loop_kind,
    short_name,
)
from runner.model.playbook import Entry

__all__ = ["Inherited", "Reading", "TaskReader"]

_BLOCK_KEYS = ("block", "rescue", "always")


class TaskReader:
    """Reads the lists of tasks of one file."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.rescuing = 0
        """How many rescue and always sections enclose what is being read."""
        self.may_stop = False
        """Whether a task before may end what is being read, so that the rest is not certain."""

    def at(self, reading: Reading) -> TaskReader:
        """A reader for another file."""
        return TaskReader(reading)

    def read(self, value: Value, inherited: Inherited, *, handlers: bool = False) -> list[Entry]:
        """All entries of a list, in order; blocks without a need of their own and imports give
        theirs in their place.

        A mistake in an entry is noted in ``reading.problems``, and the next entry is read.
        """
        if value.is_null:
            return []
        if not value.is_sequence:
            what = "handlers" if handlers else "tasks"
            hint = "begin each with a dash: '- name:'" if value.is_mapping else ""
            raise value.error(f"{what} are a list, found {value.kind}", hint=hint)
        entries: list[Entry] = []
        for element in value.elements():
            with self.reading.problems.collect(element):
                entries += self._entry(element, inherited, handlers)
        return entries

    def read_sure(self, value: Value, inherited: Inherited) -> list[Entry]:
        """The same for a section that runs only when something went wrong, or after it."""
        self.rescuing += 1
        try:
            return self.read(value, inherited)
        finally:
            self.rescuing -= 1

    def _entry(self, element: Value, inherited: Inherited, handlers: bool) -> list[Entry]:
        fields = Fields(element, "a handler" if handlers else "a task")
        if "collections" in fields:
            check_collections(fields["collections"])
        if blocks := [key for key in _BLOCK_KEYS if key in fields]:
            place = fields.keys[blocks[0]]
            if handlers:
                hint = "write its tasks as handlers; one listen: word can call them all"
                raise place.error("a block cannot be a handler", hint=hint)
            if "block" not in fields:
                hint = "the tasks that it follows stand in a block:"
                raise place.error(f"'{blocks[0]}' without a block", hint=hint)
            return read_block(self, fields, inherited)
        for key, place in fields.keys.items():
            name = short_name(key)
            if handlers and name in ("import_role", "include_role"):
                hint = "include_tasks and import_tasks can be handlers"
                raise place.error(f"'{name}' cannot be a handler", hint=hint)
            if name in IMPORTS or (name == BARE_INCLUDE and self._is_import(fields, key)):
                return read_import(self, fields, key, inherited, handlers)
            if name in INCLUDES:
                return [read_include(self, fields, key, inherited, handlers)]
        return [read_task(self, fields, inherited, handlers)]

    def _is_import(self, fields: Fields, key: str) -> bool:
        """Whether a bare include is an import: said so, or known before any host and not in a
        loop. So Ansible decides it up to 2.15; what inherits its tags and conditions differs."""
        said = fields.flag("static")
        if said is not None:
            return said
        looped = any(loop_kind(name) in LOOPS for name in fields.keys)
        text = str(fields[key].plain()).split(None, 1)
        return not looped and not self.reading.templates.is_template(text[0] if text else "")
