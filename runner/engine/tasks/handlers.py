"""Handlers: which of a play's handlers a host's tasks have called.

Source: Ansible, "Handlers: running operations on change": a handler is called by its name, by
``role : name``, or by a word that it listens to; of several with one name the last one counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from runner.engine.runtime import Runtime
from runner.errors import DependsOnUnknown, PlaybookError, TemplateError
from runner.model.playbook import Play
from runner.model.source import Source
from runner.model.task import Task


class Handlers:
    """The handlers that are called and have not run yet, on every host. Thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._called: dict[tuple[Source, str], dict[int, str]] = {}
        """By the handler's identity: empty, or the task on which it depends whether it is."""
        self._fixed: dict[Source, list[tuple[Task, frozenset[str]]] | None] = {}
        self._lock = threading.Lock()

    def require(self, play: Play, host: str, names: Iterable[str], source: Source) -> None:
        """Raises PlaybookError when a name calls nobody."""
        for name in names:
            if not self._find(play, host, name):
                known = ", ".join(f"'{handler.name}'" for handler in play.handlers)
                raise PlaybookError(
                    f"the task notifies '{name}', but no handler of the play has that name",
                    source=source,
                    hint=f"its handlers are: {known}" if known else "the play has no handlers",
                )

    def notify(self, play: Play, host: str, names: Iterable[str], perhaps: str = "") -> None:
        """Call handlers on this host; ``perhaps`` names a task that may, or may not, call them."""
        found = [handler for name in names for handler in self._find(play, host, name)]
        if not found:
            return
        with self._lock:
            called = self._called.setdefault((play.source, host), {})
            for handler in found:
                if not perhaps or id(handler) not in called:
                    called[id(handler)] = perhaps

    def is_called(self, play: Play, host: str, handler: Task) -> bool:
        """Whether a task of this host called this handler, or may have."""
        return id(handler) in self._called.get((play.source, host), {})

    def answer(self, play: Play, host: str, handler: Task) -> str:
        """Forget the call: the handler runs now. Gives the task on which it depends, if any."""
        with self._lock:
            return self._called.get((play.source, host), {}).pop(id(handler), "")

    def _find(self, play: Play, host: str, name: str) -> list[Task]:
        """The handlers that this name calls."""
        handlers = self._named(play, host)
        found: list[Task] = []
        for handler, names in reversed(handlers):
            if name in names:
                found.append(handler)
                break
        listening: set[str] = set()
        for handler, _ in reversed(handlers):
            if name in handler.listen and handler.name not in listening:
                listening.add(handler.name)
                found.append(handler)
        return found

    def _named(self, play: Play, host: str) -> list[tuple[Task, frozenset[str]]]:
        """The play's handlers with their names, which may depend on variables."""
        if play.source not in self._fixed:
            templated = any(self._runtime.templates.is_template(h.name) for h in play.handlers)
            fixed = None if templated else [(h, _names(h, h.name)) for h in play.handlers]
            self._fixed[play.source] = fixed
        known = self._fixed[play.source]
        return (
            known if known is not None else [self._rendered(play, host, h) for h in play.handlers]
        )

    def _rendered(self, play: Play, host: str, handler: Task) -> tuple[Task, frozenset[str]]:
        variables: Mapping[str, Any] = self._runtime.variables.of_task(host, play, handler)
        try:
            name = self._runtime.templates.render(handler.name, variables, handler.source)
        except (TemplateError, DependsOnUnknown):
            # It can still be called by what it listens to.
            return handler, frozenset()
        return handler, _names(handler, str(name))


def _names(handler: Task, name: str) -> frozenset[str]:
    if handler.role is None:
        return frozenset({name})
    return frozenset({name, f"{handler.role.name} : {name}"})
