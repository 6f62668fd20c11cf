"""Changes that differ in nothing but their values, so that a fleet's page stays short.

Each host has an id of its own for its shadow copy: two hundred hosts would be two hundred changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Shown = Mapping[str, Any]
_FEW: Final = 3
"""So many of one shape are shown with all their values."""


def folded(groups: Iterable[tuple[Sequence[str], Shown]]) -> list[tuple[list[str], dict[str, Any]]]:
    """Groups of hosts and what is shown of their change, the largest first.

    What looks the same is one group; where more than a few have the same shape they are one, too,
    with the values of the first host, which ``alike`` names.
    """
    same = _merged(groups, lambda shown: json.dumps(shown, default=str))
    found: dict[str, list[tuple[list[str], dict[str, Any]]]] = {}
    for hosts, shown in same:
        found.setdefault(_shape(shown), []).append((hosts, shown))
    kept: list[tuple[list[str], dict[str, Any]]] = []
    for alike in found.values():
        if len(alike) <= _FEW:
            kept += alike
            continue
        hosts = [host for names, _ in alike for host in names]
        kept.append((hosts, {**alike[0][1], "alike": hosts[0]}))
    return sorted(kept, key=lambda group: -len(group[0]))


def _merged(
    groups: Iterable[tuple[Sequence[str], Shown]], key: Any
) -> list[tuple[list[str], dict[str, Any]]]:
    found: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for hosts, shown in groups:
        found.setdefault(key(shown), ([], dict(shown)))[0].extend(hosts)
    return list(found.values())


def _shape(shown: Shown) -> str:
    """What a change looks like without its values."""
    fields = [(field["of"], field["name"], "lines" in field) for field in shown["fields"]]
    return json.dumps([shown["class"], shown["subject"], fields, shown["more"]])
