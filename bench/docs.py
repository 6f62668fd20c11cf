"""Puts the latest results into docs/performance.md: tables between marks, plots beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from bench import report, results, svg
from bench.cases import OURS, Case
from bench.contenders import ROOT

DOCS: Final = ROOT / "docs"
PAGE: Final = DOCS / "performance.md"
_SHOWN: Final = ((10, 5), (230, 1), (230, 5), (230, 20), (1000, 1))
"""Hosts and tasks of the cells in the plot; NTLM, no latency, plain commands."""

Render = Callable[[dict[str, Any]], str]
_TABLES: Final[dict[str, Render]] = {
    "compare": report.comparison,
    "scale": report.scale,
    "parts": report.parts,
}


def write() -> None:
    """Refresh the page and the plots."""
    data = results.load()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), data), encoding="utf-8")
    for name, text in plots(data).items():
        (DOCS / name).write_text(text, encoding="utf-8")


def page(text: str, data: dict[str, Any]) -> str:
    """The page with these results in it. Raises ValueError when a mark is missing."""
    for name, render in _TABLES.items():
        if name in data:
            text = _between(text, name, render(data[name]))
    return text


def plots(data: dict[str, Any]) -> dict[str, str]:
    """File name -> SVG of each plot that there are results for."""
    found = {}
    if "compare" in data:
        found["performance-compare.svg"] = _comparison(data["compare"]["rows"])
    if "scale" in data:
        found["performance-scale.svg"] = _growth(data["scale"]["rows"])
    return found


def _between(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"{PAGE.name} has no place for {name}: {begin} {end}")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", text)


def _comparison(rows: list[dict[str, Any]]) -> str:
    panels: dict[tuple[int, int], list[svg.Dot]] = {shown: [] for shown in _SHOWN}
    for row in rows:
        case = Case(**row["case"])
        plain = (case.latency_ms, case.auth, case.workload) == (0, "ntlm", "command")
        if plain and (case.hosts, case.tasks) in panels:
            ours = case.client in OURS
            dot = svg.Dot(case.client, row["median"]["cpu_ms_per_job"], accent=ours)
            panels[case.hosts, case.tasks].append(dot)
    return svg.dots(
        "Controller CPU per job (ms, logarithmic; less is better)",
        [
            svg.Panel(f"{hosts:,} hosts, {tasks} task{'s' * (tasks > 1)}", dots)
            for (hosts, tasks), dots in panels.items()
            if dots
        ],
    )


def _growth(rows: list[dict[str, Any]]) -> str:
    def curve(title: str, name: str) -> svg.Curve:
        return svg.Curve(title, [(row["hosts"], row["median"][name]) for row in rows])

    return svg.lines(
        "One controller, growing fleets",
        [
            curve("CPU seconds", "cpu_s"),
            curve("wall seconds", "wall_s"),
            curve("peak memory, MB", "rss_mb"),
        ],
        "hosts",
    )
