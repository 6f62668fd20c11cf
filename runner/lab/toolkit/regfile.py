"""Registration files: "Windows Registry Editor Version 5.00" (UTF-16) and REGEDIT4 (ANSI)."""

from __future__ import annotations

import re

from runner.lab.state.registry import Data, Key, Registry, Value

__all__ = ["export", "load"]

_NUMBERS = {
    "REG_NONE": 0, "REG_SZ": 1, "REG_EXPAND_SZ": 2, "REG_BINARY": 3, "REG_DWORD": 4,
    "REG_DWORD_BIG_ENDIAN": 5, "REG_MULTI_SZ": 7, "REG_QWORD": 11,
}  # fmt: skip
_TYPES = {number: name for name, number in _NUMBERS.items()}


def export(keys: list[tuple[str, Key]]) -> str:
    """The text of a registration file."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for path, key in keys:
        lines.append(f"[{path}]")
        for value in key.values.values():
            name = f'"{_escaped(value.name)}"' if value.name else "@"
            lines += _wrapped(f"{name}={_data_text(value)}")
        lines.append("")
    return "\r\n".join(lines) + "\r\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _data_text(value: Value) -> str:
    if value.type == "REG_SZ" and isinstance(value.data, str) and "\n" not in value.data:
        return f'"{_escaped(value.data)}"'
    if value.type == "REG_DWORD" and isinstance(value.data, int):
        return f"dword:{value.data:08x}"
    number = _NUMBERS[value.type]
    head = "hex" if number == 3 else f"hex({number:x})"
    return head + ":" + ",".join(f"{byte:02x}" for byte in _bytes(value))


def _bytes(value: Value) -> bytes:
    data = value.data
    if isinstance(data, bytes):
        return data
    if isinstance(data, int):
        if value.type == "REG_DWORD_BIG_ENDIAN":
            return data.to_bytes(4, "big")
        return data.to_bytes(8 if value.type == "REG_QWORD" else 4, "little")
    if isinstance(data, tuple):
        return "".join(item + "\0" for item in (*data, "")).encode("utf-16-le")
    return (data + "\0").encode("utf-16-le")


def _wrapped(line: str) -> list[str]:
    """Hex data goes on in the next line, as Windows writes it."""
    if len(line) <= 80 or "=hex" not in line:
        return [line]
    lines = []
    while len(line) > 79:
        cut = line.rfind(",", 0, 79) + 1
        if cut <= 3:
            break
        lines.append(line[:cut] + "\\")
        line = "  " + line[cut:]
    return [*lines, line]


_VALUE = re.compile(r'(?:@|"((?:[^"\\]|\\.)*)")\s*=\s*(.*)\Z', re.DOTALL)


def load(registry: Registry, content: bytes, ansi: int) -> None:
    """Apply a registration file. Raises ValueError if it is not one."""
    if content.startswith(b"\xff\xfe"):
        text = content[2:].decode("utf-16-le", "replace")
    else:
        text = content.decode(f"cp{ansi}", "replace")
    lines = text.replace("\r\n", "\n").split("\n")
    unicode_file = lines[0].startswith("Windows Registry Editor Version 5.00")
    if not unicode_file and not lines[0].startswith("REGEDIT4"):
        raise ValueError("not a registration file")
    path: str | None = None
    for line in _joined(lines[1:]):
        text = line.strip()
        if not text or text.startswith(";"):
            continue
        if text.startswith("[-") and text.endswith("]"):
            registry.delete_key(text[2:-1])
            path = None
        elif text.startswith("[") and text.endswith("]"):
            path = text[1:-1]
            registry.create(path)
        elif path is not None and (match := _VALUE.match(text)):
            name = _plain(match[1] or "")
            if match[2] == "-":
                registry.delete_value(path, name)
            else:
                type_, data = _parse(match[2], wide=unicode_file, ansi=ansi)
                registry.set(path, name, data, type_)


def _joined(lines: list[str]) -> list[str]:
    joined: list[str] = []
    open_line = False
    for line in lines:
        if open_line:
            joined[-1] += line.strip()
        else:
            joined.append(line)
        open_line = joined[-1].endswith("\\") and "=hex" in joined[-1]
        if open_line:
            joined[-1] = joined[-1][:-1]
    return joined


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _parse(text: str, *, wide: bool, ansi: int) -> tuple[str, Data]:
    if text.startswith('"'):
        return "REG_SZ", _plain(text[1:].rstrip()[:-1])
    if text.startswith("dword:"):
        return "REG_DWORD", int(text[6:], 16)
    match = re.match(r"hex(?:\(([0-9a-fA-F]+)\))?:([0-9a-fA-F,\s]*)\Z", text)
    if match is None:
        raise ValueError(text)
    type_ = _TYPES.get(int(match[1], 16) if match[1] else 3, "REG_BINARY")
    raw = bytes(int(part, 16) for part in match[2].replace(" ", "").split(",") if part)
    return type_, _data(type_, raw, "utf-16-le" if wide else f"cp{ansi}")


def _data(type_: str, raw: bytes, codec: str) -> Data:
    if type_ == "REG_DWORD":
        return int.from_bytes(raw, "little")
    if type_ == "REG_DWORD_BIG_ENDIAN":
        return int.from_bytes(raw, "big")
    if type_ == "REG_QWORD":
        return int.from_bytes(raw, "little")
    if type_ in ("REG_SZ", "REG_EXPAND_SZ"):
        return raw.decode(codec, "replace").split("\0", 1)[0]
    if type_ == "REG_MULTI_SZ":
        items = raw.decode(codec, "replace").split("\0")
        return tuple(items[: items.index("")] if "" in items else items)
    return raw
