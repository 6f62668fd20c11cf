"""Tables and plots of results, and that the page in docs/ shows those that are checked in."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench import docs, report, results, svg
from bench.cases import MATRICES, PYWINRM, RUNNER, Case
from bench.contenders import CONTENDERS

SVG = "{http://www.w3.org/2000/svg}"


def _section() -> dict[str, Any]:
    def row(client: str, factor: float) -> dict[str, Any]:
        samples = [
            {"cpu_s": seconds * factor, "cpu_ms_per_job": seconds * factor, "wall_s": 4 * factor,
             "exchanges": 1200, "bytes": 2_000_000, "rss_mb": 60.0}
            for seconds in (9.0, 2.0, 1.0)
        ]  # fmt: skip
        case = Case(client, 230, 5)
        return {"case": case.json(), "median": results.medians(samples), "samples": samples}

    machine = {
        "cpu": "Abacus", "cores": 2, "memory_gb": 1, "system": "Linux 6", "python": "3.11.0",
        "load": 0.5, "commit": "abc", "versions": {"pywinrm": "0.5.0", "ansible-core": ""},
    }  # fmt: skip
    return {"when": "today", "machine": machine, "rows": [row(RUNNER, 1), row(PYWINRM, 15)]}


def test_a_comparison_shows_medians_and_ratios() -> None:
    text = report.comparison(_section())
    assert "medians of 3 rounds" in text
    assert "Abacus, 2 cores, 1 GB, Linux 6, Python 3.11.0" in text
    assert "ansible-core" not in text  # was not there to be compared
    assert "**230 hosts, 5 tasks (command), ntlm, 0 ms latency**" in text
    cells = [
        [c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line
    ]
    assert cells[2] == ["runner", "2.0", "1.0", "4.0", "1.0", "1,200", "2.0", "60"]
    assert cells[3] == ["pywinrm", "30.0", "15.0", "60.0", "15.0", "1,200", "2.0", "60"]


def test_dots_stand_in_the_order_of_their_values() -> None:
    panel = svg.Panel(
        "230 <hosts>", [svg.Dot("a", 2, accent=True), svg.Dot("b", 30), svg.Dot("c", 200)]
    )
    root = ET.fromstring(svg.dots("CPU", [panel]))
    places = [float(circle.get("cx", "")) for circle in root.iter(f"{SVG}circle")]
    assert places == sorted(places)
    assert places[1] - places[0] == pytest.approx((places[2] - places[0]) * 0.588, rel=0.01)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"230 <hosts>", "2.00", "30.0", "200"} <= set(texts)


def test_a_line_ends_at_its_largest_values() -> None:
    curve = svg.Curve("memory", [(1000, 100), (10_000, 190)])
    root = ET.fromstring(svg.lines("growth", [curve], "hosts"))
    first, last = [
        (float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter(f"{SVG}circle")
    ]
    assert last[0] > first[0]
    assert last[1] == 70  # the top of the plot


@pytest.mark.parametrize("name", sorted(MATRICES))
def test_every_client_of_a_matrix_is_known(name: str) -> None:
    for clients in MATRICES[name]().values():
        assert set(clients) <= CONTENDERS.keys()
        assert len(clients) == len(set(clients))


def test_the_page_shows_the_latest_results() -> None:
    data = results.load()
    text = docs.PAGE.read_text(encoding="utf-8")
    assert docs.page(text, data) == text, "run: python -m bench docs"
    for name, plot in docs.plots(data).items():
        assert (docs.DOCS / name).read_text(encoding="utf-8") == plot
        assert re.search(rf"!\[.+\]\({re.escape(name)}\)", text), f"the page does not show {name}"
