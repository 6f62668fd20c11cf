"""Limits on what a report keeps of one job, so that memory grows with jobs, not with output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from runner.events import JobFinished
from runner.model.job import Outcome
from runner.model.state import Difference

_SHORT: Final = 4_000
_LONG: Final = 16_000
_MOST_COMMANDS: Final = 50
_MOST_DIFFERENCES: Final = 100
_MOST_ITEMS: Final = 500
_MOST_WARNINGS: Final = 20
_DEEPEST: Final = 12


@dataclass(slots=True)
class _Budget:
    """Characters that may still be kept."""

    left: int

    def take(self, text: str) -> str:
        kept = bounded_text(text, max(0, self.left))
        self.left -= len(kept)
        return kept


def bounded_text(text: str, most: int) -> str:
    """The text, or its first ``most`` characters and how many are missing."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} characters more)"


def bounded_value(value: Any, most: int) -> Any:
    """A nested value with at most about ``most`` characters in all; plain values stay as is."""
    return _bounded(value, _Budget(most), 0)


def _bounded(value: Any, budget: _Budget, depth: int) -> Any:
    if isinstance(value, str):
        return budget.take(value)
    if isinstance(value, bytes | bytearray):
        kept = bytes(value[: max(0, budget.left)])
        budget.left -= len(kept)
        return kept
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return "…"
        kept_items: dict[Any, Any] = {}
        for key, inner in value.items():
            budget.left -= len(str(key)) + 4
            if budget.left <= 0:
                kept_items["…"] = f"{len(value) - len(kept_items):,} keys more"
                break
            kept_items[key] = _bounded(inner, budget, depth + 1)
        return kept_items
    if isinstance(value, Sequence | Set) and not isinstance(value, range):
        return _bounded_list(value, budget, depth)
    budget.left -= 8
    return value


def _bounded_list(value: Sequence[Any] | Set[Any], budget: _Budget, depth: int) -> Any:
    if depth >= _DEEPEST:
        return "…"
    kept: list[Any] = []
    for inner in value:
        budget.left -= 2
        if budget.left <= 0:
            kept.append(f"… ({len(value) - len(kept):,} more)")
            break
        kept.append(_bounded(inner, budget, depth + 1))
    return kept if isinstance(value, list) else tuple(kept)


def bounded_outcome(outcome: Outcome, *, results: bool) -> Outcome:
    """The outcome as a report keeps it; without ``results``, what ``register`` sees is left out."""
    return outcome.having(
        message=bounded_text(outcome.message, _SHORT),
        advice=bounded_text(outcome.advice, _SHORT),
        differences=tuple(
            Difference(d.field, bounded_value(d.before, _LONG), bounded_value(d.after, _LONG))
            for d in outcome.differences[:_MOST_DIFFERENCES]
        ),
        commands=_commands(outcome.commands),
        result=bounded_value(outcome.result, _LONG) if results else {},
        items=_items(outcome.items, results=results),
        warnings=_warnings(outcome),
    )


def without_results(event: JobFinished) -> JobFinished:
    """The same without what ``register`` sees, for listeners none of whom shows it."""
    outcome = event.outcome
    if not outcome.result and not outcome.items:
        return event
    items = tuple([item.having(result={}) for item in outcome.items])
    return JobFinished(event.job, outcome.having(result={}, items=items), event.time)


def _warnings(outcome: Outcome) -> tuple[str, ...]:
    kept = tuple(bounded_text(text, _SHORT) for text in outcome.warnings[:_MOST_WARNINGS])
    if len(outcome.items) > _MOST_ITEMS:
        kept += (f"{len(outcome.items) - _MOST_ITEMS:,} loop items are left out of the reports",)
    return kept


def _commands(commands: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(bounded_text(text, _SHORT) for text in commands[:_MOST_COMMANDS])
    if len(commands) > _MOST_COMMANDS:
        kept += (f"… ({len(commands) - _MOST_COMMANDS:,} commands more)",)
    return kept


def _items(items: Sequence[Outcome], *, results: bool) -> tuple[Outcome, ...]:
    """A loop's outcomes: when there are too many, those in trouble are kept first."""
    if len(items) > _MOST_ITEMS:
        by_need = sorted(range(len(items)), key=lambda i: (not items[i].status.is_trouble, i))
        items = [items[i] for i in sorted(by_need[:_MOST_ITEMS])]
    return tuple(bounded_outcome(item, results=results) for item in items)
