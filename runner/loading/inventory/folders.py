"""``group_vars`` and ``host_vars``: variables in files that are named after groups and hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.text.document import load_document
from runner.loading.text.files import Files
from runner.loading.text.problems import Problems
from runner.loading.variables import read_variable_file
from runner.model.inventory import Layer

EXTENSIONS: Final = (".yml", ".yaml", ".json")


@dataclass(frozen=True, slots=True)
class FolderVars:
    """What ``group_vars`` and ``host_vars`` of one folder say, and in which files."""

    files: Files
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    group_files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    host_files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    def trace_group(self, name: str, variable: str) -> Iterator[Layer]:
        """The values that the files of a group give to a variable, the weakest first."""
        yield from self._trace(self.group_files.get(name, ()), f"group '{name}'", variable)

    def trace_host(self, name: str, variable: str) -> Iterator[Layer]:
        """The same for the files of a host."""
        yield from self._trace(self.host_files.get(name, ()), f"host '{name}'", variable)

    def _trace(self, paths: Iterable[Path], label: str, variable: str) -> Iterator[Layer]:
        for path in paths:
            values = read_variable_file(path, self.files)
            root = load_document(path, self.files).root
            if variable not in values or root is None:
                continue
            place = next(key.source for key, _ in root.entries() if key.plain() == variable)
            yield Layer(f"variable file, {label}", values[variable], place)


def read_folder(
    folder: Path,
    files: Files,
    groups: Iterable[str],
    hosts: Iterable[str],
    problems: Problems,
) -> FolderVars:
    """The variables of these groups and hosts. Mistakes go to ``problems``."""
    group_files = _find(folder / "group_vars", groups, problems)
    host_files = _find(folder / "host_vars", hosts, problems)
    return FolderVars(
        files,
        {name: _read(paths, files, problems) for name, paths in group_files.items()},
        {name: _read(paths, files, problems) for name, paths in host_files.items()},
        group_files,
        host_files,
    )


def _find(folder: Path, names: Iterable[str], problems: Problems) -> dict[str, tuple[Path, ...]]:
    """The files that are named after somebody; a folder of that name stands for all in it."""
    if not folder.is_dir():
        return {}
    there = {entry.name for entry in folder.iterdir()}
    found: dict[str, tuple[Path, ...]] = {}
    for name in names:
        named = [n for n in (name, *(name + end for end in EXTENSIONS)) if n in there]
        if len(named) > 1:
            message = f"variables of '{name}' stand in {folder / named[0]} and in {named[1]}"
            hint = "Ansible would read only the first of them: keep one"
            problems.note(InventoryError(message, hint=hint))
        if named:
            path = folder / named[0]
            found[name] = tuple(_inside(path)) if path.is_dir() else (path,)
    return found


def _inside(folder: Path) -> Iterator[Path]:
    """The files of a folder at every depth, by name; other extensions are left alone."""
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if entry.name.startswith(".") or entry.name.endswith("~"):
            continue
        if entry.is_dir():
            if not entry.suffix:
                yield from _inside(entry)
        elif not entry.suffix or entry.suffix in EXTENSIONS:
            yield entry


def _read(paths: Iterable[Path], files: Files, problems: Problems) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in paths:
        with problems.collect():
            merged.update(read_variable_file(path, files))
    return merged
