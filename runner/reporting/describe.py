"""Values, differences, reasons and commands in words; shared by all reports for people."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from runner.model.job import Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting.statuses import is_handled
from runner.reporting.text import clean, clip, one_line

ARROW: Final = "->"
_SHORT_VALUE: Final = 60
_MOST_DIFF_LINES: Final = 40


def show_value(value: Any, *, quoted: bool = False) -> str:
    """A state's value on one line; strings are quoted only where they could be misread."""
    if value is UNKNOWN:
        return repr(UNKNOWN)
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return _show_string(value, quoted=quoted)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray):
        return f"hex:{bytes(value[:32]).hex(' ')}" + (" …" if len(value) > 32 else "")
    if isinstance(value, Mapping):
        inner = (f"{one_line(str(k))}: {show_value(v, quoted=True)}" for k, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, Set):
        return "[" + ", ".join(sorted(show_value(v) for v in value)) + "]"
    if isinstance(value, Sequence):
        return "[" + ", ".join(show_value(v) for v in value) + "]"
    return one_line(str(value))


def _show_string(value: str, *, quoted: bool) -> str:
    shown = clean(value)
    plain = shown == value and shown and shown == shown.strip()
    if plain and not quoted and "\n" not in shown and "\t" not in shown:
        return shown
    return one_line(json.dumps(shown, ensure_ascii=False))


def show_pair(difference: Difference) -> tuple[str, str]:
    """Old and new, quoted when they would look alike (``"1"`` and ``1``)."""
    before, after = show_value(difference.before), show_value(difference.after)
    if before == after:
        before = show_value(difference.before, quoted=True)
        after = show_value(difference.after, quoted=True)
    return before, after


def is_text_block(difference: Difference) -> bool:
    """Whether a difference is better shown line by line: texts of more than one line."""
    values = (difference.before, difference.after)
    return all(value is None or isinstance(value, str) for value in values) and any(
        value is not None and "\n" in value for value in values
    )


def short_difference(difference: Difference) -> str:
    """``start_mode auto -> disabled`` on one line; texts of many lines become a count."""
    field = one_line(difference.field)
    if is_text_block(difference):
        added, removed = _count_lines(difference)
        return f"{field} +{added} -{removed} lines"
    before, after = show_pair(difference)
    return f"{field} {clip(before, _SHORT_VALUE)} {ARROW} {clip(after, _SHORT_VALUE)}"


def _lines_of(value: str | None) -> list[str]:
    return clean(value).expandtabs(4).splitlines() if value else []


def _count_lines(difference: Difference) -> tuple[int, int]:
    marks = [mark for mark, _ in _diff(difference, context=0)]
    return marks.count("+"), marks.count("-")


def _diff(difference: Difference, *, context: int) -> Iterator[tuple[str, str]]:
    old, new = _lines_of(difference.before), _lines_of(difference.after)
    unified = difflib.unified_diff(old, new, n=context, lineterm="")
    for number, text in enumerate(unified):
        if number >= 2:
            yield text[0], text[1:]


def text_diff(difference: Difference, *, most: int = _MOST_DIFF_LINES) -> list[tuple[str, str]]:
    """The lines of a text that differ, with context: (``+``, ``-``, space or ``@``, text)."""
    found = list(_diff(difference, context=3))
    if len(found) > most:
        hidden = len(found) - most
        found = [*found[:most], ("@", f"… {hidden} more lines")]
    return found


def summary(outcome: Outcome) -> str:
    """One line on what an outcome is about: the subject and its differences, or the reason."""
    parts: list[str] = []
    subject = one_line(outcome.subject)
    if outcome.differences:
        fields = "; ".join(short_difference(d) for d in outcome.differences)
        parts.append(f"{subject}: {fields}" if subject else fields)
    elif subject and outcome.status is not Status.SKIPPED:
        parts.append(subject)
    if reason := reason_of(outcome):
        parts.append(reason)
    if outcome.irreversible:
        parts.append(f"cannot be taken back: {one_line(outcome.irreversible)}")
    return "  ".join(parts)


def reason_of(outcome: Outcome) -> str:
    """Why: the message on one line; by which job it is blocked; what the playbook handles."""
    message = one_line(outcome.message)
    if is_handled(outcome):
        return f"{outcome.status.value}: {message}" if message else outcome.status.value
    if outcome.blocked_by is None:
        return message
    blocker = one_line(str(outcome.blocked_by))
    if blocker in message:
        return message
    return f"by {blocker}: {message}" if message else f"by {blocker}"


def advice_lines(advice: str) -> list[str]:
    """What to do next, marked as advice."""
    lines = clean(advice).expandtabs(4).splitlines()
    return [f"{'        ' if number else 'advice: '}{text}" for number, text in enumerate(lines)]


def command_lines(command: str) -> list[str]:
    """A command as it would be typed: ``$`` before its first line, ``>`` before the others."""
    lines = clean(command).expandtabs(4).splitlines() or [""]
    return [f"{'>' if number else '$'} {text}" for number, text in enumerate(lines)]


def result_lines(result: Mapping[str, Any], *, most: int = 200) -> list[str]:
    """What ``register`` sees, a key a line; texts of many lines follow their key."""
    lines: list[str] = []
    for key, value in result.items():
        name = one_line(str(key))
        if isinstance(value, str) and "\n" in value.strip():
            lines += [f"{name}:", *(f"  | {text}" for text in _lines_of(value.strip()))]
        elif name in ("stdout_lines", "stderr_lines") and name.removesuffix("_lines") in result:
            continue  # the same text again
        else:
            lines.append(f"{name}: {show_value(value)}")
    if len(lines) > most:
        lines = [*lines[:most], f"… {len(lines) - most} more lines"]
    return lines
