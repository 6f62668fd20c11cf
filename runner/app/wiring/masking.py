"""Masking what is said outside of a run: errors in the input quote the very line that is wrong,
and a password may stand in it."""

from __future__ import annotations

import re
from typing import Final

from runner.model.secret import MASK, SECRET_VARIABLES, Redactor

_NAMES: Final = "|".join(sorted(map(re.escape, SECRET_VARIABLES), key=len, reverse=True))
_QUOTED: Final = r""" "(?:[^"\\]|\\.)*(?:"|$) | '(?:[^']|'')*(?:'|$) """
_ASSIGNED: Final = re.compile(rf"""\b(({_NAMES})=)(?!\s)({_QUOTED}|[^\s,}}]+)""", re.VERBOSE)
_MAPPED: Final = re.compile(
    rf"""(({_NAMES})["']?\s*:\s+)(?![|>{{]?\s*$)({_QUOTED}|[^\s].*)""", re.VERBOSE | re.MULTILINE
)
"""A password by the name of its variable: it may stand in a line that could not be read at all, so
that no redactor knows it. Everything behind it may belong to it."""

_known: list[Redactor] = []


def watch(redactor: Redactor) -> None:
    """From now on, mask what this redactor knows, too."""
    _known.append(redactor)


def forget() -> None:
    """Another command begins: what the last one knew is no more."""
    _known.clear()


def masked(text: str) -> str:
    """The text without any secret that is known, and without values of password variables."""
    for redactor in _known:
        text = redactor.text(text)
    text = _ASSIGNED.sub(_keep_name, text)
    return _MAPPED.sub(_keep_name, text)


def passwords_in(text: str) -> list[str]:
    """The values of password variables in a text that may be wrong somewhere else."""
    found = [match[3] for match in (*_ASSIGNED.finditer(text), *_MAPPED.finditer(text))]
    return [value.strip("\"'") for value in found]


def _keep_name(match: re.Match[str]) -> str:
    value = match[3]
    return match[0] if value.startswith(("{{", MASK, "!vault", '"{{', "'{{")) else match[1] + MASK
