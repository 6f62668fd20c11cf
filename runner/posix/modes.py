"""Permissions of files: octal and symbolic modes, as chmod(1) and Ansible write them.

A number is taken as the number it is, as in Ansible: ``mode: 0644`` reaches us as 420, which is
octal 644. ``mode: 644`` without the zero is the number 644, octal 1204, which nobody means: such
a number is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PERMISSIONS: Final = 0o7777
PRESERVE: Final = "preserve"

_OCTAL: Final = re.compile(r"(?:0o)?[0-7]{1,5}")
_CLAUSE: Final = re.compile(r"(?P<who>[ugo]+|a|)(?P<actions>(?:[=+-][rwxXstugo]*)+)")
_ACTION: Final = re.compile(r"([=+-])([rwxXstugo]*)")
_SHIFT: Final = {"u": 6, "g": 3, "o": 0}
_BITS: Final = {"r": 4, "w": 2, "x": 1}
_SPECIAL: Final = {("u", "s"): 0o4000, ("g", "s"): 0o2000, ("o", "t"): 0o1000}
_OWN: Final = {"u": 0o4700, "g": 0o2070, "o": 0o1007}


@dataclass(frozen=True, slots=True)
class Mode:
    """A wanted mode: ``fixed``, or ``symbolic`` clauses that start from the present one."""

    fixed: int | None = None
    symbolic: str = ""

    def of(self, present: int, *, is_folder: bool, umask: int) -> int:
        """The mode that something with the mode ``present`` shall have."""
        if self.fixed is not None:
            return self.fixed
        mode = present & PERMISSIONS
        for clause in self.symbolic.split(","):
            mode = _apply(clause, mode, is_folder, umask)
        return mode


def parse(value: object) -> Mode:
    """The mode that a playbook writes. Raises ValueError for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Mode(_number(value))
    text = value.strip() if isinstance(value, str) else repr(value)
    if _OCTAL.fullmatch(text):
        number = int(text.removeprefix("0o"), 8)
        if number > PERMISSIONS:
            raise ValueError(f"'{text}' is more than 7777")
        return Mode(number)
    for clause in text.split(","):
        if not _CLAUSE.fullmatch(clause):
            raise ValueError(
                f"'{text}' is no mode: write an octal number in quotes, such as '0644', "
                "or symbolic: u=rw,g=r,o=r"
            )
    return Mode(symbolic=text)


def octal(mode: int) -> str:
    """A mode as Ansible shows it: ``0644``."""
    return f"{mode & PERMISSIONS:04o}"


def _number(value: int) -> int:
    digits = str(value)
    if value < 0 or value > PERMISSIONS:
        raise ValueError(f"{digits} is no mode: write it in quotes, such as '0644'")
    # Above 0777 there are special bits; a decimal number that looks octal was meant to be octal.
    if value > 0o777 and len(digits) == 3 and _OCTAL.fullmatch(digits):
        raise ValueError(
            f"{digits} is a decimal number here, octal {value:o}: write it in quotes, '0{digits}'"
        )
    return value


def _apply(clause: str, mode: int, is_folder: bool, umask: int) -> int:
    match = _CLAUSE.fullmatch(clause)
    assert match is not None  # checked by parse
    masked = not match["who"]
    who = "ugo" if match["who"] in ("", "a") else match["who"]
    for operator, letters in _ACTION.findall(match["actions"]):
        for one in who:
            bits = _bits(one, letters, mode, is_folder, umask if masked else 0)
            if operator == "=":
                mode = mode & ~_OWN[one] | bits
            elif operator == "+":
                mode |= bits
            else:
                mode &= ~bits
    return mode


def _bits(who: str, letters: str, mode: int, is_folder: bool, umask: int) -> int:
    shift = _SHIFT[who]
    bits = 0
    for letter in letters:
        if letter in _BITS:
            bits |= (_BITS[letter] << shift) & ~umask
        elif letter == "X":
            bits |= (1 << shift) if is_folder or mode & 0o111 else 0
        elif letter in _SHIFT:
            bits |= ((mode >> _SHIFT[letter]) & 7) << shift
        else:
            bits |= _SPECIAL.get((who, letter), 0)
    return bits
