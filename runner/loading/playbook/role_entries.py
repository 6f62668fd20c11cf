"""Entries of ``roles`` and of a role's ``dependencies``: a name, or a mapping with keywords.

Source: Ansible, "Roles"; every word in the mapping that is no keyword is a parameter of the role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from runner.loading.playbook.inherit import below
from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.text.data import hide_secrets
from runner.loading.text.document import Document, Value
from runner.loading.text.fields import (
    Fields,
    check_templates,
    check_variable_name,
    static_text,
    text_of,
)
from runner.loading.text.keywords import BASE, LOOPS, check_collections
from runner.loading.text.words import words
from runner.model.source import Source

_KEYWORDS: Final = BASE | words("role name when delegate_to delegate_facts")
_REQUIREMENT: Final = words("src scm version")
"""How a dependency says where ansible-galaxy gets it from, which is done before."""
_OF_TASKS: Final = LOOPS | words(
    "loop_control register until retries delay changed_when failed_when notify listen async poll "
    "args id needs undo rollback tasks_from vars_from defaults_from handlers_from apply public "
    "block rescue always"
)


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """One entry. ``own`` is what its keywords alone say; ``fields`` are those keywords."""

    name: str
    source: Source
    fields: Fields
    variables: dict[str, Any]
    params: dict[str, Any]
    own: Inherited


def read_entry(value: Value, reading: Reading, *, dependency: bool = False) -> RoleEntry:
    """One entry of ``roles``, or a ``dependency``. Raises PlaybookError at its place."""
    if not value.is_mapping:
        name = _name(value, reading)
        nothing = Document(value.source.file, "{}").root
        assert nothing is not None
        return RoleEntry(name, value.source, Fields(nothing, "a role"), {}, {}, Inherited())
    fields = Fields(value, "a role")
    if "collections" in fields:
        check_collections(fields["collections"])
    named = fields.get("role") or fields.get("name")
    if named is None and dependency and "src" in fields:
        text = text_of(fields["src"], "src")
        name, place = _name_of_requirement(text), fields["src"].source
    elif named is None:
        raise value.error("this role has no name", hint="- role: NAME")
    else:
        name, place = _name(named, reading), named.source
    return RoleEntry(
        name=name,
        source=place,
        fields=fields,
        variables=fields.variables("vars", reading.templates),
        params=_params(fields, reading, dependency),
        own=below(Inherited(), fields, reading, variables=False),
    )


def _name(value: Value, reading: Reading) -> str:
    text_of(value, "role")
    name = str(static_text(value, reading.templates, reading.static)).strip()
    if not name:
        raise value.error("this role has no name", hint="- role: NAME")
    if "," in name:
        hint = "write the name alone; ansible-galaxy takes the version from requirements.yml"
        raise value.error(f"'{name}' cannot be the name of a role", hint=hint)
    return name


def _name_of_requirement(src: str) -> str:
    """The name that ansible-galaxy gives a role: the last part of its address."""
    parts = [part.strip() for part in src.split(",")]
    if len(parts) == 3:
        return parts[2]
    address = parts[0].partition("+")[2] or parts[0]
    if "://" not in address and "@" not in address:
        return address
    last = address.rpartition("/")[2]
    return last.removesuffix(".git").removesuffix(".tar.gz")


def _params(fields: Fields, reading: Reading, dependency: bool) -> dict[str, Any]:
    skipped = _KEYWORDS | (_REQUIREMENT if dependency and "src" in fields else frozenset())
    params: dict[str, Any] = {}
    for name, key in fields.keys.items():
        if name in skipped:
            continue
        if name in _OF_TASKS:
            hint = "use include_role or import_role in tasks for that"
            raise key.error(f"'{name}' is not a keyword of a role", hint=hint)
        check_variable_name(key)
        check_templates(fields[name], reading.templates)
        params[name] = fields[name].plain()
    return hide_secrets(params)
