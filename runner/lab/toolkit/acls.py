"""Permissions of a file as SDDL, as far as icacls shows and changes them.

Source: Microsoft, "Security Descriptor String Format", "ACE Strings", "SID Strings" and "icacls".
What a directory hands down is not kept: an entry without permissions of its own has none written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["INHERITED", "Ace", "Acl", "grant_words", "parse_acl", "sid_of"]

INHERITED = "D:AI"
"""What is written for an entry that has only what its directory hands down."""
_SIDS = {
    "SY": "S-1-5-18", "LS": "S-1-5-19", "NS": "S-1-5-20", "BA": "S-1-5-32-544",
    "BU": "S-1-5-32-545", "BG": "S-1-5-32-546", "AU": "S-1-5-11", "WD": "S-1-1-0",
    "CO": "S-1-3-0", "PU": "S-1-5-32-547",
}  # fmt: skip
_NAMES = {
    "system": "S-1-5-18", r"nt authority\system": "S-1-5-18", "administrators": "S-1-5-32-544",
    r"builtin\administrators": "S-1-5-32-544", "users": "S-1-5-32-545",
    r"builtin\users": "S-1-5-32-545", "everyone": "S-1-1-0",
    "administrator": "S-1-5-21-1004336348-1177238915-682003330-500",
    "guest": "S-1-5-21-1004336348-1177238915-682003330-501",
}  # fmt: skip
_RIGHTS = {
    "F": "FA", "M": "0x1301bf", "RX": "0x1200a9", "R": "FR", "W": "0x100116", "D": "SD",
    "N": "", "GA": "GA", "GR": "GR", "GW": "GW", "GE": "GX", "DE": "SD", "RC": "RC",
    "WDAC": "WD", "WO": "WO", "S": "0x100000",
}  # fmt: skip
_BITS = {
    "RD": 0x1, "WD": 0x2, "AD": 0x4, "REA": 0x8, "WEA": 0x10, "X": 0x20, "DC": 0x40, "RA": 0x80,
    "WA": 0x100,
}  # fmt: skip
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
        """The same with one entry more; what denies comes first."""
        if ace in self.aces:
            return self
        if ace.kind == "D":
            return replace(self, aces=(ace, *self.aces))
        return replace(self, aces=(*self.aces, ace))


def parse_acl(text: str) -> Acl:
    """The permissions out of what is kept of an entry."""
    head = text.partition("(")[0].removeprefix("D:")
    aces = tuple(Ace(m[1], m[2], m[3], _SIDS.get(m[4], m[4])) for m in _ACE.finditer(text))
    return Acl(aces, "P" in head, head.replace("P", "") if text else "AI")


def sid_of(word: str) -> str:
    """The SID of `*S-1-...` or of a name; empty for a name that nobody has."""
    return word[1:] if word.startswith("*") else _NAMES.get(word.lower(), "")


def grant_words(word: str, kind: str) -> Ace | None:
    """`WHO:(OI)(CI)F` as an entry; None for what is none. A name that nobody has gives no SID."""
    found = _WORD.match(word)
    if found is None:
        return None
    rights = _rights(found[3])
    if rights is None:
        return None
    return Ace(kind, re.sub("[()]", "", found[2]), rights, sid_of(found[1]))


def _rights(text: str) -> str | None:
    plain = text.upper()
    if plain in _RIGHTS and not plain.startswith("("):
        return _RIGHTS[plain]
    words = plain[1:-1].split(",") if plain[:1] == "(" and plain[-1:] == ")" else []
    if len(words) == 1 and words[0] in _RIGHTS:
        return _RIGHTS[words[0]]
    if not words or any(word not in _RIGHTS and word not in _BITS for word in words):
        return None
    bits = sum(_BITS.get(word, 0) for word in words)
    named = "".join(_RIGHTS.get(word, "") for word in words if word not in _BITS)
    return named if not bits else f"0x{bits:x}{named}"
