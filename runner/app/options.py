"""What a person asked for on the command line, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FORKS_CAP = 100
"""The most hosts worked on at once unless ``-f`` says otherwise: beyond that one process only
queues, and as many logons at once are hard on domain controllers."""


@dataclass(frozen=True, slots=True)
class View:
    """How to show it."""

    verbosity: int = 0
    diff: bool = False
    json_file: str | None = None
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class RunOptions:
    """``runner run``: which playbook, on which hosts, with what."""

    playbook: Path
    inventory: tuple[Path, ...]
    limit: str | None = None
    extra: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    start_at_task: str | None = None
    forks: int | None = None
    check: bool = False
    detailed_exitcode: bool = False
    password: str | None = None
    view: View = View()


@dataclass(frozen=True, slots=True)
class RollbackOptions:
    """``runner rollback``: which run, on which of its hosts."""

    run: str
    inventory: tuple[Path, ...] = ()
    limit: str | None = None
    extra: tuple[str, ...] = ()
    forks: int | None = None
    check: bool = False
    detailed_exitcode: bool = False
    irreversible: bool = False
    restart: bool = False
    password: str | None = None
    view: View = View()
