"""A value that must never be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, Final

MASK: Final = "********"


class Secret:
    """Wraps a secret so that printing, formatting or logging it shows a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: call this only where it is used."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


SECRET_VARIABLES: Final = frozenset(
    {
        "ansible_password",
        "ansible_winrm_password",
        "ansible_winrm_pass",
        "ansible_ssh_pass",
        "ansible_ssh_password",
        "ansible_become_password",
        "ansible_become_pass",
        "ansible_psrp_password",
        "ansible_winrm_cert_key_password",
    }
)
"""Inventory variables whose value is a secret by its name (Ansible's names)."""


_SILENT: Final = frozenset({type(None), bool, int, float})
"""Types that never hold a text."""

_SPECIAL_FOR_CMD: Final = re.compile(r'[&|<>()^!%"]|(?<=%).', re.DOTALL)


_HIDING: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
    "|\x9b[0-?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad]"
    "|[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""What is not seen on a terminal, and can stand in the middle of a secret."""
_HIDES: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""One of the characters of which each of these holds at least one: much quicker to look for."""


def _forms(secret: str) -> set[str]:
    """The secret, and what it looks like inside a quoted text."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.replace("'", "''"),
        secret.replace('"', '""'),
        secret.replace('"', r"\""),
        secret.replace("'", """'"'"'"""),
        secret.replace("%", "%%"),
        _with_carets(secret),
        _with_carets(re.sub(r'(\\*)"', r'\1\1\\"', secret)),
        secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    }


def _with_carets(text: str) -> str:
    """As cmd wants it: a caret before each character that it acts on, and behind a percent sign."""
    return _SPECIAL_FOR_CMD.sub(r"^\g<0>", text)


class Redactor:
    """Masks every known secret in texts and in nested values that are about to be shown or kept.

    A secret is masked in the forms, too, in which quoting for JSON, a shell or XML leaves it; and
    of one with several lines each line that is long enough to be told from other text. One that
    only shows when a terminal's escape sequences, control characters or characters without a width
    are taken out is masked, too: a report takes them out. Thread-safe.
    """

    _SHORTEST = 4
    _SHORTEST_LINE = 8

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._learned: set[str] = set()
        self._lock = Lock()
        self.told: Callable[[Sequence[str]], None] | None = None
        """Gets what it learns, for whoever masks elsewhere."""
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Learn more secrets. Longer ones are masked first, so that no tail of one stays."""
        if self._learned.issuperset(secrets):
            return  # each host tells its password, and mostly it is one for all
        new = {
            form
            for secret in map(str, secrets)
            for text in (secret, secret.strip(), *self._lines(secret))
            if len(text) >= self._SHORTEST
            for form in _forms(text)
        }
        with self._lock:
            if new.issubset(self._secrets):
                self._learned.update(secrets)
                return
            known = {*self._secrets, *new}
            self._secrets = tuple(sorted(known, key=lambda s: (-len(s), s)))
            self._learned.update(secrets)  # from here on they are masked
        if self.told is not None:
            self.told(secrets)

    def _lines(self, secret: str) -> list[str]:
        lines = [line.strip() for line in secret.splitlines()]
        return [line for line in lines if len(line) >= self._SHORTEST_LINE]

    def text(self, text: str) -> str:
        """The text with each secret replaced by the mask."""
        text = self._masked(text)
        if self._secrets and not text.isprintable() and _HIDES.search(text):
            bare = _HIDING.sub("", text)
            if any(secret in bare for secret in self._secrets):
                return self._masked(bare)
        return text

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    @property
    def longest(self) -> int:
        """Characters of the longest text that it masks."""
        return len(self._secrets[0]) if self._secrets else 0

    def unfinished(self, text: str, end: int) -> int:
        """The place up to ``end``, at the most, where a secret of several lines begins of which
        the rest may be behind ``end``: what comes before it can be masked without the rest."""
        for secret in self._secrets:
            first, line_end, _ = secret.partition("\n")
            at = text.find(first) if line_end else -1
            while 0 <= at < end:
                if at + len(secret) > end and secret.startswith(text[at:end]):
                    end = at
                at = text.find(first, at + 1)
        return end

    def value(self, value: object) -> object:
        """The same for strings inside mappings and sequences; a Secret becomes the mask.

        What has nothing to hide comes back as it is.
        """
        return value if self.is_clean(value) else self._cleaned(value)

    def is_clean(self, value: object) -> bool:
        """Whether there is surely nothing to mask in it.

        That is so nearly always. All its strings at once are looked through in a fraction of the
        time that each of them takes; what is found then may also be where two of them meet.
        """
        texts: list[str] = []
        if not _gather(value, texts):
            return False
        if not self._secrets:
            return True
        text = " ".join(texts)
        for secret in self._secrets:
            if secret in text:
                return False
        return text.isprintable() or not _HIDES.search(text)

    def _cleaned(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case Secret():
                return MASK
            case dict():
                return {self._cleaned(k): self._cleaned(v) for k, v in value.items()}
            case list():
                return [self._cleaned(v) for v in value]
            case tuple():
                return tuple(self._cleaned(v) for v in value)
        return value


def _gather(value: object, texts: list[str]) -> bool:
    """Collect the strings of nested values; False when there is a Secret among them."""
    waiting: list[Iterable[Any]] = [(value,)]
    for group in waiting:  # what is appended meanwhile is visited, too
        for one in group:
            kind = type(one)
            if kind is str:
                texts.append(one)
            elif kind is dict:
                waiting += (one, one.values())
            elif kind is list or kind is tuple:
                waiting.append(one)
            elif kind not in _SILENT and not _look_into(one, texts, waiting):
                return False
    return True


def _look_into(value: object, texts: list[str], waiting: list[Iterable[Any]]) -> bool:
    """Note what is inside of it for later; False when it is a Secret."""
    if isinstance(value, dict):
        waiting += (value, value.values())
    elif isinstance(value, list | tuple):
        waiting.append(value)
    elif isinstance(value, str):
        texts.append(value)
    return not isinstance(value, Secret)
