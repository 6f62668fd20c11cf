"""Which Linux of the lab stands in for a Unix host, by the name that it goes by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DEFAULT_LINUX: Final = "debian-12"
"""What a host over SSH is taken for of which nothing is known."""
_ABSENT: Final = re.compile(
    r"suse|(?<![a-z])(sles|alpine|arch(linux)?|gentoo|aix|hp-?ux)(?![a-z])|bsd|solaris|sunos|macos"
)
_RED_HAT: Final = r"centos|red ?hat|rhel|(oracle|amazon|scientific) ?linux"
_NAMES: Final[tuple[tuple[str, str, bool], ...]] = (
    (r"ubuntu", "ubuntu-22.04", True),
    (r"debian|devuan|raspbian|linux ?mint", "debian-12", True),
    (rf"({_RED_HAT})[^0-9]*[5-7](?![0-9])", "centos-7", True),
    (rf"rocky|alma ?linux|fedora|{_RED_HAT}", "rocky-9", True),
    (r"linux|unix", DEFAULT_LINUX, False),
)
"""Names as people write them -> what the lab calls the system, and whether that is its kind."""


@dataclass(frozen=True, slots=True)
class Named:
    """``guessed``: the text only says that it is a Unix host."""

    os: str
    guessed: bool = False


def linux_named(text: str) -> Named | None:
    """The nearest system that the lab has; ``text`` is in small letters."""
    for pattern, os, is_its_kind in _NAMES:
        if re.search(pattern, text):
            return Named(os, not is_its_kind)
    return None


def no_linux_of(text: str) -> str:
    """Why a Unix of that name has no twin; empty where it may have one, or where it is none."""
    found = _ABSENT.search(text)
    return f"the lab does not have {found[0]}" if found else ""
