"""What was measured as tables in Markdown, which also read well on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bench.cases import RUNNER, Case
from bench.computer import sentence

Row = dict[str, Any]


def comparison(section: dict[str, Any]) -> str:
    """One table for each cell of the matrix."""
    cells: dict[str, list[Row]] = {}
    for row in section["rows"]:
        cells.setdefault(str(Case(**row["case"]).cell), []).append(row)
    return "\n\n".join((origin(section), *map(cell_text, cells.values())))


def cell_text(rows: Sequence[Row]) -> str:
    """The table of one cell under its name."""
    return f"**{Case(**rows[0]['case']).cell}**\n\n{_cell_table(rows)}"


def _cell_table(rows: Sequence[Row]) -> str:
    ours = next((r["median"] for r in rows if r["case"]["client"] == RUNNER), None)
    head = (
        "client",
        "CPU ms a job",
        "x runner",
        "wall s",
        "x runner",
        "exchanges",
        "MB on the wire",
        "peak MB",
    )
    lines = []
    for row in rows:
        m = row["median"]
        lines.append(
            (
                row["case"]["client"],
                f"{m['cpu_ms_per_job']:.1f}",
                _ratio(m, ours, "cpu_s"),
                f"{m['wall_s']:.1f}",
                _ratio(m, ours, "wall_s"),
                f"{m['exchanges']:,.0f}",
                f"{m['bytes'] / 1e6:.1f}",
                f"{m['rss_mb']:.0f}",
            )
        )
    return table(head, lines)


def scale(section: dict[str, Any]) -> str:
    """How time and memory grow with the fleet."""
    head = ("hosts", "CPU s", "CPU ms a job", "wall s", "peak MB", "KB a host", "journal MB")
    lines = [
        (
            f"{row['hosts']:,}",
            f"{row['median']['cpu_s']:.1f}",
            f"{row['median']['cpu_ms_per_job']:.1f}",
            f"{row['median']['wall_s']:.1f}",
            f"{row['median']['rss_mb']:.0f}",
            f"{row['kb_per_host']:.1f}" if row["kb_per_host"] is not None else "",
            f"{row['median']['journal_mb']:.1f}",
        )
        for row in section["rows"]
    ]
    return "\n\n".join((origin(section), table(head, lines)))


def parts(section: dict[str, Any]) -> str:
    """The three small benches."""
    lines = [
        (row["what"], f"{row['median']:,.{row['digits']}f} {row['unit']}")
        for row in section["rows"]
    ]
    return "\n\n".join((origin(section), table(("what", "median"), lines)))


def origin(section: dict[str, Any]) -> str:
    """When and where a section was measured."""
    rounds = max(len(row["samples"]) for row in section["rows"])
    how = "one round" if rounds == 1 else f"medians of {rounds} rounds"
    return f"Measured {section['when']}, {how}, on {sentence(section['machine'])}."


def _ratio(row: dict[str, float], ours: dict[str, float] | None, name: str) -> str:
    return "" if ours is None else f"{row[name] / ours[name]:.1f}"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose columns are aligned in the source, too; numbers are on the right."""
    rows = [tuple(head), *map(tuple, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    rule = "|" + "|".join(
        "-" * (width + 1) + ("-" if column == 0 else ":") for column, width in enumerate(widths)
    )

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "| " + " | ".join(cells) + " |"

    return "\n".join((line(rows[0]), f"{rule}|", *map(line, rows[1:])))
