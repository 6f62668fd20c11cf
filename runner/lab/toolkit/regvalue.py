"""Registry data as reg.exe reads and prints it."""

from __future__ import annotations

import re

from runner.lab.state.registry import Data, Value

__all__ = ["TYPES", "ValueFault", "parse_data", "shown_data"]

TYPES = (
    "REG_SZ", "REG_MULTI_SZ", "REG_EXPAND_SZ", "REG_DWORD", "REG_QWORD", "REG_BINARY",
    "REG_NONE", "REG_DWORD_LITTLE_ENDIAN", "REG_DWORD_BIG_ENDIAN",
)  # fmt: skip


class ValueFault(Exception):
    """What reg prints after ERROR: about /d."""


def parse_data(type_: str, text: str | None, separator: str) -> tuple[str, Data]:
    """The type as stored and the data of `/t TYPE /d TEXT`."""
    if type_ in ("REG_SZ", "REG_EXPAND_SZ"):
        return type_, text or ""
    if type_ == "REG_MULTI_SZ":
        if not text:
            return type_, ()
        items = text.split(separator)
        if items[-1] == "":
            items.pop()
        if "" in items:
            raise ValueFault("Invalid syntax. Specify valid value for '/d'.")
        return type_, tuple(items)
    if type_ in ("REG_BINARY", "REG_NONE"):
        digits = (text or "") if type_ == "REG_BINARY" else ""
        if type_ == "REG_NONE":
            return type_, (text or "").encode("utf-16-le") + (b"\0\0" if text else b"")
        if not re.fullmatch(r"[0-9a-fA-F]*", digits):
            raise ValueFault("Invalid syntax. Specify valid hexadecimal value for '/d'.")
        return type_, bytes.fromhex("0" * (len(digits) % 2) + digits)
    bits = 64 if type_ == "REG_QWORD" else 32
    match = re.fullmatch(r"(?:0[xX]([0-9a-fA-F]+)|(\d+))", (text or "0").strip())
    number = int(match[1], 16) if match and match[1] else int(match[2]) if match else -1
    if not 0 <= number < 1 << bits:
        raise ValueFault("Invalid syntax. Specify valid numeric value for '/d'.")
    stored = "REG_DWORD" if type_ == "REG_DWORD_LITTLE_ENDIAN" else type_
    return stored, number


def shown_data(value: Value) -> str:
    """Data as `reg query` prints it."""
    data = value.data
    if isinstance(data, int):
        return f"0x{data:x}"
    if isinstance(data, tuple):
        return "\\0".join(data)
    if isinstance(data, bytes):
        return data.hex().upper()
    return data
