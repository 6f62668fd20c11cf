"""Several mistakes in one go: reading notes what is wrong and goes on with the next thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runner.errors import InputError, InputErrors, PlaybookError
from runner.loading.text.document import Value
from runner.model.source import Source

MOST: Final = 20
"""Mistakes shown at once: whoever has more has made one mistake many times."""
_NAMES: Final = ("id", "name", "listen")
_UNSURE: Final = ("block", "import_tasks", "import_role", "include_role", "import_playbook")


class Problems:
    """The mistakes found so far.

    A task that could not be read takes its names with it: what refers to them is not wrong
    because of that. ``may_be_lost`` says so, for those who check references. ``limit`` is how
    many mistakes ``raise_if_any`` shows; None shows all.
    """

    def __init__(self, limit: int | None = MOST) -> None:
        self.errors: list[InputError] = []
        self._limit = limit
        self._noted: set[tuple[str, Source | None]] = set()
        self._lost: set[str] = set()
        self._anything_lost = False

    def __bool__(self) -> bool:
        return bool(self.errors)

    @contextmanager
    def collect(self, value: Value | None = None) -> Iterator[None]:
        """Note an InputError that is raised inside, and go on after it.

        ``value`` is the task (or play) that is being read inside: the names that it gives to
        others are remembered. Without it, any name may be missing from then on.
        """
        try:
            yield
        except InputError as error:
            self.note(error)
            self._lose(value)

    def note(self, error: InputError) -> None:
        """Note a mistake; the same at the same place only once."""
        for one in error.errors if isinstance(error, InputErrors) else (error,):
            if (one.message, one.source) not in self._noted:
                self._noted.add((one.message, one.source))
                self.errors.append(one)

    def may_be_lost(self, name: str) -> bool:
        """Whether something of this name (or id) may be in what could not be read."""
        return self._anything_lost or name in self._lost

    def lose_anything(self) -> None:
        """From now on any name may be in what could not be read (a file, a role)."""
        self._anything_lost = True

    def in_order(self) -> list[InputError]:
        """All of them, file by file, each file from its beginning to its end."""
        files: dict[str, int] = {}
        for error in self.errors:
            files.setdefault(error.source.file if error.source else "", len(files))

        def place(error: InputError) -> tuple[int, int, int]:
            source = error.source
            return (files[source.file], source.line, source.column) if source else (files[""], 0, 0)

        return sorted(self.errors, key=place)

    def raise_if_any(self) -> None:
        """Raise the one mistake itself, or InputErrors for several."""
        if not self.errors:
            return
        if len(self.errors) == 1:
            raise self.errors[0]
        ordered = self.in_order()
        limit = len(ordered) if self._limit is None else self._limit
        rest = len(ordered) - limit
        if rest > 0:
            message = f"{rest} more mistakes are not shown"
            last = PlaybookError(message, source=ordered[limit].source)
            ordered = [*ordered[:limit], last]
        raise InputErrors(ordered)

    def _lose(self, value: Value | None) -> None:
        if value is None or not value.is_mapping:
            self._anything_lost = True
            return
        try:
            entries = {key.plain(): item for key, item in value.entries() if key.is_scalar}
        except InputError:
            self._anything_lost = True
            return
        words = {str(key).rpartition(".")[2] for key in entries}
        if not words.isdisjoint(_UNSURE):
            self._anything_lost = True
        for name in _NAMES:
            if name in entries:
                for scalar in _scalars(entries[name]):
                    self._lost.add(scalar)


def _scalars(value: Value) -> Iterator[str]:
    try:
        for scalar in value.scalars():
            yield str(scalar.plain())
    except InputError:
        return
