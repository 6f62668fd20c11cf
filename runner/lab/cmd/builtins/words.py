"""How the built-in commands take their arguments apart."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Words", "split_words"]


@dataclass(frozen=True, slots=True)
class Words:
    """Operands in order, and switches in lower case, such as `/s` or `/a-d`."""

    operands: tuple[str, ...]
    switches: frozenset[str]


def split_words(args: str) -> Words:
    """Operands without their quotes; a switch may follow another without a blank (`/f/q`)."""
    operands: list[str] = []
    switches: list[str] = []
    word, quoted = "", False
    words: list[str] = []
    for char in args:
        if char == '"':
            quoted = not quoted
            word += char
        elif not quoted and (char in " \t,;=" or (char == "/" and (not word or word[0] == "/"))):
            if word:
                words.append(word)
            word = "/" if char == "/" else ""
        else:
            word += char
    if word:
        words.append(word)
    for text in words:
        if text.startswith("/"):
            switches.append(text.lower())
        else:
            operands.append(text.replace('"', ""))
    return Words(tuple(operands), frozenset(switches))
