r"""How a shortcut names its target: shell items, and link information.

[MS-SHLLINK] 2.3 describes link information. Shell items it leaves to the shell; its example (3.1)
shows those of ``C:\test\a.txt``: My Computer, the drive, then an entry for each name, whose
extension block (0xBEEF0004) has the name in Unicode. Windows XP's block, version 3, is the
shortest, and every later Windows reads it.
"""

from __future__ import annotations

import struct
from typing import Final

_COMPUTER: Final = bytes.fromhex("1F50E04FD020EA3A6910A2D808002B30309D")
_EXTENSION: Final = 0xBEEF0004
_NAME_IS_AT: Final = 16
"""Where an extension block says at which of its bytes the name begins."""
_NAME_AT: Final = 0x14
_DRIVE_LETTERS: Final = 22
_NETWORK_FLAG: Final = 0x2
_LOCAL_FLAG: Final = 0x1
_INFO_SIZE: Final = 0x24
_NETWORK_SIZE: Final = 0x1C
_LANMAN: Final = 0x20000
"""WNNC_NET_LANMAN."""


def items_of(path: str, *, folder: bool, ansi: str) -> bytes:
    """The items of a full path on a drive."""
    drive, *names = [part for part in path.split("\\") if part]
    items = [_COMPUTER, b"\x2f" + f"{drive}\\".encode("ascii").ljust(_DRIVE_LETTERS, b"\0")]
    for at, name in enumerate(names):
        items.append(_entry(name, ansi, folder=folder or at + 1 < len(names)))
    return b"".join(struct.pack("<H", len(item) + 2) + item for item in items) + bytes(2)


def _entry(name: str, ansi: str, *, folder: bool) -> bytes:
    narrow = name.encode(ansi, "replace") + b"\0"
    narrow += bytes(len(narrow) % 2)
    head = struct.pack("<BBIIH", 0x31 if folder else 0x32, 0, 0, 0, 0x10 if folder else 0x20)
    at = 2 + len(head) + len(narrow)
    wide = name.encode("utf-16-le") + bytes(2)
    size = _NAME_AT + len(wide) + 2
    block = struct.pack("<HHIIIHH", size, 3, _EXTENSION, 0, 0, _NAME_AT, 0)
    return head + narrow + block + wide + struct.pack("<H", at)


def path_of(items: bytes, ansi: str) -> str:
    """The path that items name; empty where they name no file on a drive."""
    found: list[str] = []
    at = 0
    while at + 2 <= len(items):
        (size,) = struct.unpack_from("<H", items, at)
        item = items[at + 2 : at + size]
        if size < 3 or not item:
            break
        at += size
        kind = item[0]
        if kind == 0x1F:
            if item[2:18] != _COMPUTER[2:]:
                return ""
        elif kind & 0xF0 == 0x20 and not found:
            found.append(item[1:3].decode("ascii", "replace"))
        elif kind & 0x70 == 0x30 and found:
            found.append(_name(item, ansi))
        else:
            return ""
    if not found:
        return ""
    return "\\".join(found) if len(found) > 1 else f"{found[0]}\\"


def _name(item: bytes, ansi: str) -> str:
    if item[0] & 0x4:
        return item[12:].decode("utf-16-le", "replace").partition("\0")[0]
    mark = item.find(struct.pack("<I", _EXTENSION))
    if mark >= 4:
        block = item[mark - 4 :]
        (start,) = struct.unpack_from("<H", block, _NAME_IS_AT)
        if start < len(block):
            return _wide(block, start)
    return item[12:].partition(b"\0")[0].decode(ansi, "replace")


def info_of(path: str, ansi: str) -> bytes:
    r"""Link information: for ``\\server\share\...`` a CommonNetworkRelativeLink (2.3.2), else a
    VolumeID (2.3.1) of which nothing is said, and the local path."""
    if path.startswith("\\\\"):
        server, share, *names = path.lstrip("\\").split("\\")
        link = _network(f"\\\\{server}\\{share}", ansi)
        return _info(_NETWORK_FLAG, link, "\\".join(names), ansi)
    volume = struct.pack("<IIII", 0x11, 0, 0, 0x10) + b"\0"
    return _info(_LOCAL_FLAG, volume, path, ansi)


def _info(flag: int, part: bytes, text: str, ansi: str) -> bytes:
    """A header, the part, and the text as local path (whose rest is empty) or as the rest, twice:
    in the code page, then in Unicode."""
    local = flag == _LOCAL_FLAG
    body = part + (
        _narrow_of(text, ansi) + _narrow_of("", ansi) if local else _narrow_of(text, ansi)
    )
    body += bytes(len(body) % 2)
    at = _INFO_SIZE + len(part)
    wide_at = _INFO_SIZE + len(body)
    if local:
        body += _wide_of(text) + _wide_of("")
        total = _INFO_SIZE + len(body)
        offsets = (_INFO_SIZE, at, 0, at + len(_narrow_of(text, ansi)), wide_at, total - 2)
    else:
        body += _wide_of(text)
        total = _INFO_SIZE + len(body)
        offsets = (0, 0, _INFO_SIZE, at, 0, wide_at)
    return struct.pack("<IIIIIIIII", total, _INFO_SIZE, flag, *offsets) + body


def _network(root: str, ansi: str) -> bytes:
    name, wide = _narrow_of(root, ansi), _wide_of(root)
    name += bytes(len(name) % 2)
    size = _NETWORK_SIZE + len(name) + len(wide)
    head = (size, 0x2, _NETWORK_SIZE, 0, _LANMAN, _NETWORK_SIZE + len(name), 0)
    return struct.pack("<IIIIIII", *head) + name + wide


def _narrow_of(text: str, ansi: str) -> bytes:
    return text.encode(ansi, "replace") + b"\0"


def _wide_of(text: str) -> bytes:
    return text.encode("utf-16-le") + bytes(2)


def target_of_info(info: bytes, ansi: str) -> str:
    """The path in link information; empty where there is none."""
    if len(info) < 0x1C:
        return ""
    _, header, flags, _, local, network, suffix = struct.unpack_from("<IIIIIII", info)
    wide_local = wide_suffix = 0
    if header >= 0x24:
        wide_local, wide_suffix = struct.unpack_from("<II", info, 0x1C)
    rest = _wide(info, wide_suffix) if wide_suffix else _narrow(info, suffix, ansi)
    if flags & _LOCAL_FLAG:
        root = _wide(info, wide_local) if wide_local else _narrow(info, local, ansi)
    elif flags & _NETWORK_FLAG and len(info) >= network + 0x14:
        link = info[network:]
        (name,) = struct.unpack_from("<I", link, 8)
        wide_name = struct.unpack_from("<I", link, 0x14)[0] if name > 0x14 else 0
        root = _wide(link, wide_name) if wide_name else _narrow(link, name, ansi)
    else:
        return ""
    return f"{root.rstrip(chr(92))}\\{rest}" if rest else root


def _narrow(data: bytes, at: int, ansi: str) -> str:
    return data[at:].partition(b"\0")[0].decode(ansi, "replace")


def _wide(data: bytes, at: int) -> str:
    whole = data[at : at + (len(data) - at) // 2 * 2]
    return whole.decode("utf-16-le", "replace").partition("\0")[0]
