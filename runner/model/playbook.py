"""Playbook, Play, Task, Need: what a person wrote, with its place, before any host is known.

Values that may hold templates (``args``, ``vars``, ``loop``, conditions) are kept as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runner.model.source import Source

FREE_FORM = "_raw_params"
"""The key under which a free-form argument string stands in ``Task.args`` (Ansible's name)."""


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
class Task:
    """One task or handler as written.

    ``module`` is the short canonical name. ``args`` are raw (templates unrendered); a free-form
    string stands under FREE_FORM. ``arg_sources`` gives the place of each argument by its key.
    ``conditions`` are the entries of ``when`` (all must hold). ``needs`` None means: after the
    task before it on the same host.
    """

    name: str
    module: str
    args: Mapping[str, Any]
    source: Source
    arg_sources: Mapping[str, Source] = field(default_factory=dict)
    id: str | None = None
    conditions: tuple[str, ...] = ()
    loop: Any = None
    loop_var: str = "item"
    loop_label: str | None = None
    index_var: str | None = None
    register: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    needs: tuple[Need, ...] | None = None
    notify: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()
    changed_when: tuple[str, ...] | None = None
    failed_when: tuple[str, ...] | None = None
    until: tuple[str, ...] | None = None
    retries: int | None = None
    delay: float = 5.0
    ignore_errors: bool = False
    ignore_unreachable: bool = False
    no_log: bool = False
    check_mode: bool | None = None
    timeout: float | None = None
    rollback: bool = True


@dataclass(frozen=True, slots=True)
class Play:
    """A host pattern and what to do there, in order."""

    name: str
    hosts: str
    source: Source
    hosts_source: Source
    id: str | None = None
    tasks: tuple[Task, ...] = ()
    handlers: tuple[Task, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    gather_facts: bool = True
    linear: bool = False
    needs: tuple[Need, ...] | None = None
    tags: frozenset[str] = frozenset()
    ignore_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Playbook:
    """A file of plays. ``digest`` is the SHA-256 of all files it was read from."""

    path: str
    plays: tuple[Play, ...]
    digest: str
