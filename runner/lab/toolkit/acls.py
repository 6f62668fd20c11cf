"""Permissions of a file as SDDL, as far as icacls shows and changes them.

Source: Microsoft, "Security Descriptor String Format", "ACE Strings", "SID Strings" and "icacls".
What a directory hands down is not kept: an entry without permissions of its own has none written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["INHERITED", "Ace", "Acl", "grant_words", "parse_acl", "rights_text"]

INHERITED = "D:AI"
"""What is written for an entry that has only what its directory hands down."""
_SIDS = {
    "SY": "S-1-5-18", "LS": "S-1-5-19", "NS": "S-1-5-20", "BA": "S-1-5-32-544",
    "BU": "S-1-5-32-545", "BG": "S-1-5-32-546", "AU": "S-1-5-11", "WD": "S-1-1-0",
    "CO": "S-1-3-0", "PU": "S-1-5-32-547",
}  # fmt: skip
_FULL = 0x1F01FF
_RIGHTS = {
    "F": _FULL, "M": 0x1301BF, "RX": 0x1200A9, "R": 0x120089, "W": 0x100116, "D": 0x110000,
    "N": 0, "GA": _FULL, "GR": 0x120089, "GW": 0x120116, "GE": 0x1200A0, "DE": 0x10000,
    "RC": 0x20000, "WDAC": 0x40000, "WO": 0x80000, "S": 0x100000,
    "RD": 0x1, "WD": 0x2, "AD": 0x4, "REA": 0x8, "WEA": 0x10, "X": 0x20, "DC": 0x40, "RA": 0x80,
    "WA": 0x100,
}  # fmt: skip
_SIMPLE = {"F", "M", "RX", "R", "W", "D", "N"}
_SDDL = {_FULL: "FA", 0x120089: "FR", 0x120116: "FW", 0x1200A0: "FX"}
_ACE = re.compile(r"\(([AD]);([A-Z]*);([^;]*);[^;]*;[^;]*;([^)]*)\)")
_WORD = re.compile(r"^(\*S-1-[\d-]+|[^*:]+):((?:\((?:OI|CI|IO|NP)\))*)(.*)$")


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry: `A` or `D`, flags such as OICI, rights, and the SID of who it is for."""

    kind: str
    flags: str
    rights: str
    sid: str

    @property
    def text(self) -> str:
        """The entry in SDDL, with the short word of a well-known SID."""
        short = next((word for word, sid in _SIDS.items() if sid == self.sid), self.sid)
        return f"({self.kind};{self.flags};{self.rights};;;{short})"


@dataclass(frozen=True, slots=True)
class Acl:
    """The entries, and whether what the directory hands down is shut out."""

    aces: tuple[Ace, ...] = ()
    protected: bool = False
    flags: str = "AI"

    @property
    def text(self) -> str:
        """The permissions as they are kept: nothing where there are none of its own."""
        if not self.aces and not self.protected:
            return ""
        flags = ("P" if self.protected else "") + self.flags
        return f"D:{flags}{''.join(ace.text for ace in self.aces)}"

    def without(self, sid: str, kinds: str = "AD") -> Acl:
        """The same without what is said about somebody."""
        kept = tuple(a for a in self.aces if a.sid != sid or a.kind not in kinds)
        return replace(self, aces=kept)

    def and_(self, ace: Ace) -> Acl:
        """The same with one entry more, or more rights in one like it; what denies comes first."""
        for at, one in enumerate(self.aces):
            if (one.kind, one.flags, one.sid) == (ace.kind, ace.flags, ace.sid):
                rights = rights_text(_mask(one.rights) | _mask(ace.rights))
                aces = (*self.aces[:at], replace(one, rights=rights), *self.aces[at + 1 :])
                return replace(self, aces=aces)
        if ace.kind == "D":
            return replace(self, aces=(ace, *self.aces))
        return replace(self, aces=(*self.aces, ace))


def parse_acl(text: str) -> Acl:
    """The permissions out of what is kept of an entry."""
    head = text.partition("(")[0].removeprefix("D:")
    aces = tuple(Ace(m[1], m[2], m[3], _SIDS.get(m[4], m[4])) for m in _ACE.finditer(text))
    return Acl(aces, "P" in head, head.replace("P", "") if text else "AI")


def grant_words(word: str, kind: str) -> tuple[str, Ace] | None:
    """`WHO:(OI)(CI)F` as a name and an entry that is nobody's yet; None for what is none."""
    found = _WORD.match(word)
    if found is None:
        return None
    rights = _rights(found[3])
    if rights is None:
        return None
    return found[1], Ace(kind, re.sub("[()]", "", found[2]), rights, "")


def _rights(text: str) -> str | None:
    plain = text.upper()
    words = plain[1:-1].split(",") if plain[:1] == "(" and plain[-1:] == ")" else [plain]
    if any(word not in _RIGHTS for word in words) or (
        not plain.startswith("(") and plain not in _SIMPLE
    ):
        return None
    return rights_text(sum({_RIGHTS[word] for word in words}))


def rights_text(mask: int) -> str:
    """A mask as SDDL writes it."""
    return _SDDL.get(mask, f"0x{mask:x}")


def _mask(text: str) -> int:
    known = {word: mask for mask, word in _SDDL.items()}
    return known[text] if text in known else int(text, 16) if text.startswith("0x") else 0
