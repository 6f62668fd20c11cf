r"""Shares of a Windows host, as the Server service keeps them in the registry.

Each is a multi-string below ``LanmanServer\Shares`` (``Path=``, ``Remark=``, ``MaxUses=``,
``CSCFlags=``); its permissions, where they were ever set, a self-relative security descriptor below
``Shares\Security`` ([MS-DTYP] 2.4.6). Without one everybody may read (Microsoft, "net share").
``CSCFlags`` are those of SHARE_INFO_1005 ([MS-SRVS] 2.2.4.29).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.windows import registry

ROOT: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Shares"
SECURITY: Final = rf"{ROOT}\Security"
UNLIMITED: Final = 0xFFFFFFFF
EVERYBODY: Final = "S-1-1-0"
MASKS: Final = {"full": 0x1F01FF, "change": 0x1301BF, "read": 0x1200A9}
"""What ``net share /GRANT`` and the Share dialog give."""
DEFAULT: Final = (f"read {EVERYBODY}",)
CACHING: Final = {"Manual": 0x00, "Documents": 0x10, "Programs": 0x20, "None": 0x30,
                  "BranchCache": 0x2000}  # fmt: skip
_CACHING_BITS: Final = 0x2030
_ENUMERATION: Final = 0x800
"""SHI1005_FLAGS_ACCESS_BASED_DIRECTORY_ENUM."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share. ``permissions`` are ``full SID``, ``deny SID`` and the like, sorted.

    ``lists_all`` is False where people see only what they may open.
    """

    path: str = ""
    description: str = ""
    permissions: tuple[str, ...] = DEFAULT
    caching: str = "Manual"
    max_uses: int = UNLIMITED
    lists_all: bool = True


def parse(shares: Output, security: Output, name: str) -> tuple[str, Share] | None:
    """The share of that name as the registry spells it; None where there is none."""
    value = next((v for v in registry.values(shares) if v.name.casefold() == name.casefold()), None)
    if value is None or not isinstance(value.data, tuple):
        return None
    items: list[str] = []
    for item in value.data:  # a path may hold \0, which is printed like the end of an item
        if "=" in item or not items:
            items.append(item)
        else:
            items[-1] += rf"\0{item}"
    fields = dict(item.split("=", 1) for item in items if "=" in item)
    flags = _number(fields.get("CSCFlags", "0"))
    caching = next((w for w, bits in CACHING.items() if bits == flags & _CACHING_BITS), "Manual")
    raw = registry.value(security, name)
    return value.name, Share(
        path=fields.get("Path", ""),
        description=fields.get("Remark", ""),
        permissions=permissions(str(raw)) if raw else DEFAULT,
        caching=caching,
        max_uses=_number(fields.get("MaxUses", "")) or UNLIMITED,
        lists_all=not flags & _ENUMERATION,
    )


def _number(text: str) -> int:
    return int(text) & 0xFFFFFFFF if text.lstrip("-").isdigit() else 0


def permissions(hex_text: str) -> tuple[str, ...]:
    """What a self-relative security descriptor allows and denies. Raises ModuleError."""
    try:
        data = bytes.fromhex(hex_text)
        (offset,) = struct.unpack_from("<I", data, 16)
        if not offset:
            return (f"full {EVERYBODY}",)
        (count,) = struct.unpack_from("<H", data, offset + 4)
        at, found = offset + 8, []
        for _ in range(count):
            kind, _, size, mask = struct.unpack_from("<BBHI", data, at)
            found.append(_entry(kind, mask, _sid(data, at + 8)))
            at += size
    except (ValueError, struct.error, IndexError):
        raise ModuleError("the permissions of a share came back garbled") from None
    return tuple(sorted(found))


def _entry(kind: int, mask: int, sid: str) -> str:
    if kind == 1:
        return f"deny {sid}" if mask == MASKS["full"] else f"deny:0x{mask:x} {sid}"
    word = next((word for word, bits in MASKS.items() if bits == mask), f"0x{mask:x}")
    return f"{word} {sid}" if kind == 0 else f"{kind}:{word} {sid}"


def _sid(data: bytes, at: int) -> str:
    count = data[at + 1]
    authority = int.from_bytes(data[at + 2 : at + 8], "big")
    parts = struct.unpack_from(f"<{count}I", data, at + 8)
    return "-".join(map(str, ("S", data[at], authority, *parts)))


def sddl(entries: Iterable[str]) -> str:
    """Permissions as SDDL; what denies comes first. Raises ModuleError for kinds of its own."""
    texts = []
    for entry in entries:
        word, _, sid = entry.rpartition(" ")
        denies = word.startswith("deny")
        mask = word.partition(":")[2] if ":" in word else "full" if denies else word
        if ":" in word and not denies:
            raise ModuleError(f"this permission of a share cannot be written: {entry}")
        number = MASKS.get(mask) or int(mask, 16)
        texts.append((not denies, f"({'D' if denies else 'A'};;0x{number:x};;;{sid})"))
    return "D:" + "".join(text for _, text in sorted(texts))


def grants(entries: Iterable[str]) -> list[tuple[str, str]] | None:
    """The same as (SID, FULL) for ``net share /GRANT``; None where that cannot say it."""
    pairs = [entry.split(" ", 1) for entry in entries]
    if not pairs or any(word not in MASKS for word, _ in pairs):
        return None
    return [(sid, word.upper()) for word, sid in pairs]
