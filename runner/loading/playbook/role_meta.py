"""What a role says about itself: ``meta/main.yml``, its variables, the roles it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import InputError, PlaybookError
from runner.loading.playbook.reading import Note, Reading
from runner.loading.playbook.role_entries import RoleEntry, read_entry
from runner.loading.playbook.role_files import MAIN, RoleFolder, collection_of, find_role, is_role
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields
from runner.loading.text.keywords import Keywords, check_collections
from runner.loading.text.words import words
from runner.model.source import Source

_META: Final = Keywords(
    "a role's meta",
    words("allow_duplicates dependencies argument_specs collections galaxy_info platforms"),
)
"""``galaxy_info`` and ``platforms`` describe the role to people; nothing follows from them."""


@dataclass(frozen=True, slots=True)
class OpenedRole:
    """A role whose own variables and dependencies are known. ``dependencies`` in their order."""

    folder: RoleFolder
    source: Source
    defaults: Mapping[str, Any]
    vars: Mapping[str, Any]
    meta: Fields | None
    allow_duplicates: bool
    dependencies: tuple[tuple[RoleEntry, OpenedRole], ...]
    chain: tuple[Path, ...]
    """The files that led to its dependencies."""

    def all_defaults(self) -> dict[str, Any]:
        """Its defaults over those of its dependencies."""
        merged: dict[str, Any] = {}
        for _, role in self.dependencies:
            merged.update(role.all_defaults())
        return {**merged, **self.defaults}

    def exported(self) -> dict[str, Any]:
        """What the rest of the play sees of its ``vars``: those of its dependencies below."""
        merged: dict[str, Any] = {}
        for _, role in self.dependencies:
            merged.update(role.exported())
        return {**merged, **self.vars}


def open_role(
    name: str,
    source: Source,
    reading: Reading,
    *,
    vars_from: str = MAIN,
    defaults_from: str = MAIN,
    beside: Path | None = None,
) -> OpenedRole:
    """Find a role and read all but its tasks and handlers, and those it depends on.

    ``beside`` is where the role that depends on it stands. Mistakes in its variables and
    dependencies are noted; raises InputError at ``source`` when there is no such role.
    """
    folder = find_role(name, reading.root, source, beside, _collections(reading, beside))
    files, templates = reading.files, reading.templates
    if not is_role(folder.path):
        message = f"{folder.path} has no tasks, defaults, meta or the like: nothing is done"
        advice = "is it the directory that was meant? Ansible takes it, too"
        reading.notes.append(Note("empty-role", source, message, advice))
    meta, chain = _meta(folder, reading, source)
    below = _following(reading, chain)
    dependencies = []
    for element in _dependencies(meta):
        with reading.problems.collect():
            entry = read_entry(element, below, dependency=True)
            opened = open_role(entry.name, entry.source, below, beside=folder.path.parent)
            dependencies.append((entry, opened))

    def variables(kind: str, name: str) -> dict[str, Any]:
        try:
            return folder.variables(kind, name, files, templates, source)
        except InputError as error:
            reading.problems.note(error)
            return {}

    return OpenedRole(
        folder=folder,
        source=source,
        defaults=variables("defaults", defaults_from),
        vars=variables("vars", vars_from),
        meta=meta,
        allow_duplicates=meta is not None and meta.flag("allow_duplicates") is True,
        dependencies=tuple(dependencies),
        chain=chain,
    )


def _collections(reading: Reading, beside: Path | None) -> Iterator[tuple[str, Path | None]]:
    """Where a short name is looked for: the collection of the role that asks, those named, and
    the one that the playbook itself is part of."""
    asking = beside / "role" if beside else Path(reading.role.path) if reading.role else None
    if asking and (own := collection_of(asking)):
        yield own
    for name in reading.collections:
        yield name, None
    if own := collection_of(reading.root / "playbook"):
        yield own


def _following(reading: Reading, chain: tuple[Path, ...]) -> Reading:
    return reading if chain == reading.chain else reading.into(chain[-1])


def _meta(
    folder: RoleFolder, reading: Reading, source: Source
) -> tuple[Fields | None, tuple[Path, ...]]:
    found = folder.document("meta", MAIN, reading.files, source)
    if found is None:
        return None, reading.chain
    path, document = found
    refuse_circle(path, folder.name, reading, source)
    chain = (*reading.chain, path)
    if document.root is None or document.root.is_null:
        return None, chain
    fields = Fields(document.root, "a role's meta")
    fields.restrict(_META)
    if "collections" in fields:
        check_collections(fields["collections"])
    return fields, chain


def _dependencies(meta: Fields | None) -> list[Value]:
    value = None if meta is None else meta.get("dependencies")
    if value is None or value.is_null:
        return []
    if not value.is_sequence:
        raise value.error(f"'dependencies' are a list of roles, found {value.kind}")
    return value.elements()


def refuse_circle(path: Path, name: str, reading: Reading, source: Source) -> None:
    """Raises InputError when this file of a role already led to where it is asked for."""
    certain = [earlier.resolve() for earlier in reading.chain[reading.certain_from :]]
    if path.resolve() not in certain:
        return
    start = certain.index(path.resolve()) + reading.certain_from
    circle = " -> ".join(_short(p, reading.root) for p in (*reading.chain[start:], path))
    message = f"the role '{name}' leads to itself: {circle}"
    raise PlaybookError(message, source=source)


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
