"""Shortcuts: files of the format that [MS-SHLLINK] describes, read and written byte by byte.

A link names its target three times over: as a list of shell items (section 2.2, whose items are
the shell's own), as link information (2.3), and as text (EnvironmentVariableDataBlock, 2.5.4).
What is written here has all three, the items as Windows XP wrote them; only a target on a share has
no items. All else of a link that is there stays.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.windows import shell_items

CLASS: Final = bytes.fromhex("0114020000000000C000000000000046")
_HEADER: Final = struct.Struct("<I16sIIQQQIiIHHII")
_SIZE: Final = 0x4C

ITEMS: Final = 0x1
INFO: Final = 0x2
UNICODE: Final = 0x80
EXPANDED: Final = 0x200
RUN_AS_ADMIN: Final = 0x2000
_OF_TARGET: Final = ITEMS | INFO | 0x8 | EXPANDED | 0x1000
"""With the relative path and Windows Installer's identifier."""

STRINGS: Final[Mapping[str, int]] = {
    "description": 0x4,
    "relative": 0x8,
    "directory": 0x10,
    "arguments": 0x20,
    "icon": 0x40,
}
"""StringData in its order (2.4), with the flag that says that it is there."""

_ENVIRONMENT: Final = 0xA0000001
_ICON_ENVIRONMENT: Final = 0xA0000007
_ICON_EXPANDED: Final = 0x4000
_BLOCKS_OF_TARGET: Final = {
    _ENVIRONMENT, 0xA0000003, 0xA0000005, 0xA0000006, 0xA0000009, 0xA000000B, 0xA000000C,
}  # fmt: skip
"""Tracker, special and known folder, Installer, property store, and items of Vista."""
MOST: Final = 259
"""Characters of a target: the data block has room for 260 with the last zero."""

NORMAL: Final = 1
SHOWN: Final[Mapping[str, int]] = {"normal": NORMAL, "maximized": 3, "minimized": 7}
"""ShowCommand (2.1)."""
_SHIFTS: Final = {"shift": 0x100, "ctrl": 0x200, "alt": 0x400, "ext": 0x800}
"""HotKeyFlags (2.1.3); Ext is HOTKEYF_EXT of the shell's hot-key control."""


