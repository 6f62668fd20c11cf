"""Where files of tasks and variables are looked for, in Ansible's order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from runner.loading.text.words import nearest
from runner.model.playbook import Role

_TASKS: Final = "tasks"
_VARS: Final = "vars"
_ALIKE: Final = 0.7
"""How much the name of a file must be like the one that is not there to be meant."""


def imported_tasks(
    name: str, chain: tuple[Path, ...], role: Role | None, root: Path, *, handlers: bool = False
) -> Iterator[Path]:
    """Where ``import_tasks`` looks: beside the files that led here, in the role, in the playbook's
    directory."""
    yield from _beside(name, chain, role)
    yield from _in_role(name, role, "handlers" if handlers else _TASKS)
    yield root / name


def included_tasks(
    name: str, chain: tuple[Path, ...], role: Role | None, root: Path, *, handlers: bool = False
) -> Iterator[Path]:
    """Where ``include_tasks`` looks: in a role first in its tasks, else like an import."""
    yield from _in_role(name, role, "handlers" if handlers else _TASKS)
    yield from _beside(name, chain, role)
    yield root / name


def variable_files(name: str, file: Path, role: Role | None, root: Path) -> Iterator[Path]:
    """Where ``include_vars`` looks: in the role and the roles that brought it in, beside the file
    that says so, in the playbook's directory; in each first below ``vars``."""
    roles = () if role is None else (role, *role.parents)
    for base in (*(Path(r.path) for r in roles), file.parent, root):
        yield base / _VARS / name
        yield base / name


def variable_folder(name: str, file: Path, role: Role | None) -> Path:
    """The directory that ``include_vars: {dir: name}`` means."""
    if role is None:
        return file.parent / name
    path = Path(role.path)
    return path / name if Path(name).parts[:1] == (_VARS,) else path / _VARS / name


def first_file(candidates: Iterable[Path]) -> Path | None:
    """The first of these that is a file."""
    return next((path for path in candidates if path.is_file()), None)


def looked_in(places: Iterable[Path]) -> str:
    """Where a file was looked for, and the one there whose name is most like it."""
    tried = list(places)
    folders = list(dict.fromkeys(path.parent for path in tried))
    near: str | None = None
    for path in tried:
        there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = near or nearest(path.name, there, cutoff=_ALIKE)
    hint = f"looked in {', '.join(str(folder) for folder in folders)}"
    return f"did you mean '{near}'? {hint}" if near else hint


def _beside(name: str, chain: tuple[Path, ...], role: Role | None) -> Iterator[Path]:
    """Beside each file of the chain, the nearest first; in a role only files of the role."""
    for path in reversed(chain):
        if role is None or path.resolve().is_relative_to(Path(role.path).resolve()):
            yield path.parent / name


def _in_role(name: str, role: Role | None, folder: str) -> Iterator[Path]:
    if role is not None:
        yield Path(role.path) / folder / name
        if folder != _TASKS:
            yield Path(role.path) / _TASKS / name
        yield Path(role.path) / name
