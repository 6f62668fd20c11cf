"""Permissions as text (SDDL): what a list of them says, and rights by their names.

Sources: Microsoft, "Security Descriptor String Format", "ACE Strings", "FileSystemRights Enum",
"icacls" (the specific rights).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SYNCHRONIZE: Final = 0x100000
FULL: Final = 0x1F01FF
RIGHTS: Final = {
    "readdata": 0x1, "listdirectory": 0x1, "writedata": 0x2, "createfiles": 0x2,
    "appenddata": 0x4, "createdirectories": 0x4, "readextendedattributes": 0x8,
    "writeextendedattributes": 0x10, "executefile": 0x20, "traverse": 0x20,
    "deletesubdirectoriesandfiles": 0x40, "readattributes": 0x80, "writeattributes": 0x100,
    "delete": 0x10000, "readpermissions": 0x20000, "changepermissions": 0x40000,
    "takeownership": 0x80000, "synchronize": SYNCHRONIZE, "fullcontrol": FULL, "read": 0x20089,
    "write": 0x116, "readandexecute": 0x200A9, "modify": 0x301BF,
}  # fmt: skip
"""Names of FileSystemRights in lower case -> bits."""
_SPECIFIC: Final = {
    "RD": 0x1, "WD": 0x2, "AD": 0x4, "REA": 0x8, "WEA": 0x10, "X": 0x20, "DC": 0x40, "RA": 0x80,
    "WA": 0x100, "DE": 0x10000, "RC": 0x20000, "WDAC": 0x40000, "WO": 0x80000, "S": SYNCHRONIZE,
}  # fmt: skip
"""icacls' words for single rights."""
_WORDS: Final = {
    "FA": FULL, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0,
    "GA": 0x10000000, "GX": 0x20000000, "GW": 0x40000000, "GR": 0x80000000,
    "RC": 0x20000, "SD": 0x10000, "WD": 0x40000, "WO": 0x80000,
    "CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80,
    "CR": 0x100, "KA": 0xF003F, "KR": 0x20019, "KW": 0x20006, "KX": 0x20019,
}  # fmt: skip
"""Rights as SDDL writes them."""
_GENERIC: Final = {0x10000000: FULL, 0x20000000: 0x1200A0, 0x40000000: 0x120116,
                   0x80000000: 0x120089}  # fmt: skip
_ACE: Final = re.compile(r"\(([^;()]*);([^;()]*);([^;()]*);[^;()]*;[^;()]*;([^;()]*)\)")
_FLAG: Final = re.compile("..")


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry: ``A`` allows, ``D`` denies; ``who`` is a SID or SDDL's short word for one."""

    kind: str
    flags: frozenset[str]
    rights: int
    who: str

    @property
    def inherited(self) -> bool:
        """Whether it comes from the folder above."""
        return "ID" in self.flags


def dacl(text: str) -> str:
    """The part of a descriptor about who may do what."""
    found = re.search(r"D:.*?(?=$|S:)", text.strip())
    return found[0] if found else ""


def is_protected(text: str) -> bool:
    """Whether what the folder above hands down is shut out."""
    return "P" in dacl(text).partition("(")[0].removeprefix("D:").replace("AI", "").replace(
        "AR", ""
    ).replace("NO_ACCESS_CONTROL", "")


def aces(text: str, generic: Mapping[int, int] = _GENERIC) -> tuple[Ace, ...]:
    """The entries of a descriptor's list; ``generic`` says what generic rights mean there."""
    return tuple(
        Ace(found[1], frozenset(_FLAG.findall(found[2])), _mask(found[3], generic), found[4])
        for found in _ACE.finditer(dacl(text))
    )


def _mask(text: str, generic: Mapping[int, int]) -> int:
    try:
        mask = int(text, 0) if text[:1].isdigit() else 0
    except ValueError:
        mask = 0
    if not mask:
        for word in _FLAG.findall(text):
            mask |= _WORDS.get(word, 0)
    for bit, means in generic.items():
        if mask & bit:
            mask = mask & ~bit | means
    return mask


def held(text: str, like: Ace) -> int:
    """The rights that entries of its own give or deny to the same one, in the same way."""
    mask = 0
    for ace in aces(text):
        if not ace.inherited and (ace.kind, ace.flags, ace.who) == (
            like.kind, like.flags, like.who,
        ):  # fmt: skip
            mask |= ace.rights
    return mask


def words(rights: int) -> str:
    """Rights as icacls takes them: ``(F)``, or one by one."""
    if rights == FULL:
        return "(F)"
    return f"({','.join(word for word, bit in _SPECIFIC.items() if rights & bit)})"


def flag_words(flags: Iterable[str]) -> str:
    """How an entry goes down to what is in a folder, as icacls takes it: ``(OI)(CI)``."""
    known = ("OI", "CI", "IO", "NP")
    return "".join(f"({flag})" for flag in known if flag in set(flags))
