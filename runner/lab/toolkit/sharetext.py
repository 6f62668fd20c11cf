"""Shares as the Server service keeps them in the registry: settings and permissions.

The descriptor is self-relative ([MS-DTYP] 2.4.6): a header of 20 bytes, then its list alone.
"""

from __future__ import annotations

import struct

__all__ = ["MASKS", "descriptor", "share_values"]

MASKS = {"full": 0x1F01FF, "change": 0x1301BF, "read": 0x1200A9}


def share_values(
    name: str, path: str, remark: str = "", uses: int = 0xFFFFFFFF, flags: int = 0
) -> tuple[str, ...]:
    """The multi-string of one share."""
    return (f"CSCFlags={flags}", f"MaxUses={uses}", f"Path={path}", "Permissions=0",
            f"Remark={remark}", f"ShareName={name}", "Type=0")  # fmt: skip


def descriptor(grants: list[tuple[str, str]]) -> bytes:
    """A security descriptor that gives each SID full, change or read."""
    aces = b""
    for sid, word in grants:
        raw = _sid(sid)
        aces += struct.pack("<BBHI", 0, 0, 8 + len(raw), MASKS[word]) + raw
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(aces), len(grants), 0) + aces
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20) + acl


def _sid(text: str) -> bytes:
    revision, authority, *parts = map(int, text.split("-")[1:])
    head = struct.pack("<BB", revision, len(parts)) + authority.to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *parts)