class NoLink(ValueError):
    """The bytes are no shell link."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``items``, ``info`` and ``blocks`` as they stand in the file."""

    flags: int = UNICODE
    attributes: int = 0
    times: tuple[int, int, int] = (0, 0, 0)
    size: int = 0
    icon_index: int = 0
    show: int = NORMAL
    hotkey: int = 0
    items: bytes = b""
    info: bytes = b""
    strings: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[bytes, ...] = ()
    ansi: str = "cp1252"
    """The encoding of texts that are not in Unicode."""

    @property
    def target(self) -> str:
        """What it leads to; empty where that is no file."""
        return (
            shell_items.target_of_info(self.info, self.ansi)
            or shell_items.path_of(self.items, self.ansi)
            or self._expanded()
        )

    @property
    def admin(self) -> bool:
        """Whether it is opened as an administrator."""
        return bool(self.flags & RUN_AS_ADMIN)

    def _expanded(self) -> str:
        for block in self.blocks:
            if _signature(block) == _ENVIRONMENT and len(block) >= 0x314:
                return block[268:788].decode("utf-16-le", "replace").partition("\0")[0]
        return ""

    def with_target(self, path: str, *, folder: bool) -> Link:
        """The same, leading elsewhere."""
        share = path.startswith("\\\\")
        kept = tuple(one for one in self.blocks if _signature(one) not in _BLOCKS_OF_TARGET)
        flags = self.flags & ~_OF_TARGET | EXPANDED | INFO | (0 if share else ITEMS)
        return dataclasses.replace(
            self,
            flags=flags,
            attributes=0x10 if folder else 0x20,
            times=(0, 0, 0),
            size=0,
            items=b"" if share else shell_items.items_of(path, folder=folder, ansi=self.ansi),
            info=shell_items.info_of(path, self.ansi),
            strings={k: v for k, v in self.strings.items() if k != "relative"},
            blocks=(*kept, _environment(path, self.ansi)),
        )

    def with_icon(self, path: str, index: int) -> Link:
        """The same with another icon."""
        changed = self.with_string("icon", path)
        kept = tuple(one for one in self.blocks if _signature(one) != _ICON_ENVIRONMENT)
        flags = changed.flags & ~_ICON_EXPANDED
        return dataclasses.replace(changed, flags=flags, icon_index=index, blocks=kept)

    def with_string(self, name: str, text: str) -> Link:
        """The same with another text."""
        others = {key: value for key, value in self.strings.items() if key != name}
        return dataclasses.replace(self, strings={**others, name: text} if text else others)

    def with_admin(self, *, on: bool) -> Link:
        """The same, opened as an administrator or not."""
        return dataclasses.replace(
            self, flags=self.flags | RUN_AS_ADMIN if on else self.flags & ~RUN_AS_ADMIN
        )

    def data(self) -> bytes:
        """The file's bytes; its texts are in Unicode from now on."""
        flags = self.flags & ~sum(STRINGS.values()) | UNICODE
        body = b""
        if flags & ITEMS:
            body += struct.pack("<H", len(self.items)) + self.items
        if flags & INFO:
            body += self.info
        for name, flag in STRINGS.items():
            text = self.strings.get(name)
            if text:
                flags |= flag
                units = text.encode("utf-16-le")
                body += struct.pack("<H", len(units) // 2) + units
        head = _HEADER.pack(
            _SIZE, CLASS, flags, self.attributes, *self.times, self.size, self.icon_index,
            self.show, self.hotkey, 0, 0, 0,
        )  # fmt: skip
        return head + body + b"".join(self.blocks) + bytes(4)


def parse(data: bytes, ansi: str = "cp1252") -> Link:
    """The link in these bytes. Raises NoLink."""
    try:
        link = _parsed(data, ansi)
        _ = link.target  # which must not fail later
        return link
    except (struct.error, UnicodeDecodeError, IndexError):
        raise NoLink("the shortcut is cut short") from None


def _parsed(data: bytes, ansi: str) -> Link:
    size, guid, flags, attributes, *times, length, icon, show, hotkey, _, _, _ = (
        _HEADER.unpack_from(data)
    )
    if size != _SIZE or guid != CLASS:
        raise NoLink("it does not begin as a shortcut does")
    at, items, info = _SIZE, b"", b""
    if flags & ITEMS:
        (count,) = struct.unpack_from("<H", data, at)
        items, at = _taken(data, at + 2, count)
    if flags & INFO:
        (count,) = struct.unpack_from("<I", data, at)
        info, at = _taken(data, at, count)
    strings = {}
    for name, flag in STRINGS.items():
        if flags & flag:
            (count,) = struct.unpack_from("<H", data, at)
            wide = bool(flags & UNICODE)
            raw, at = _taken(data, at + 2, count * (2 if wide else 1))
            strings[name] = raw.decode("utf-16-le" if wide else ansi)
    blocks = []
    while at + 4 <= len(data):
        (count,) = struct.unpack_from("<I", data, at)
        if count < 4:
            break
        block, at = _taken(data, at, count)
        blocks.append(block)
    return Link(
        flags, attributes, (times[0], times[1], times[2]), length, icon, show, hotkey, items, info,
        strings, tuple(blocks), ansi,
    )  # fmt: skip


def _taken(data: bytes, at: int, count: int) -> tuple[bytes, int]:
    if at + count > len(data):
        raise NoLink("the shortcut is cut short")
    return data[at : at + count], at + count


def _signature(block: bytes) -> int:
    return int.from_bytes(block[4:8], "little")


def _environment(path: str, ansi: str) -> bytes:
    wide = path.encode("utf-16-le")
    narrow = path.encode(ansi, "replace")[:259]
    return struct.pack("<II260s520s", 0x314, _ENVIRONMENT, narrow, wide)


def hotkey_number(text: str) -> int:
    """``Ctrl+Alt+F`` as the link has it; 0 for an empty text. Raises ValueError."""
    if not text.strip():
        return 0
    *shifts, key = (part.strip().lower() for part in text.split("+"))
    number = 0
    for shift in shifts:
        if shift not in _SHIFTS:
            raise ValueError(f"'{shift}' is none of Ctrl, Alt, Shift and Ext")
        number |= _SHIFTS[shift]
    if len(key) == 1 and key.isascii() and key.isalnum():
        return number | ord(key.upper())
    if key[:1] == "f" and key[1:].isdigit() and 1 <= int(key[1:]) <= 24:
        return number | 0x6F + int(key[1:])
    raise ValueError(f"'{key}' is none of the keys A to Z, 0 to 9 and F1 to F24")


def hotkey_text(number: int) -> str:
    """The same for people."""
    key = number & 0xFF
    if not key:
        return ""
    shifts = [word for word in ("ctrl", "alt", "shift", "ext") if number & _SHIFTS[word]]
    name = f"F{key - 0x6F}" if 0x70 <= key <= 0x87 else chr(key)
    return "+".join([*(word.capitalize() for word in shifts), name])
