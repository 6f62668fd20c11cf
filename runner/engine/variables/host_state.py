"""What a run has learned about its hosts, and for how long it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.engine.variables.layers import LiveDict
from runner.engine.variables.spool import Spool, is_worth
from runner.model.source import Source

MANY: Final = 500
"""Hosts from which on it is worth while to find out whether they can be forgotten."""


@dataclass(slots=True)
class HostState:
    """What a run has learned about one host. Used by one worker at a time.

    What belongs to one play is kept under the play's place (``Play.source``).
    """

    facts: dict[str, Any] = field(default_factory=dict)
    """Under the names that templates use: ansible_facts and ansible_*."""
    registered: dict[str, Any] = field(default_factory=dict)
    """``set_fact`` and ``register``."""
    notified: set[str] = field(default_factory=set)
    ended: dict[Source, str] = field(default_factory=dict)
    """Plays of which no further task runs here, and why (meta: end_host)."""
    included: dict[str, Any] = field(default_factory=dict)
    """``include_vars``."""
    failed: bool = False
    """Whether a task failed here that nobody rescued or ignored."""
    role_defaults: dict[Source, dict[str, Any]] = field(default_factory=dict)
    """Defaults of roles that were included with ``public``."""
    role_vars: dict[Source, dict[str, Any]] = field(default_factory=dict)
    vars_files: dict[Source, dict[str, Any]] = field(default_factory=dict)
    """``vars_files`` of a play whose names were known on this host only."""


class HostStates(dict[str, HostState]):
    """The states of all hosts. ``private`` says whether surely no host ever looks at what the run
    has learned about another; it may take its time."""

    def __init__(self, spool: Spool, private: Callable[[], bool]) -> None:
        super().__init__()
        self._spool = spool
        self._private = private
        self._forgets: bool | None = None

    def register(
        self, state: HostState, known: Mapping[str, Any], may_leave: Callable[[], bool]
    ) -> None:
        """Let later tasks of a host see these. What is large is kept on the disk, if it
        ``may_leave`` the memory."""
        for name, value in known.items():
            kept = self._spool.keep(value) if is_worth(value) and may_leave() else None
            if kept is None:
                state.registered[name] = value
                continue
            if type(state.registered) is not LiveDict:
                state.registered = LiveDict(state.registered)
            state.registered[name] = kept

    def done(self, host: str) -> bool:
        """Only others can still ask about this host. In a large fleet it is forgotten, if they do
        not; says whether."""
        if self._forgets is None:
            if len(self) < MANY:
                return False
            self._forgets = self._private()
        if self._forgets:
            self.pop(host, None)
        return self._forgets
