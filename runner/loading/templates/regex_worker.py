"""Regular expressions, evaluated here or in a process of their own that can be ended.

Imports nothing but the standard library: it is also run as a program, which answers each line of
JSON on its standard input with one on its standard output.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any


def evaluate(action: str, pattern: str, flags: int, text: str, more: list[Any], limit: int) -> Any:
    """What one regular expression gives.

    ``action`` is ``matches`` (``more``: search, match or fullmatch; yes or no), ``search`` (more:
    the wanted groups; None without a match), ``findall``, or ``sub`` (more: the replacement and
    how often at most; the text and how often it was replaced). Raises re.error, IndexError, and
    ValueError for more than ``limit`` characters or elements.
    """
    compiled = re.compile(pattern, flags)
    if action == "matches":
        return bool(getattr(compiled, more[0])(text))
    if action == "search":
        found = compiled.search(text)
        if found is None:
            return None
        return [found.group(group) for group in more] if more else found.group()
    if action == "findall":
        return _bounded_findall(compiled, text, limit)
    return _bounded_sub(compiled, text, more[0], more[1], limit)


def _bounded_findall(compiled: re.Pattern[str], text: str, limit: int) -> list[Any]:
    found: list[Any] = []
    for match in compiled.finditer(text):
        groups = match.groups("")
        found.append(list(groups) if len(groups) > 1 else groups[0] if groups else match.group())
        if len(found) > limit:
            raise ValueError(f"finds more than {limit:,} matches")
    return found


def _bounded_sub(
    compiled: re.Pattern[str], text: str, replacement: str, count: int, limit: int
) -> list[Any]:
    references = replacement.count("\\")
    size = len(text)
    for number, match in enumerate(compiled.finditer(text), 1):
        size += len(replacement)
        if references:
            size += references * sum(end - begin for begin, end in match.regs)
        if size > limit:
            raise ValueError(f"gives more than {limit:,} characters")
        if number == count:
            break
    return list(compiled.subn(replacement, text, count=count))


def main() -> None:
    """Answer questions until there are no more."""
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"value": evaluate(**json.loads(line))}
        except (re.error, LookupError, ValueError, RecursionError, OverflowError) as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
