"""One use of a role: what it is given, what its tasks see, and whether it is like another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.playbook.role_files import MAIN
from runner.loading.playbook.role_meta import OpenedRole
from runner.model.playbook import Role


@dataclass(frozen=True, slots=True)
class Given:
    """What one use of a role gives it, and which of its files it takes.

    ``own`` is what the keywords beside its name say; ``imported`` is for ``import_role``.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    own: Inherited = field(default_factory=Inherited)
    tasks_from: str = MAIN
    handlers_from: str = MAIN
    vars_from: str = MAIN
    defaults_from: str = MAIN
    imported: bool = False
    validate: bool = True


@dataclass(frozen=True, slots=True)
class UsedRole(Role):
    """A role as one use has it. ``handed_down`` are the defaults and vars that the roles which it
    brings in see of it: not those of its dependencies, and ``vars/main`` over the ``vars`` beside
    its name."""

    handed_down: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a role that surely comes before whatever is read after it."""

    key: tuple[Any, ...]
    role: Role
    inherited: Inherited


def used_role(opened: OpenedRole, given: Given, parent: Role | None) -> Role:
    """What the tasks of this use see: its own over what those that brought it in hand down."""
    outer = parent or Role("", "")
    handed = parent.handed_down if isinstance(parent, UsedRole) else (outer.defaults, outer.vars)
    dependencies: dict[str, Any] = {}
    exported: dict[str, Any] = {}
    for _, dependency in opened.dependencies:
        dependencies.update(dependency.all_defaults())
        exported.update(dependency.exported())
    return UsedRole(
        name=opened.folder.name,
        path=str(opened.folder.path.absolute()),
        defaults={**dependencies, **handed[0], **opened.defaults},
        vars={**handed[1], **exported, **opened.vars, **given.variables},
        params={**outer.params, **given.params},
        parents=() if parent is None else (parent, *parent.parents),
        handed_down=(
            {**handed[0], **opened.defaults},
            {**handed[1], **given.variables, **opened.vars},
        ),
    )


def without_outer_defaults(reading: Reading) -> dict[str, Any]:
    """A host's variables without those that are only the defaults of the role that asks."""
    outer = reading.role.defaults if reading.role else {}
    return {
        name: value
        for name, value in reading.static.items()
        if not (name in outer and value is outer[name])
    }


def use_key(opened: OpenedRole, given: Given) -> tuple[Any, ...]:
    """What makes two uses of a role the same for Ansible."""
    return (
        opened.folder.name,
        opened.folder.path.resolve(),
        repr(sorted(given.variables.items())),
        repr(sorted(given.params.items())),
        given.variables,
        given.params,
        given.own.conditions,
        given.own.tags,
        (given.tasks_from, given.handlers_from, given.vars_from, given.defaults_from),
        given.imported,
    )


def covers(earlier: Inherited, later: Inherited) -> bool:
    """Whether the earlier use runs on every host on which the later one would."""
    everywhere = earlier.run_once in (None, False) or earlier.run_once == later.run_once
    return (
        set(earlier.conditions) <= set(later.conditions)
        and everywhere
        and earlier.delegate_to == later.delegate_to
    )
