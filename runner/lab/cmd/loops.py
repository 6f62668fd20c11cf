"""The variables of `for`: what a set names, and `%~ai`, `%~zi`, `%~dpi` of each item.

Source: `for /?`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from runner.lab.cmd.batch import split_batch_arguments
from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute, is_wild, parent_of
from runner.lab.state.process import Session

__all__ = ["for_items", "for_values", "for_words"]

_REFERENCE = re.compile(r"%(?:~([fdpnxsatzFDPNXSATZ]*))?([A-Za-z])")
_LETTERS = "DRAHSCOTL"


def for_items(text: str, letter: str, session: Session) -> list[dict[str, str]]:
    """The variable of `for` at each item: a text is itself, a wildcard the files that match."""
    items: list[str] = []
    for word in split_batch_arguments(text.replace("\n", " ")):
        if not is_wild(word):
            items.append(word)
            continue
        path = absolute(word.replace('"', ""), session.cwd)
        head = word.replace('"', "").rpartition("\\")[0]
        prefix = f"{head}\\" if head else ""
        with_names = session.host.files.match(path)
        items += [prefix + e.name for e in with_names if not e.is_dir and not e.is_hidden]
    return [{letter: item} for item in items]


def for_words(text: str, letter: str, tokens: int) -> list[dict[str, str]]:
    """The variables of `for /f` at each line of a text: words between blanks and tabs.

    Empty lines are passed over, and such as begin with a semicolon. What is missing is empty.
    """
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith(";"):
            continue
        said = [*words, *[""] * tokens][:tokens]
        found.append({chr(ord(letter) + number): word for number, word in enumerate(said)})
    return found


def for_values(text: str, variables: Mapping[str, str], session: Session) -> str:
    """The text with each variable of a `for` replaced by its item, or by what is asked of it."""

    def value(match: re.Match[str]) -> str:
        modifiers, letter = match[1], match[2]
        if letter not in variables:
            return match[0]
        item = variables[letter]
        return item if modifiers is None else _modified(item, modifiers.lower(), session)

    return _REFERENCE.sub(value, text)


def _modified(item: str, modifiers: str, session: Session) -> str:
    plain = item.removeprefix('"').removesuffix('"')
    if not modifiers:
        return plain
    path = absolute(plain, session.cwd)
    entry = session.host.files.find(path)
    if modifiers in ("a", "t", "z"):
        return "" if entry is None else _told(entry, modifiers, session)
    if set(modifiers) - set("fdpnx"):
        raise NotSimulated(f"cmd: %~{modifiers} of for")
    if "f" in modifiers:
        return path
    folder = parent_of(path)
    name, dot, ending = path.rpartition("\\")[2].rpartition(".")
    stem, suffix = (name, dot + ending) if dot else (ending, "")
    parts = {
        "d": path[:2],
        "p": folder[2:].rstrip("\\") + "\\",
        "n": stem,
        "x": suffix,
    }
    return "".join(part for key, part in parts.items() if key in modifiers)


def _told(entry: Entry, modifier: str, session: Session) -> str:
    if modifier == "z":
        return "0" if entry.is_dir else str(entry.size)
    if modifier == "t":
        return time.strftime("%m/%d/%Y %I:%M %p", time.localtime(entry.modified))
    shown = "".join(c.lower() if c in entry.attributes else "-" for c in _LETTERS)
    return shown + "--" * (session.host.profile.nt >= (6, 2))
