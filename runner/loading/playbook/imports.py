"""``import_tasks`` and ``import_role``: the tasks of others, in their place, before any host."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runner.errors import InputError
from runner.loading.playbook.inherit import below, note_notifications
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
from runner.loading.playbook.reading import EntryReader, Inherited, Reading
from runner.loading.playbook.search import first_file, imported_tasks, looked_in
from runner.loading.text.data import hide_secrets
from runner.loading.text.document import load_document
from runner.loading.text.fields import Fields
from runner.loading.text.keywords import BARE_INCLUDE, TASK_IMPORT, short_name
from runner.model.playbook import Entry, Task

_ADVICE: Final = "give it to the imported tasks that need it, or include them instead"


def read_import(
    reader: EntryReader, fields: Fields, key: str, inherited: Inherited, handlers: bool
) -> list[Entry]:
    """The entries that an import stands for."""
    bare = short_name(key) == BARE_INCLUDE
    listening = ("listen",) if handlers and "listen" in fields else ()
    ignored = fields.restrict(TASK_IMPORT, key, *(("static",) if bare else ()), *listening)
    reader.reading.note_ignored(fields, (*ignored, *listening), TASK_IMPORT.what, _ADVICE)
    note_notifications(fields, reader.reading)
    inner = below(inherited, fields, reader.reading)
    fields.template("name", reader.reading.templates)
    if short_name(key) == "import_role":
        return _import_role(reader, fields, key, inner)
    return _import_tasks(reader, fields, key, inner, handlers)


def _import_tasks(
    reader: EntryReader, fields: Fields, key: str, inner: Inherited, handlers: bool
) -> list[Entry]:
    reading = reader.reading
    variables: dict[str, Any] | None = {} if short_name(key) == BARE_INCLUDE else None
    named = required(read_options(fields, key, FILE_OPTIONS, variables), fields, key, "file")
    inner = with_variables(inner, variables or {}, named, reading)
    name = str(static_value(named, reading, inner.vars))
    places = list(
        imported_tasks(name, reading.chain, reading.role, reading.root, handlers=handlers)
    )
    path = first_file(places)
    if path is None:
        raise missing_file(named, name, places)
    refuse_circle(path, reading, named)
    document = load_document(path, reading.files, named.source)
    if document.root is None:
        return []
    other = reader.at(entered(reader, path, certain=True))
    entries = other.read(document.root, inner, handlers=handlers)
    reader.may_stop = reader.may_stop or other.may_stop
    return entries


def with_variables(
    inherited: Inherited, variables: Mapping[str, Any], named: Option, reading: Reading
) -> Inherited:
    """With the variables that stand behind the name of an included file."""
    reading.templates.check(dict(variables), named.source)
    more = {**inherited.vars, **hide_secrets(variables)}
    return dataclasses.replace(inherited, vars=more)


def _import_role(reader: EntryReader, fields: Fields, key: str, inner: Inherited) -> list[Entry]:
    reading = reader.reading
    options = read_options(fields, key, ROLE_OPTIONS)
    named = required(options, fields, key, "name", "role")
    values = {name: static_value(o, reading, inner.vars) for name, o in options.items()}
    loaded = reading.roles.load(
        str(values[named.name]),
        named.source,
        reading,
        inner,
        variables=fields.variables("vars", reading.templates),
        validate=flag(values, "rolespec_validate", fields.keys[key].source, True),
        allow_duplicates=flag(values, "allow_duplicates", fields.keys[key].source, True),
        public=flag(values, "public", fields.keys[key].source, True),
        **role_files(values, fields.keys[key].source),
    )
    add_handlers(reading, loaded.handlers)
    reader.may_stop = True
    return list(loaded.tasks)


def add_handlers(reading: Reading, handlers: tuple[Task, ...]) -> None:
    """Give a role's handlers to the play. Of the same handler the last one counts, as in Ansible:
    it has the variables of the last use of the role."""
    places = {handler.source for handler in handlers}
    reading.handlers[:] = [h for h in reading.handlers if h.source not in places]
    reading.handlers.extend(handlers)


def missing_file(named: Option, name: str, places: list[Path]) -> InputError:
    """An error for a file of tasks that is not there, with where it could be."""
    return named.error(f"cannot find the file {name}", hint=looked_in(places))


def refuse_circle(path: Path, reading: Reading, named: Option) -> None:
    """An import of a file that led here has no end."""
    if path.resolve() in [earlier.resolve() for earlier in reading.chain]:
        raise named.error(f"files import one another in a circle: {circle(path, reading)}")


def circle(path: Path, reading: Reading) -> str:
    """The files that led here and back again."""
    return " -> ".join(p.name for p in (*reading.chain, path))


def entered(reader: EntryReader, path: Path, *, certain: bool) -> Reading:
    """The reading of a file that one of the reader's tasks names."""
    inside = reader.reading.into(path)
    if certain and not reader.rescuing and not reader.may_stop:
        return inside
    return dataclasses.replace(inside, certain_from=len(inside.chain) - 1)
