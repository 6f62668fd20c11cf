"""Play and Playbook: which tasks go to which hosts, as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from runner.model.source import Source
from runner.model.task import (
    FREE_FORM,
    Become,
    Block,
    Entry,
    Flag,
    Include,
    IncludeKind,
    Loop,
    Need,
    NeedState,
    Number,
    Role,
    Task,
    Way,
    tasks_in,
)

__all__ = [
    "FREE_FORM", "BatchSize", "Become", "Block", "Entry", "Flag", "Include", "IncludeKind", "Loop",
    "Need", "NeedState", "Number", "OnFailure", "Order", "Play", "Playbook", "Prompt", "Role",
    "Task", "VarsFile", "Way", "tasks_in",
]  # fmt: skip


class OnFailure(StrEnum):
    """What a play does when a host fails in it (``on_failure``)."""

    CONTINUE = "continue"
    STOP = "stop"
    ROLLBACK = "rollback"
    ROLLBACK_ALL = "rollback_all"


class Order(StrEnum):
    """In which order a play takes its hosts (``order``)."""

    INVENTORY = "inventory"
    REVERSE_INVENTORY = "reverse_inventory"
    SORTED = "sorted"
    REVERSE_SORTED = "reverse_sorted"
    SHUFFLE = "shuffle"


BatchSize: TypeAlias = int | float
"""How many hosts: an int counts them, a float is a share of the play's hosts (0.1 is 10 %)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry of ``vars_prompt``: a variable that a person is asked for before the run."""

    name: str
    source: Source
    text: str
    private: bool = True
    default: str | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class VarsFile:
    """An entry of ``vars_files`` whose name is known on a host only: of ``names`` (templates) the
    first file that exists."""

    names: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Play:
    """A host pattern and what to do there, in order.

    ``vars`` holds ``vars`` and the ``vars_files`` that are known before the run; ``vars_files``
    those that are not. ``role_defaults`` and ``role_vars`` are what its roles show to all its
    tasks. ``serial`` and ``canary`` are the sizes of batches in order, the last one repeated.
    ``max_fail_percentage`` (0 to 100) is of a batch's hosts; None means that no number of failed
    hosts stops it. ``max_in_flight`` says for each value of a host variable how many hosts may be
    in this play at once. ``become``, ``way`` and ``environment`` are for gathering facts: tasks
    have them already.
    """

    name: str
    hosts: str
    source: Source
    hosts_source: Source
    id: str | None = None
    tasks: tuple[Entry, ...] = ()
    handlers: tuple[Task, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    vars_files: tuple[VarsFile, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    role_defaults: Mapping[str, Any] = field(default_factory=dict)
    role_vars: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    gather_facts: Flag = True
    gather_subset: tuple[str, ...] = ()
    gather_timeout: float | None = None
    linear: bool = False
    needs: tuple[Need, ...] | None = None
    tags: frozenset[str] = frozenset()
    ignore_unreachable: Flag = False
    serial: tuple[BatchSize, ...] = ()
    canary: tuple[BatchSize, ...] = ()
    order: Order = Order.INVENTORY
    any_errors_fatal: Flag = False
    max_fail_percentage: float | None = None
    max_in_flight: Mapping[str, int] = field(default_factory=dict)
    on_failure: OnFailure = OnFailure.CONTINUE
    force_handlers: Flag = False
    become: Become = field(default_factory=Become)
    way: Way = field(default_factory=Way)
    environment: tuple[Any, ...] = ()

    def all_tasks(self) -> Iterator[Task]:
        """Every task and handler at every depth."""
        yield from tasks_in(self.tasks)
        yield from self.handlers


@dataclass(frozen=True, slots=True)
class Playbook:
    """A file of plays. ``digest`` is the SHA-256 of all files it was read from."""

    path: str
    plays: tuple[Play, ...]
    digest: str

    def all_tasks(self) -> Iterator[Task]:
        """Every task and handler of every play."""
        for play in self.plays:
            yield from play.all_tasks()
