"""What runs were to do: their graphs, and the plans that they applied."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Any

from runner.journal.records import PlanGraph
from runner.journal.rows import dump, insert


def keep_graph(run: str, graph: PlanGraph) -> tuple[str, dict[str, Any]]:
    """The statement, with its values, that keeps a graph, in place of the one before."""
    steps, edges = dump(graph.steps, "the steps"), dump(graph.edges, "the edges")
    values = {"run": run, "steps": steps, "edges": edges}
    return insert("graphs", values).replace("INSERT", "INSERT OR REPLACE", 1), values


def keep(run: str, content: bytes) -> tuple[str, tuple[str, bytes]]:
    """The statement, with its values, that keeps a plan."""
    return "INSERT INTO plans (run, content) VALUES (?, ?)", (run, zlib.compress(content))


def kept(connection: sqlite3.Connection, run: str) -> bytes | None:
    """The plan that the run applied, if it applied one."""
    row = connection.execute("SELECT content FROM plans WHERE run = ?", [run]).fetchone()
    return None if row is None else zlib.decompress(row[0])
