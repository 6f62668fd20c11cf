"""Keeps what was measured: one JSON file, a section for each kind of measurement."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.contenders import ROOT

LATEST: Final = ROOT / "bench" / "results" / "latest.json"


def load(path: Path = LATEST) -> dict[str, Any]:
    """All sections, or none yet."""
    if not path.exists():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def save(
    section: str, rows: list[dict[str, Any]], machine: dict[str, Any], path: Path = LATEST
) -> None:
    """Replace one section; the others stay. ``machine`` is as it was before the measuring."""
    data = load(path)
    data[section] = {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": machine,
        "rows": rows,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def medians(samples: list[dict[str, Any]]) -> dict[str, float]:
    """The median of each number of some samples of one case."""
    return {name: median(sample[name] for sample in samples) for name in samples[0]}
