"""The plans that runs applied."""

from __future__ import annotations

import sqlite3
import zlib


def keep(run: str, content: bytes) -> tuple[str, tuple[str, bytes]]:
    """The statement, with its values, that keeps a plan."""
    return "INSERT INTO plans (run, content) VALUES (?, ?)", (run, zlib.compress(content))


def kept(connection: sqlite3.Connection, run: str) -> bytes | None:
    """The plan that the run applied, if it applied one."""
    row = connection.execute("SELECT content FROM plans WHERE run = ?", [run]).fetchone()
    return None if row is None else zlib.decompress(row[0])
