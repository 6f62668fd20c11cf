"""What hosts and tasks bring to the variables of a job: the parts that do not change in a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from runner.engine.variables.magic import host_magic
from runner.model import inventory
from runner.model.inventory import Host
from runner.model.playbook import Role, Task


class HostParts(NamedTuple):
    """A host's magic and inventory variables, the latter in parts so that none is copied."""

    magic: Mapping[str, Any]
    vars: tuple[Mapping[str, Any], ...]


class TaskParts(NamedTuple):
    """What a task and its roles bring along; of roles, the task's own comes first."""

    task: Task | None
    magic: Mapping[str, Any] | None
    params: tuple[Mapping[str, Any], ...]
    vars: tuple[Mapping[str, Any], ...]
    defaults: tuple[Mapping[str, Any], ...]


NO_TASK: Final = TaskParts(None, None, (), (), ())


def host_parts(host: Host, as_data: Callable[[Any], Any]) -> HostParts:
    """The parts of a host; what is magic in them is no template."""
    return HostParts(_marked(host_magic(host), as_data), inventory.parts_of(host.vars))


def _marked(magic: Mapping[str, Any], as_data: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: as_data(value) for name, value in magic.items()}


def roles_of(task: Task | None) -> tuple[Role, ...]:
    """The task's role and those that brought it in, the nearest first."""
    role = task.role if task else None
    return (role, *role.parents) if role else ()


def parts_of(task: Task) -> TaskParts:
    """The parts of a task."""
    roles = roles_of(task)
    return TaskParts(
        task,
        _task_magic(task, roles),
        tuple(role.params for role in roles),
        (task.vars, *(role.vars for role in roles)),
        tuple(role.defaults for role in roles),
    )


def _task_magic(task: Task, roles: tuple[Role, ...]) -> Mapping[str, Any]:
    # Where files are looked for: in the roles, the nearest first, then beside the task.
    folders = [*(role.path for role in roles), str(PurePath(task.source.file).parent)]
    magic: dict[str, Any] = {"ansible_search_path": list(dict.fromkeys(folders))}
    if roles:
        role, *parents = roles
        magic["role_name"] = role.name.rpartition(".")[2]
        magic["ansible_role_name"] = role.name
        magic["role_path"] = role.path
        if parents:
            magic["ansible_parent_role_names"] = [parent.name for parent in parents]
            magic["ansible_parent_role_paths"] = [parent.path for parent in parents]
    return magic
