"""The table of a report that a playbook fills: one line a host, by the fact ``compliance``.

Whatever task sets the fact to a mapping gives its host a line; the last one counts. The columns are
the names in the mappings, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.reporting.bounds import bounded_text
from runner.reporting.collect import Entry
from runner.reporting.text import one_line

FACT: Final = "compliance"
_LONGEST: Final = 200
_GOOD: Final = frozenset({"yes", "true", "safe", "compliant"})
_BAD: Final = frozenset({"no", "false", "unsafe", "not compliant"})


@dataclass(frozen=True, slots=True)
class Table:
    """``rows``: a host, its cells, and whether the first one says that all is well (None: neither).

    ``unseen`` are hosts of the same run of which nothing is known.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], bool | None], ...]
    unseen: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How many of whom the first column speaks well."""
        judged = [good for _, _, good in self.rows if good is not None]
        if not judged:
            return ""
        said = [f"{self.columns[0]}: {sum(judged)} of {len(self.rows) + len(self.unseen)} hosts"]
        if bad := len(judged) - sum(judged):
            said.append(f"{bad} not")
        if self.unseen:
            said.append(f"{len(self.unseen)} not seen")
        return ", ".join(said)


def table_of(entries: Iterable[Entry]) -> Table | None:
    """The table; None when no task of the run filled it."""
    lines: dict[str, Mapping[str, Any]] = {}
    asked: dict[str, None] = {}
    steps: set[str] = set()
    every = list(entries)
    for entry in every:
        found = _line(entry.outcome.result)
        if found is not None:
            lines[entry.job.host] = found
            steps.add(entry.job.step)
    if not lines:
        return None
    for entry in every:
        if entry.job.step in steps:
            asked[entry.job.host] = None
    columns = tuple(dict.fromkeys(name for line in lines.values() for name in line))
    rows = tuple((host, *_cells(line, columns)) for host, line in lines.items())
    # Who is not as wanted comes first; otherwise the order of the hosts stays.
    ordered = sorted(rows, key=lambda row: row[2] is not False)
    unseen = tuple(host for host in asked if host not in lines)
    return Table(tuple(map(one_line, columns)), tuple(ordered), unseen)


def _line(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    facts = result.get("ansible_facts")
    found = facts.get(FACT) if isinstance(facts, Mapping) else None
    if not isinstance(found, Mapping) or not found:
        return None
    return {str(name): value for name, value in found.items()}


def _cells(
    line: Mapping[str, Any], columns: tuple[str, ...]
) -> tuple[tuple[str, ...], bool | None]:
    cells = tuple(
        bounded_text(one_line(str(line[name])), _LONGEST) if name in line else ""
        for name in columns
    )
    said = cells[0].casefold()
    return cells, True if said in _GOOD else False if said in _BAD else None
