"""Inventories as CSV, the way a spreadsheet saves them: a row for each host.

The header names the columns: ``name`` (or ``host``, ``inventory_hostname``) is the host, with
ranges and a port as in INI; ``groups`` the groups, separated by ``;`` or ``,``; every other column
is a variable of that name, with types as in INI. An empty cell says nothing. Cells are separated
by ``,`` or, as spreadsheets of many countries do it, by ``;`` or tabs.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.hostnames import expand, split_port
from runner.loading.inventory.assembly import Assembly
from runner.loading.inventory.literals import literal
from runner.loading.inventory.tree import UNGROUPED
from runner.loading.text.files import place
from runner.loading.text.problems import Problems
from runner.loading.text.words import suggestion
from runner.model.secret import MASK, SECRET_VARIABLES
from runner.model.source import Source

_NAMES: Final = ("name", "host", "inventory_hostname")
_GROUPS: Final = "groups"
_BETWEEN_GROUPS: Final = re.compile("[;,]")
_DELIMITERS: Final = (",", ";", "\t")
_SECRET: Final = re.compile(r"pass|secret|token", re.IGNORECASE)
_MOST_PROBLEMS: Final = 20


def read_csv(text: str, file: str, assembly: Assembly) -> None:
    """Add what a CSV inventory says.

    Raises InventoryError with the line, or InputErrors for mistakes in several lines.
    """
    problems = Problems()
    table = _Table(file, text)
    rows = table.rows()
    header = next(rows, None)
    if header is None:
        hint = "the first line names the columns: name,groups,ansible_host"
        raise InventoryError(f"{file} is empty", hint=hint)
    columns = _Columns(table, header)
    seen: dict[str, int] = {}
    with problems.collect():
        for row in rows:
            with problems.collect():
                _add(row, columns, table, assembly, seen)
            if len(problems.errors) > _MOST_PROBLEMS:
                break
    problems.raise_if_any()


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row, and the line in which it begins."""

    number: int
    cells: Sequence[str]


class _Table:
    """A CSV text, row by row."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self._text = text
        self._first = 0
        self.secrets_from: int | None = None
        if self.lines and self.lines[0].lower().startswith("sep="):
            # What Excel writes for itself: the delimiter, in a line before the header.
            self.delimiter = self.lines[0][4:5] or ","
            self._text = text.partition("\n")[2]
            self._first = 1
        else:
            head = self.lines[0] if self.lines else ""
            self.delimiter = max(_DELIMITERS, key=head.count)

    def rows(self) -> Iterator[_Row]:
        """The rows that say something. Raises InventoryError for what is no CSV."""
        source = io.StringIO(self._text, newline="")
        reader = csv.reader(source, delimiter=self.delimiter, strict=True)
        begin = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                hint = 'a quote inside a quoted cell is written twice: "a ""b"" c"'
                raise self.error(f"not CSV: {error}", begin, hint=hint) from None
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield _Row(begin, [cell.strip() for cell in cells])
            begin = reader.line_num

    def source(self, row: int, column: int = 0) -> Source:
        """The place of a cell; the beginning of the line where quotes hide it.

        Everything from the first column of secrets on is masked: cells may have slipped.
        """
        index = row + self._first
        line = self.lines[index] if index < len(self.lines) else ""
        secret = self.secrets_from if row else None
        if '"' in line:
            return place(self.file, index + 1, 1, line if secret is None else MASK)
        cells = line.split(self.delimiter)
        shown = [cell if secret is None or i < secret else MASK for i, cell in enumerate(cells)]
        offset = sum(len(cell) + 1 for cell in shown[:column])
        offset += sum(1 for _ in itertools.takewhile(" ".__eq__, "".join(shown[column:])))
        return place(self.file, index + 1, offset + 1, self.delimiter.join(shown))

    def error(self, message: str, row: int, column: int = 0, hint: str = "") -> InventoryError:
        """An error that points at a cell."""
        return InventoryError(message, source=self.source(row, column), hint=hint)


class _Columns:
    """What the columns mean. Raises InventoryError for a header that cannot be understood."""

    def __init__(self, table: _Table, header: _Row) -> None:
        self.names = tuple(header.cells)
        while self.names and not self.names[-1]:
            self.names = self.names[:-1]
        hosts = [number for number, name in enumerate(self.names) if name in _NAMES]
        if not hosts:
            near = next((i for i, n in enumerate(self.names) if n and suggestion(n, _NAMES)), None)
            hint = "" if near is None else suggestion(self.names[near], _NAMES)
            message = f"no column names the host: it is called {', '.join(_NAMES)}"
            raise table.error(message, header.number, near or 0, hint)
        if len(hosts) > 1:
            one, other = (self.names[number] for number in hosts[:2])
            message = f"'{one}' and '{other}' both name the host"
            raise table.error(message, header.number, hosts[1])
        self.host = hosts[0]
        secret = (i for i, n in enumerate(self.names) if n in SECRET_VARIABLES or _SECRET.search(n))
        table.secrets_from = next(secret, None)
        for number, name in enumerate(self.names):
            if name in self.names[:number]:
                raise table.error(f"the column '{name}' stands twice", header.number, number)
            if not (name.isidentifier() and name.isascii()):
                shown = f"'{name}'" if name else f"number {number + 1} (it has no name)"
                hint = "letters, digits and '_', beginning with a letter: ansible_host"
                message = f"the column {shown} cannot be the name of a variable"
                raise table.error(message, header.number, number, hint)


def _add(
    row: _Row, columns: _Columns, table: _Table, assembly: Assembly, seen: dict[str, int]
) -> None:
    width = len(columns.names)
    if any(row.cells[width:]):
        hint = f"a cell with '{table.delimiter}' in it stands in double quotes"
        message = f"this row has {len(row.cells)} cells, and the header {width}"
        raise table.error(message, row.number, width, hint)
    cells = dict(zip(columns.names, row.cells, strict=False))
    name = cells.pop(columns.names[columns.host], "")
    if not name:
        raise table.error("this row has no name of a host", row.number, columns.host)
    groups = [part.strip() for part in _BETWEEN_GROUPS.split(cells.pop(_GROUPS, ""))]
    variables: dict[str, Any] = {key: literal(cell) for key, cell in cells.items() if cell}
    bare, port = split_port(name)
    try:
        names = expand(bare)
    except ValueError as error:
        raise table.error(str(error), row.number, columns.host) from None

    def where(variable: str) -> Source:
        found = variable in columns.names
        return table.source(row.number, columns.names.index(variable) if found else columns.host)

    for host in names:
        if host in seen:
            first = table.source(seen[host]).line
            hint = "put all its groups into one row, separated by ';'"
            message = f"'{host}' stands here a second time; the first is in line {first}"
            raise table.error(message, row.number, columns.host, hint)
        seen[host] = row.number
        for group in filter(None, groups):
            assembly.group(group)
            assembly.add_host(host, group, {}, where, port)
        assembly.add_host(host, None if any(groups) else UNGROUPED, variables, where, port)
