"""Task and Block: what a person wrote to be done, with its place, before any host is known.

Values that may hold templates (``args``, ``vars``, loops, conditions) are kept as written. What
plays, blocks, roles and imports hand down is already part of each task here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from runner.model.source import Source

FREE_FORM = "_raw_params"
"""The key under which a free-form argument string stands in ``Task.args`` (Ansible's name)."""

WHOLE = "_variable_params"
"""The key under which templates of whole mappings stand in ``Task.args`` (Ansible's name): a list,
whose later ones win. What stands before this key is weaker than they are, what follows stronger."""

Flag: TypeAlias = bool | str
"""Yes or no, or the template that says so on a host."""
Number: TypeAlias = float | str
"""A number, or the template that gives it on a host."""


class NeedState(StrEnum):
    """What a need asks of the job it names."""

    OK = "ok"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Need:
    """One entry of ``needs:``.

    ``target`` is the ``id`` of a task or play. ``hosts`` is a host pattern; None means the same
    host. The needer waits until the target is done on all of those hosts.
    """

    target: str
    source: Source
    hosts: str | None = None
    state: NeedState = NeedState.OK


@dataclass(frozen=True, slots=True)
class Loop:
    """What a task goes over, and what it calls each element.

    ``kind`` is ``loop`` or the name behind ``with_`` (``items``, ``dict``, ``nested``...);
    ``terms`` is what stood there, unrendered.
    """

    kind: str
    terms: Any
    source: Source
    var: str = "item"
    index_var: str | None = None
    label: Any = None
    pause: Number = 0.0
    """Seconds between two elements."""
    extended: Flag = False
    """Whether ``ansible_loop`` is there."""
    extended_allitems: Flag = True
    break_when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Become:
    """``become`` and its relatives; None is: not said here."""

    active: Flag | None = None
    user: str | None = None
    method: str | None = None
    flags: str | None = None
    exe: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """Where the playbook overrides how the inventory says that a host is reached."""

    connection: str | None = None
    user: str | None = None
    port: Number | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """The role that a task belongs to. Shared by all tasks of one use of the role.

    ``defaults`` are the weakest variables of all; ``vars`` (vars/main and the ``vars`` beside its
    name) are above a play's; ``params`` (other words beside its name) are above ``set_fact``.
    ``parents`` are the roles that brought it in, the nearest first.
    """

    name: str
    path: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[Role, ...] = ()


class IncludeKind(StrEnum):
    """What an include brings in while the run goes on."""

    TASKS = "include_tasks"
    ROLE = "include_role"


@dataclass(frozen=True, slots=True)
class Include:
    """A task that stands for others, which are found on each host when its turn comes.

    The task's ``args`` name the file or role (and ``tasks_from`` and so on). ``apply`` is what
    ``apply:`` hands down, an opaque value of the loader's. ``chain`` are the files that led here.
    """

    kind: IncludeKind
    apply: Any = None
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One task or handler as written.

    ``module`` is the short canonical name. ``args`` are raw (templates unrendered); a free-form
    string stands under FREE_FORM. ``arg_sources`` gives the place of each argument by its key.
    ``conditions`` are the entries of ``when`` (all must hold). ``needs`` None means: after the
    task before it on the same host. ``vars`` are those of blocks, imports and its own, the inner
    over the outer. ``environment`` holds mappings and templates of mappings, the outer first.
    ``async_seconds`` is how long a detached command may run; ``poll`` 0 does not wait for it.
    ``undo`` is what takes this task back, in the user's words.
    """

    name: str
    module: str
    args: Mapping[str, Any]
    source: Source
    arg_sources: Mapping[str, Source] = field(default_factory=dict)
    id: str | None = None
    conditions: tuple[str, ...] = ()
    loop: Loop | None = None
    register: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    needs: tuple[Need, ...] | None = None
    notify: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()
    changed_when: tuple[str, ...] | None = None
    failed_when: tuple[str, ...] | None = None
    until: tuple[str, ...] | None = None
    retries: Number | None = None
    delay: Number = 5.0
    ignore_errors: Flag = False
    ignore_unreachable: Flag = False
    any_errors_fatal: Flag = False
    no_log: Flag = False
    check_mode: Flag | None = None
    diff: Flag | None = None
    timeout: Number | None = None
    rollback: bool = True
    run_once: Flag = False
    throttle: int = 0
    delegate_to: str | None = None
    delegate_facts: Flag = False
    environment: tuple[Any, ...] = ()
    become: Become = field(default_factory=Become)
    way: Way = field(default_factory=Way)
    async_seconds: Number | None = None
    poll: Number = 10.0
    role: Role | None = None
    include: Include | None = None
    undo: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Tasks that are rescued, followed up, named or ordered together.

    A block that only hands keywords down is not kept: its tasks stand in its place.
    """

    name: str
    source: Source
    block: tuple[Entry, ...]
    rescue: tuple[Entry, ...] = ()
    always: tuple[Entry, ...] = ()
    id: str | None = None
    needs: tuple[Need, ...] | None = None


Entry: TypeAlias = Task | Block
"""What a list of tasks is made of."""


def tasks_in(entries: Iterable[Entry]) -> Iterator[Task]:
    """Every task at every depth, in the order in which they are written."""
    for entry in entries:
        if isinstance(entry, Task):
            yield entry
        else:
            yield from tasks_in((*entry.block, *entry.rescue, *entry.always))
