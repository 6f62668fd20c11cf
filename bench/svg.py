"""Two kinds of plots as SVG: dots on a logarithmic axis, and lines over a growing number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_INK: Final = "#1f2937"
_FAINT: Final = "#d1d5db"
_PLAIN: Final = "#6b7280"
_ACCENT: Final = "#0b6bcb"
_ROW: Final = 20
_LEFT: Final = 150
_RIGHT: Final = 90


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a panel. ``accent`` is for what the plot is about."""

    label: str
    value: float
    accent: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Some rows that are compared with each other."""

    title: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity over the same x values."""

    title: str
    points: Sequence[tuple[float, float]]


def dots(title: str, panels: Sequence[Panel], width: int = 760) -> str:
    """Panels of dots over one logarithmic axis, each dot with its value. Values are above zero."""
    values = [dot.value for panel in panels for dot in panel.dots]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    span = width - _LEFT - _RIGHT

    def x(value: float) -> float:
        return _LEFT + span * (math.log10(value) - low) / (high - low)

    top = 52
    height = top + sum(_ROW * (len(panel.dots) + 2) for panel in panels) + 10
    parts = [_text(12, 22, title, size=15, bold=True)]
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts += [_line(at, top - 8, at, height - 14), _text(at, top - 14, f"{10.0**power:g}", "m")]
    y = top
    for panel in panels:
        y += _ROW
        parts.append(_text(12, y, panel.title, bold=True))
        for dot in panel.dots:
            y += _ROW
            color = _ACCENT if dot.accent else _PLAIN
            parts += [
                _text(_LEFT - 10, y + 4, dot.label, "e", color=_ACCENT if dot.accent else _INK),
                f'<circle cx="{x(dot.value):.1f}" cy="{y}" r="5" fill="{color}"/>',
                _text(x(dot.value) + 10, y + 4, number(dot.value), halo=True),
            ]
        y += _ROW
    return _document(width, height, title, parts)


def lines(title: str, curves: Sequence[Curve], x_title: str, width: int = 760) -> str:
    """One small plot a curve, side by side, each with its own linear axis from zero."""
    gap, top, bottom = 60, 70, 210
    span = (width - gap * (len(curves) + 0.5)) / len(curves)
    parts = [_text(12, 22, title, size=15, bold=True)]
    for place, curve in enumerate(curves):
        left = gap + place * (span + gap)
        parts += _curve(curve, left, span, top, bottom)
        parts.append(_text(left + span / 2, bottom + 34, x_title, "m"))
    return _document(width, bottom + 50, title, parts)


def _curve(curve: Curve, left: float, span: float, top: int, bottom: int) -> Iterable[str]:
    most_x = max(x for x, _ in curve.points)
    most_y = max(y for _, y in curve.points) or 1.0
    places = [
        (left + span * x / most_x, bottom - (bottom - top) * y / most_y) for x, y in curve.points
    ]
    yield _text(left, top - 22, curve.title, bold=True)
    yield _line(left, bottom, left + span, bottom)
    yield _line(left, top, left, bottom)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{_ACCENT}" stroke-width="2"/>'
    for (x, y), (value_x, value_y) in zip(places, curve.points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_ACCENT}"/>'
        yield _text(x - 6, y - 8, number(value_y), "e", halo=True)
        yield _text(x, bottom + 17, f"{value_x:,.0f}", "m")


def number(value: float) -> str:
    """Three digits are enough for a plot."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _text(
    x: float,
    y: float,
    text: str,
    anchor: str = "s",
    *,
    size: int = 12,
    bold: bool = False,
    color: str = _INK,
    halo: bool = False,
) -> str:
    anchors = {"s": "start", "m": "middle", "e": "end"}
    weight = ' font-weight="600"' if bold else ""
    behind = ' stroke="#fff" stroke-width="3" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchors[anchor]}" font-size="{size}"'
        f' fill="{color}"{weight}{behind}>{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{_FAINT}"/>'


def _document(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{body}\n</svg>\n"
    )
