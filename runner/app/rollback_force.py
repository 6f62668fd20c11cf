"""``rollback --force``: put back what somebody changed since, when a person says so."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from runner.engine.undoing.undo import Undo, three_values

Ask = Callable[[str, Callable[[], bool]], str | None]
"""Puts a question to a person and gives the answer; None when nobody answers before the second
argument says that it is no longer wanted."""


class Forcing:
    """Asks for each conflict, on its host, one question at a time. Thread-safe.

    Without ``ask`` everything is put back: it was agreed to, or it is only a preview. Once
    ``stopped`` says so (Ctrl-C), nobody is asked, and nothing is put back.
    """

    def __init__(self, ask: Ask | None, stopped: Callable[[], bool] = lambda: False) -> None:
        self._ask = ask
        self._stopped = stopped
        self._lock = Lock()
        self._hosts: dict[str, bool] = {}
        """What was said about all the rest of a host."""

    def __call__(self, undo: Undo, found: Any) -> bool:
        """Whether to put this one back although ``found`` is neither before nor after."""
        if self._ask is None:
            return True
        host = undo.record.where
        with self._lock:
            if host in self._hosts:
                return self._hosts[host]
            question = (
                f"{host}: {undo.record.subject} was changed by somebody since\n"
                f"  {three_values(undo, found)}\n"
                "put it back all the same? [y]es, [n]o, [a]ll or n[o]ne of this host (default: no)"
            )
            if self._stopped():
                return False
            answer = (self._ask(question, self._stopped) or "").strip().lower()
            if answer in ("a", "all"):
                self._hosts[host] = True
            elif answer in ("o", "none"):
                self._hosts[host] = False
            return answer in ("y", "yes", "a", "all")
