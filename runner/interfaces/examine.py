"""Examining the way to a host, step by step: what ``runner doctor`` shows."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from runner.errors import TransportError


class Verdict(StrEnum):
    """What a step came to."""

    OK = "ok"
    NOTE = "note"
    """It works, and there is something to know."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """There is nothing to look at here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found. ``step`` is its name, ``title`` the question that it answers.

    ``advice`` says what it means and what to do next; ``data`` has the same for programs.
    ``seconds`` is how long it took; ``category`` the class of an error.
    """

    step: str
    title: str
    verdict: Verdict
    said: str
    advice: str = ""
    seconds: float = 0.0
    category: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_error(cls, step: str, title: str, error: TransportError) -> Finding:
        """A step that failed with one of our errors."""
        return cls(step, title, Verdict.FAILED, error.message, error.hint, category=error.category)


class Stopwatch:
    """Times the steps of one examination."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time this block."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds = time.monotonic() - begun

    def stamp(self, finding: Finding) -> Finding:
        """The finding with the time that the block took."""
        return replace(finding, seconds=self.seconds)


class Examinable(ABC):
    """A transport that can say where on the way to a host something is wrong."""

    @abstractmethod
    def examine(self, options: Any, *, timeout: float) -> Iterator[Finding]:
        """From the name to an open shell, each step on its own; ends after the first failure.

        ``timeout`` in seconds is for each step. Logs on once at most, and leaves nothing behind.
        Raises nothing that is the host's fault.
        """
